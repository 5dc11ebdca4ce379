"""Presales for the front. What they sell is ordered through checkout."""

from datetime import datetime

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from members.identity.api import PublicAPIView, SignedInMember
from promotions.campaigns.audience import Buyer
from promotions.campaigns.queries import buyer_for
from promotions.presale.queries import open_presale, open_presales
from promotions.presale.serializers import PresaleOut, PresalePageOut, present_presales
from shop.core import clock
from shop.core.api.pagination import PageQuery, page_together
from shop.core.api.serializers import ErrorOut
from shop.core.channels import channel_of


class PresalesView(PublicAPIView):
    @extend_schema(
        operation_id="presales_list",
        parameters=[PageQuery],
        responses={200: PresalePageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: Request) -> Response:
        """Those that I can order from now, the newest first."""
        now, member_id = clock.now(), _member_id(request)
        found = open_presales(buyer=_buyer(request, member_id, now), now=now)
        return Response(
            page_together(
                found,
                request,
                ordering=["-id"],
                present=lambda rows: present_presales(rows, member_id=member_id, now=now),
            )
        )


class PresaleView(PublicAPIView):
    @extend_schema(operation_id="presales_read", responses={200: PresaleOut, 401: ErrorOut, 404: ErrorOut})
    def get(self, request: Request, presale_id: int) -> Response:
        now, member_id = clock.now(), _member_id(request)
        presale = open_presale(presale_id=presale_id, buyer=_buyer(request, member_id, now), now=now)
        return Response(present_presales([presale], member_id=member_id, now=now)[0])


def _member_id(request: Request) -> int | None:
    return request.user.pk if isinstance(request.user, SignedInMember) else None


def _buyer(request: Request, member_id: int | None, now: datetime) -> Buyer:
    """Whoever is not signed in might become a new member."""
    channel = channel_of(request)
    if member_id is None:
        return Buyer(None, None, is_new=True, channel=channel)
    return buyer_for(member_id=member_id, channel=channel, now=now)
