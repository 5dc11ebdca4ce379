"""The points guide for fronts."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from members.identity.api import PublicAPIView
from points.rules.queries import guide
from points.rules.serializers import GuideOut
from shop.core import clock
from shop.core.api.serializers import ErrorOut


class GuideView(PublicAPIView):
    @extend_schema(operation_id="points_guide", responses={200: GuideOut, 401: ErrorOut})
    def get(self, request: Request) -> Response:
        """How points are earned and what they are worth, out of the rules that are live."""
        return Response(GuideOut(guide(now=clock.now())).data)
