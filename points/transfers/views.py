"""Giving points to another member."""

from collections.abc import Callable

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest
from members.identity.queries import active_member
from points.transfers.models import Transfer
from points.transfers.queries import present, transfers_of
from points.transfers.serializers import OfferIn, TransferOut, TransferPageOut
from points.transfers.services import accept_transfer, decline_transfer, offer_points, withdraw_transfer
from shop.core import clock
from shop.core.api.idempotency import idempotent
from shop.core.api.pagination import PageQuery, page
from shop.core.api.serializers import ErrorOut, NoFields, validated

REFUSALS = {400: ErrorOut, 401: ErrorOut, 403: ErrorOut, 409: ErrorOut, 422: ErrorOut}
ANSWERS = {200: TransferOut, **REFUSALS, 404: ErrorOut}


class TransferListView(MemberAPIView):
    @extend_schema(
        operation_id="points_transfers_list",
        parameters=[PageQuery],
        responses={200: TransferPageOut, 400: ErrorOut, 401: ErrorOut, 403: ErrorOut},
    )
    def get(self, request: MemberRequest) -> Response:
        """What I gave and what I was given, newest first; what waits for me is `pending` and `in`."""
        member = active_member(member_id=request.member.pk)
        rows = transfers_of(member=member, now=clock.now())
        return Response(page(rows, request, ordering=["-id"], present=lambda row: present(row, member=member)))

    @extend_schema(operation_id="points_transfers_create", request=OfferIn, responses={201: TransferOut, **REFUSALS})
    @idempotent
    def post(self, request: MemberRequest) -> Response:
        """Offer points to whoever has the phone. They are held at once, and come back if nobody accepts them."""
        made = offer_points(member_id=request.member.pk, now=clock.now(), **validated(OfferIn, request))
        return Response(present(made, member=made.sender), status=201)


class AcceptView(MemberAPIView):
    @extend_schema(operation_id="points_transfers_accept", request=NoFields, responses=ANSWERS)
    @idempotent
    def post(self, request: MemberRequest, transfer_id: int) -> Response:
        """Take the points; they expire when they would have expired with the sender."""
        return _answer(request, transfer_id, accept_transfer)


class DeclineView(MemberAPIView):
    @extend_schema(operation_id="points_transfers_decline", request=NoFields, responses=ANSWERS)
    @idempotent
    def post(self, request: MemberRequest, transfer_id: int) -> Response:
        """Let the points go back."""
        return _answer(request, transfer_id, decline_transfer)


class WithdrawView(MemberAPIView):
    @extend_schema(operation_id="points_transfers_withdraw", request=NoFields, responses=ANSWERS)
    @idempotent
    def post(self, request: MemberRequest, transfer_id: int) -> Response:
        """Take back what I offered, as long as nobody has accepted it."""
        return _answer(request, transfer_id, withdraw_transfer)


def _answer(request: MemberRequest, transfer_id: int, service: Callable[..., Transfer]) -> Response:
    validated(NoFields, request)
    row = service(transfer_id=transfer_id, member_id=request.member.pk, now=clock.now())
    return Response(present(row, member=active_member(member_id=request.member.pk)))
