"""Bargains for the front: what there is, starting, showing an attempt to friends, and their help."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest, PublicAPIView, SignedInMember
from promotions.bargaining.queries import attempt_shown, attempts_of, bargains_for, offered_to, shown
from promotions.bargaining.serializers import (
    AttemptOut,
    AttemptPageOut,
    BargainPageOut,
    HelpedOut,
    present_attempt,
    present_bargain,
    present_help,
)
from promotions.bargaining.services.cutting import cut_price
from promotions.bargaining.services.starting import start_attempt
from promotions.campaigns.audience import Buyer
from promotions.campaigns.queries import buyer_for
from shop.core import clock
from shop.core.api.idempotency import idempotent
from shop.core.api.pagination import PageQuery, page_together
from shop.core.api.serializers import ErrorOut, NoFields, validated
from shop.core.channels import channel_of

IDEMPOTENCY_KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=True)
REFUSALS = dict.fromkeys((400, 401, 403, 404, 409, 422), ErrorOut)


class BargainsView(PublicAPIView):
    @extend_schema(
        operation_id="bargains_list",
        parameters=[PageQuery],
        responses={200: BargainPageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: Request) -> Response:
        """The bargains that I may start, those that began last first, with my latest attempt at each."""
        now, channel = clock.now(), channel_of(request)
        buyer = Buyer(None, None, is_new=True, channel=channel)
        if isinstance(request.user, SignedInMember):
            buyer = buyer_for(member_id=request.user.pk, channel=channel, now=now)
        found = page_together(
            bargains_for(buyer=buyer, now=now),
            request,
            ordering=["-starts_at", "-id"],
            present=lambda rows: [
                present_bargain(each, now=now) for each in offered_to(rows, member_id=buyer.member_id, now=now)
            ],
        )
        return Response(found)


class BargainAttemptsView(MemberAPIView):
    @extend_schema(
        operation_id="bargains_start",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={201: AttemptOut, **REFUSALS},
    )
    @idempotent
    def post(self, request: MemberRequest, bargain_id: int) -> Response:
        """Start an attempt, one at a time; its link is then sent to friends.

        Refusals: `bargain_under_way` (with `attempt_id` in `data`), `bargain_attempts_used`, `bargain_sold_out`,
        `bargain_price_fallen`.
        """
        validated(NoFields, request)
        now, member_id = clock.now(), request.member.pk
        attempt = start_attempt(bargain_id=bargain_id, member_id=member_id, channel=channel_of(request), now=now)
        found = attempt_shown(attempt_id=attempt.pk, now=now)
        return Response(present_attempt(found, viewer_id=member_id, now=now), status=201)


class AttemptView(MemberAPIView):
    @extend_schema(
        operation_id="bargain_attempts_show", responses={200: AttemptOut, **dict.fromkeys((401, 403, 404), ErrorOut)}
    )
    def get(self, request: MemberRequest, attempt_id: int) -> Response:
        """An attempt, mine or a friend's."""
        now = clock.now()
        found = attempt_shown(attempt_id=attempt_id, now=now)
        return Response(present_attempt(found, viewer_id=request.member.pk, now=now))


class AttemptCutsView(MemberAPIView):
    @extend_schema(
        operation_id="bargain_attempts_cut",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={201: HelpedOut, **REFUSALS},
    )
    @idempotent
    def post(self, request: MemberRequest, attempt_id: int) -> Response:
        """Help a friend, once for each attempt.

        Refusals: `bargain_own`, `bargain_helped_already`, `bargain_helps_used`, `bargain_helps_used_today`,
        `bargain_at_floor`, `bargain_expired`, `bargain_ordered`.
        """
        validated(NoFields, request)
        now = clock.now()
        cut = cut_price(attempt_id=attempt_id, helper_id=request.member.pk, now=now)
        return Response(present_help(cut, attempt_shown(attempt_id=attempt_id, now=now), now=now), status=201)


class MyAttemptsView(MemberAPIView):
    @extend_schema(
        operation_id="my_bargain_attempts",
        parameters=[PageQuery],
        responses={200: AttemptPageOut, **dict.fromkeys((400, 401, 403), ErrorOut)},
    )
    def get(self, request: MemberRequest) -> Response:
        """My attempts, the latest first."""
        now, member_id = clock.now(), request.member.pk
        found = page_together(
            attempts_of(member_id=member_id),
            request,
            ordering=["-id"],
            present=lambda rows: [present_attempt(each, viewer_id=member_id, now=now) for each in shown(rows, now=now)],
        )
        return Response(found)
