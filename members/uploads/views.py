"""Sending pictures."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest
from members.uploads.errors import ImageExpected
from members.uploads.parsers import PictureParser
from members.uploads.preferences import PER_HOUR
from members.uploads.serializers import UPLOAD_REQUEST, UploadOut, present
from members.uploads.services import keep_upload
from shop.core import clock
from shop.core.api.serializers import ErrorOut
from shop.core.rate_limits import limit


class UploadView(MemberAPIView):
    parser_classes = [PictureParser]

    @extend_schema(
        request=UPLOAD_REQUEST,
        responses={
            201: UploadOut,
            400: ErrorOut,
            401: ErrorOut,
            403: ErrorOut,
            409: ErrorOut,
            413: ErrorOut,
            415: ErrorOut,
            429: ErrorOut,
        },
    )
    def post(self, request: MemberRequest) -> Response:
        """Send a picture (JPEG, PNG or WebP) to use it within a day, in a review or an after-sale.

        It is encoded anew: what the camera wrote beside the picture, such as its place, is gone.
        """
        limit(key=f"uploads:{request.member.pk}", rate=PER_HOUR.value(), per_seconds=3_600)
        file: Any = request.data
        if not file:
            raise ImageExpected
        upload = keep_upload(member_id=request.member.pk, file=file, now=clock.now())
        return Response(present(upload), status=201)
