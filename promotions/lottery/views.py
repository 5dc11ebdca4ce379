"""Lotteries for the front: odds, draws, and what one has won."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest, PublicAPIView, SignedInMember
from promotions.campaigns.audience import Buyer
from promotions.campaigns.queries import buyer_for
from promotions.lottery.errors import LotteryNotFound
from promotions.lottery.queries import (
    open_lotteries,
    prizes_of,
    published_odds,
    shown_lottery,
    standing_of,
    winners_of,
    wins_of,
)
from promotions.lottery.serializers import (
    CodeOut,
    DrawIn,
    DrawOut,
    LotteryDetailOut,
    LotteryPageOut,
    MyPrizePageOut,
    present_detail,
    present_draw,
    present_lottery,
    present_win,
)
from promotions.lottery.services import draw, reveal_code
from shop.core import clock
from shop.core.api.idempotency import idempotent
from shop.core.api.pagination import PageQuery, page
from shop.core.api.serializers import ErrorOut, NoFields, validated
from shop.core.channels import channel_of

IDEMPOTENCY_KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=True)


class LotteriesView(PublicAPIView):
    @extend_schema(
        operation_id="lotteries_list",
        parameters=[PageQuery],
        responses={200: LotteryPageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: Request) -> Response:
        """Those that are open to me, the newest first; those that have not begun yet among them."""
        now, channel = clock.now(), channel_of(request)
        buyer = Buyer(None, None, is_new=True, channel=channel)
        if isinstance(request.user, SignedInMember):
            buyer = buyer_for(member_id=request.user.pk, channel=channel, now=now)
        found = open_lotteries(buyer=buyer, now=now)
        return Response(
            page(found, request, ordering=["-id"], present=lambda lottery: present_lottery(lottery, now=now))
        )


class LotteryView(PublicAPIView):
    @extend_schema(operation_id="lotteries_retrieve", responses={200: LotteryDetailOut, 401: ErrorOut, 404: ErrorOut})
    def get(self, request: Request, lottery_id: int) -> Response:
        """Prizes with their odds, the words that were published with their hash, my chances, and winners."""
        now = clock.now()
        lottery = shown_lottery(pk=lottery_id)
        odds = published_odds(lottery)
        if odds is None:
            raise LotteryNotFound
        member_id = request.user.pk if isinstance(request.user, SignedInMember) else None
        return Response(
            present_detail(
                lottery,
                prizes=prizes_of(lottery),
                odds=odds,
                standing=standing_of(lottery, member_id=member_id, now=now) if member_id is not None else None,
                winners=winners_of(lottery),
                now=now,
            )
        )


class DrawsView(MemberAPIView):
    @extend_schema(
        operation_id="lotteries_draw",
        parameters=[IDEMPOTENCY_KEY],
        request=DrawIn,
        responses={201: DrawOut, **dict.fromkeys((400, 401, 403, 404, 409, 422), ErrorOut)},
    )
    @idempotent
    def post(self, request: MemberRequest, lottery_id: int) -> Response:
        """Draw once.

        Refusals: `lottery_no_chances`, `lottery_not_for_points`, `lottery_draws_used`, `lottery_draws_used_today`,
        `points_insufficient`.
        """
        now, member_id = clock.now(), request.member.pk
        asked = validated(DrawIn, request)
        made = draw(
            lottery_id=lottery_id,
            member_id=member_id,
            channel=channel_of(request),
            pay_with=asked.get("pay_with"),
            now=now,
        )
        return Response(
            present_draw(made, standing=standing_of(made.lottery, member_id=member_id, now=now)), status=201
        )


class MyPrizesView(MemberAPIView):
    @extend_schema(
        operation_id="me_prizes_list",
        parameters=[PageQuery],
        responses={200: MyPrizePageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: MemberRequest) -> Response:
        """What I have won, the latest first. Goods are ordered with the activity `{kind: "prize", draw_id}`."""
        now = clock.now()
        wins = wins_of(member_id=request.member.pk)
        return Response(page(wins, request, ordering=["-draw_id"], present=lambda win: present_win(win, now=now)))


class RevealView(MemberAPIView):
    @extend_schema(
        operation_id="me_prizes_reveal",
        request=None,
        responses={200: CodeOut, **dict.fromkeys((400, 401, 404, 409), ErrorOut)},
    )
    def post(self, request: MemberRequest, draw_id: int) -> Response:
        """The code that I have won, as often as I like; when it was first seen is kept."""
        validated(NoFields, request)
        code = reveal_code(draw_id=draw_id, member_id=request.member.pk, now=clock.now())
        return Response({"code": code}, headers={"Cache-Control": "no-store"})
