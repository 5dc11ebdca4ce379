"""Group buys and teams for the front. A team is opened and joined by placing an order."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from members.identity.api import PublicAPIView, SignedInMember
from promotions.campaigns.audience import Buyer
from promotions.campaigns.queries import buyer_for
from promotions.group_buy import queries
from promotions.group_buy.serializers import (
    GroupBuyOut,
    GroupBuyPageOut,
    TeamOut,
    TeamPageOut,
    present_group_buy,
    present_team,
)
from shop.core import clock
from shop.core.api.pagination import PageQuery, page
from shop.core.api.serializers import ErrorOut
from shop.core.channels import channel_of

NOT_FOUND = {401: ErrorOut, 404: ErrorOut}


class GroupBuysView(PublicAPIView):
    @extend_schema(
        operation_id="group_buys_list",
        parameters=[PageQuery],
        responses={200: GroupBuyPageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: Request) -> Response:
        """Those that run and are open to me, the newest first."""
        now = clock.now()
        rows = queries.group_buys(buyer=_buyer(request), now=now)
        return Response(page(rows, request, ordering=["-id"], present=lambda row: present_group_buy(row, now=now)))


class GroupBuyView(PublicAPIView):
    @extend_schema(operation_id="group_buys_read", responses={200: GroupBuyOut, **NOT_FOUND})
    def get(self, request: Request, group_buy_id: int) -> Response:
        now = clock.now()
        found = queries.group_buy_for(pk=group_buy_id, buyer=_buyer(request), now=now)
        return Response(present_group_buy(found, now=now))


class OpenTeamsView(PublicAPIView):
    @extend_schema(
        operation_id="group_buys_teams",
        parameters=[PageQuery],
        responses={200: TeamPageOut, 400: ErrorOut, **NOT_FOUND},
    )
    def get(self, request: Request, group_buy_id: int) -> Response:
        """Teams that wait for members and have a seat left; those that end first come first."""
        now, member_id = clock.now(), _member_id(request)
        group_buy = queries.group_buy_for(pk=group_buy_id, buyer=_buyer(request), now=now)
        rows = queries.open_teams(group_buy_id=group_buy.pk, now=now)
        return Response(
            page(
                rows,
                request,
                ordering=["due_at", "id"],
                present=lambda team: present_team(team, member_id=member_id, now=now),
            )
        )


class TeamView(PublicAPIView):
    @extend_schema(operation_id="teams_read", responses={200: TeamOut, **NOT_FOUND})
    def get(self, request: Request, team_id: int) -> Response:
        """A team however it stands: who has its link may see it."""
        now = clock.now()
        team = queries.team_of(pk=team_id, now=now)
        return Response(present_team(team, member_id=_member_id(request), now=now))


def _member_id(request: Request) -> int | None:
    return request.user.pk if isinstance(request.user, SignedInMember) else None


def _buyer(request: Request) -> Buyer:
    member_id, channel = _member_id(request), channel_of(request)
    if member_id is None:
        return Buyer(None, None, is_new=True, channel=channel)
    return buyer_for(member_id=member_id, channel=channel, now=clock.now())
