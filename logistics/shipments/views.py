"""Where couriers report: the body is trusted only by its signature."""

from datetime import timedelta
from typing import Any

import msgspec
from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from logistics.shipments.errors import ForgedCallback
from logistics.shipments.gateway import Push
from logistics.shipments.services import record_tracking
from logistics.shipments.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, is_genuine
from shop.core import clock
from shop.core.api.serializers import ErrorOut
from shop.core.errors import InvalidInput

PLAUSIBLE = timedelta(days=366)


class CourierPushIn(serializers.Serializer[Any]):
    tracking_number = serializers.CharField()
    event_id = serializers.CharField()
    sequence = serializers.IntegerField()
    state = serializers.CharField()
    at = serializers.DateTimeField()
    description = serializers.CharField(required=False)
    location = serializers.CharField(required=False)


class CourierNotifyView(APIView):
    @extend_schema(
        operation_id="couriers_notify",
        request=CourierPushIn,
        parameters=[
            OpenApiParameter(TIMESTAMP_HEADER, str, OpenApiParameter.HEADER, description="Unix seconds, ±5 minutes"),
            OpenApiParameter(SIGNATURE_HEADER, str, OpenApiParameter.HEADER, description="HMAC-SHA256, hexadecimal"),
        ],
        responses={204: None, 400: ErrorOut, 401: ErrorOut, 404: ErrorOut, 413: ErrorOut},
    )
    def post(self, request: Request) -> Response:
        """A courier reports what happened to a parcel; repeated and late reports are harmless."""
        body, now = request.body, clock.now()
        genuine = is_genuine(
            key=settings.COURIER_KEY,
            timestamp=request.headers.get(TIMESTAMP_HEADER, ""),
            signature=request.headers.get(SIGNATURE_HEADER, ""),
            body=body,
            now=now,
        )
        if not genuine:
            raise ForgedCallback
        try:
            push = msgspec.json.decode(body, type=Push)
        except msgspec.DecodeError as error:
            raise InvalidInput from error
        if abs(push.at - now) > PLAUSIBLE:
            raise InvalidInput
        record_tracking(tracking_number=push.tracking_number, events=[push], now=now)
        return Response(status=204)
