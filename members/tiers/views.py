"""Tiers for the front."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest, PublicAPIView
from members.tiers.queries import ladder, my_tier
from members.tiers.serializers import MyTierOut, TiersOut
from shop.core import clock
from shop.core.api.serializers import ErrorOut


class TierListView(PublicAPIView):
    @extend_schema(operation_id="tiers_list", responses={200: TiersOut, 401: ErrorOut})
    def get(self, request: Request) -> Response:
        """All tiers from below, what each asks for and what it gives."""
        return Response({"items": ladder()})


class MyTierView(MemberAPIView):
    @extend_schema(responses={200: MyTierOut, 401: ErrorOut})
    def get(self, request: MemberRequest) -> Response:
        """My tier, what it gives, and what I need for the next one and for keeping it."""
        return Response(my_tier(member_id=request.member.pk, now=clock.now()))
