"""Members who sell: joining, their customers, what they have earned and are paid."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members.identity.api import MemberAPIView, MemberRequest
from members.identity.queries import active_member
from members.invitations.codes import invite_picture
from members.invitations.serializers import ShareCardQuery
from members.invitations.targets import find_target
from members.invitations.views import CARDS_PER_MINUTE
from promotions.distribution import queries
from promotions.distribution.errors import PayoutMethodUnavailable
from promotions.distribution.payouts import payout_gateway
from promotions.distribution.ranking import board_of, leaderboard_of, running_boards
from promotions.distribution.serializers import (
    CommissionEntryPageOut,
    CommissionPageOut,
    CustomerPageOut,
    JoinIn,
    LeaderboardOut,
    LeaderboardQuery,
    PayoutNotificationIn,
    SummaryOut,
    VisitIn,
    VisitOut,
    WithdrawalIn,
    WithdrawalOut,
    WithdrawalPageOut,
    present_boards,
    present_commission,
    present_customer,
    present_summary,
    present_withdrawal,
)
from promotions.distribution.services.binding import record_visit
from promotions.distribution.services.joining import join
from promotions.distribution.services.paying_out import record_payout
from promotions.distribution.services.withdrawing import ask_for_withdrawal, cancel_withdrawal
from shop.core import clock
from shop.core.api.idempotency import idempotent
from shop.core.api.pagination import PageQuery, page
from shop.core.api.serializers import ErrorOut, NoFields, validated, validated_query
from shop.core.rate_limits import limit

VISITS_PER_MINUTE = 30
PAGES = {400: ErrorOut, 401: ErrorOut, 403: ErrorOut}
CHANGES = {**PAGES, 409: ErrorOut, 422: ErrorOut}


class SummaryView(MemberAPIView):
    @extend_schema(operation_id="distribution_read", responses={200: SummaryOut, 401: ErrorOut, 403: ErrorOut})
    def get(self, request: MemberRequest) -> Response:
        """Where I stand; `distributor` is null for who has not joined or applied."""
        member = active_member(member_id=request.member.pk)
        return Response(present_summary(queries.summary_of(member_id=member.pk, now=clock.now())))


class JoinView(MemberAPIView):
    @extend_schema(
        operation_id="distribution_join",
        request=JoinIn,
        responses={201: SummaryOut, 400: ErrorOut, 401: ErrorOut, 403: ErrorOut, 409: ErrorOut},
    )
    def post(self, request: MemberRequest) -> Response:
        """Join, or apply where staff decide.

        Refusals: `distribution_closed`, `distribution_joined_already`, `distribution_spend_more` with `missing_fen`.
        """
        now, member_id = clock.now(), request.member.pk
        join(member_id=member_id, now=now, **validated(JoinIn, request))
        return Response(present_summary(queries.summary_of(member_id=member_id, now=now)), status=201)


class VisitView(MemberAPIView):
    @extend_schema(
        operation_id="distribution_visit",
        request=VisitIn,
        responses={200: VisitOut, 400: ErrorOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 429: ErrorOut},
    )
    def post(self, request: MemberRequest) -> Response:
        """I came by somebody's link or code. Sent again it changes nothing."""
        member = active_member(member_id=request.member.pk)
        asked = validated(VisitIn, request)
        limit(key=f"distribution-visit:{member.pk}", rate=VISITS_PER_MINUTE, per_seconds=60)
        return Response({"bound": record_visit(member_id=member.pk, now=clock.now(), **asked)})


class CommissionListView(MemberAPIView):
    @extend_schema(
        operation_id="distribution_commissions_list",
        parameters=[PageQuery],
        responses={200: CommissionPageOut, **PAGES},
    )
    def get(self, request: MemberRequest) -> Response:
        """What each line of my orders is worth, the newest first."""
        seller = queries.distributor_of(member_id=request.member.pk)
        rows = queries.commissions_of(distributor=seller)
        return Response(page(rows, request, ordering=["-id"], present=present_commission))


class EntryListView(MemberAPIView):
    @extend_schema(
        operation_id="distribution_entries_list",
        parameters=[PageQuery],
        responses={200: CommissionEntryPageOut, **PAGES},
    )
    def get(self, request: MemberRequest) -> Response:
        """My statement: every move of my commission, the newest first."""
        seller = queries.distributor_of(member_id=request.member.pk)
        return Response(page(queries.entries_of(distributor=seller), request, ordering=["-id"], present=dict))


class CustomerListView(MemberAPIView):
    @extend_schema(
        operation_id="distribution_customers_list", parameters=[PageQuery], responses={200: CustomerPageOut, **PAGES}
    )
    def get(self, request: MemberRequest) -> Response:
        """Who is my customer now, the newest first."""
        seller = queries.distributor_of(member_id=request.member.pk)
        rows = queries.listed_customers(distributor=seller, now=clock.now())
        return Response(page(rows, request, ordering=["-id"], present=present_customer))


class WithdrawalListView(MemberAPIView):
    @extend_schema(
        operation_id="distribution_withdrawals_list",
        parameters=[PageQuery],
        responses={200: WithdrawalPageOut, **PAGES},
    )
    def get(self, request: MemberRequest) -> Response:
        """What I have asked for, the newest first."""
        seller = queries.distributor_of(member_id=request.member.pk)
        rows = queries.withdrawals_of(distributor=seller)
        return Response(page(rows, request, ordering=["-id"], present=present_withdrawal))

    @extend_schema(
        operation_id="distribution_withdrawals_create",
        request=WithdrawalIn,
        responses={201: WithdrawalOut, **CHANGES},
    )
    @idempotent
    def post(self, request: MemberRequest) -> Response:
        """Ask for commission; it is reserved at once.

        Refusals: `withdraw_more_than_there`, `withdrawal_too_small`, `withdrawal_too_large`,
        `payout_method_unavailable`, each with what would do.
        """
        asked = validated(WithdrawalIn, request)
        made = ask_for_withdrawal(member_id=request.member.pk, now=clock.now(), **asked)
        return Response(present_withdrawal(made), status=201)


class WithdrawalView(MemberAPIView):
    @extend_schema(
        operation_id="distribution_withdrawals_read",
        responses={200: WithdrawalOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut},
    )
    def get(self, request: MemberRequest, number: str) -> Response:
        """With what the front needs to have it accepted in WeChat, while it waits for that."""
        member = active_member(member_id=request.member.pk)
        return Response(present_withdrawal(queries.withdrawal_of(member_id=member.pk, number=number)))


class WithdrawalCancelView(MemberAPIView):
    @extend_schema(
        operation_id="distribution_withdrawals_cancel",
        request=NoFields,
        responses={200: WithdrawalOut, **CHANGES, 404: ErrorOut},
    )
    @idempotent
    def post(self, request: MemberRequest, number: str) -> Response:
        """Think better of it: at once before it is approved; by way of WeChat while it waits there, or was refused."""
        validated(NoFields, request)
        row = cancel_withdrawal(member_id=request.member.pk, number=number, now=clock.now())
        return Response(present_withdrawal(row))


class PayoutNotifyView(APIView):
    """For the payment service only: 204 once the message has taken effect or had done so before."""

    authentication_classes = ()

    @extend_schema(
        operation_id="distribution_payout_notify",
        summary="WeChat Pay: how a transfer has ended",
        request=PayoutNotificationIn,
        responses={204: None, 401: ErrorOut, 404: ErrorOut, 409: ErrorOut, 413: ErrorOut, 503: ErrorOut},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        gateway = payout_gateway()
        if gateway is None:
            raise PayoutMethodUnavailable
        now = clock.now()
        record_payout(told=gateway.parse_notification(headers=request.headers, body=request.body, now=now), now=now)
        return Response(status=204)


class LeaderboardView(MemberAPIView):
    @extend_schema(
        operation_id="distribution_leaderboard",
        parameters=[LeaderboardQuery],
        responses={200: LeaderboardOut, **PAGES, 404: ErrorOut},
    )
    def get(self, request: MemberRequest) -> Response:
        """Who has sold most in the present period, and where I stand; for distributors."""
        seller = queries.distributor_of(member_id=request.member.pk)
        asked = validated_query(LeaderboardQuery, request).get("board")
        boards = list(running_boards().order_by("pk"))
        board = board_of(boards, pk=asked)
        found = leaderboard_of(board=board, seller=seller, now=clock.now()) if board else None
        return Response(present_boards(boards, found, member_id=seller.member_id))


class CodeView(MemberAPIView):
    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        # A picture is answered whatever the client says it accepts; refusals are JSON as everywhere.
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type

    @extend_schema(
        operation_id="distribution_code",
        parameters=[ShareCardQuery],
        responses={
            (200, "image/png"): OpenApiTypes.BINARY,
            400: ErrorOut,
            401: ErrorOut,
            403: ErrorOut,
            404: ErrorOut,
            429: ErrorOut,
        },
    )
    def get(self, request: MemberRequest) -> Any:
        """My code of a product or campaign by itself, to be printed; the whole card is `me/share-card`."""
        seller = queries.selling_distributor(member_id=request.member.pk)
        target = find_target(validated_query(ShareCardQuery, request)["target"], now=clock.now())
        limit(key=f"share-card:{seller.member_id}", rate=CARDS_PER_MINUTE, per_seconds=60)
        picture, _final = invite_picture(invite_code=seller.member.invite_code, target=target.key)
        return HttpResponse(picture, content_type="image/png", headers={"Cache-Control": "private, max-age=300"})
