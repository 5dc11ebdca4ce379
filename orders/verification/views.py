"""Verification by the staff of stores, and the member's wish for another code."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest
from orders.checkout.serializers import PickupOut
from orders.verification.facets import present_pickup
from orders.verification.queries import verifications_of
from orders.verification.serializers import (
    FoundOut,
    StoresOut,
    UndoIn,
    VerificationOut,
    VerificationPageOut,
    VerificationsQuery,
    VerifiedOut,
    VerifyIn,
    present_found,
    present_store,
    present_verification,
)
from orders.verification.services.pickups import renew_code
from orders.verification.services.verifying import Clerk, look_up, undo, verify
from orders.verification.stores import stores_of
from shop.core import clock
from shop.core.api.pagination import PageQuery, page
from shop.core.api.serializers import ErrorOut, NoFields, validated, validated_query
from shop.core.client_address import client_address
from shop.core.rate_limits import limit
from shop.staff.api import StaffAPIView, StaffRequest

STAFF_REFUSALS = {400: ErrorOut, 401: ErrorOut, 403: ErrorOut}
REFUSALS = {**STAFF_REFUSALS, 404: ErrorOut, 409: ErrorOut, 429: ErrorOut}
RENEWALS_PER_HOUR = 30


class VerificationsView(StaffAPIView):
    permission = "verification.verify_verification"

    @extend_schema(
        operation_id="verifications_list",
        parameters=[VerificationsQuery, PageQuery],
        responses={200: VerificationPageOut, **STAFF_REFUSALS},
    )
    def get(self, request: StaffRequest) -> Response:
        """What was verified on a day in the stores of whoever asks, the newest first."""
        asked = validated_query(VerificationsQuery, request)
        day = asked.get("day") or clock.business_day(clock.now())
        done = verifications_of(staff=request.staff, day=day, store_id=asked.get("store_id"))
        return Response(page(done, request, ordering=["-verified_at", "-id"], present=present_verification))

    @extend_schema(operation_id="verifications_verify", request=VerifyIn, responses={201: VerifiedOut, **REFUSALS})
    def post(self, request: StaffRequest) -> Response:
        """Use what a code stands for, once: goods to be fetched, or a coupon shown in the store.

        A code that was used before is 409 `already_verified`, with when, where and by whom in `data`. Wrong codes lock
        the account, and the address, out for a while (429).
        """
        given = validated(VerifyIn, request)
        verification, found = verify(
            code=given["code"], clerk=_clerk(request, given["store_id"]), bill_fen=given["bill_fen"], now=clock.now()
        )
        shown = {**present_verification(verification), "found": present_found(found, verification.store)}
        return Response(shown, status=201)


class VerificationPreviewView(StaffAPIView):
    permission = "verification.verify_verification"

    @extend_schema(operation_id="verifications_preview", request=VerifyIn, responses={200: FoundOut, **REFUSALS})
    def post(self, request: StaffRequest) -> Response:
        """What a code stands for; nothing is used. Wrong codes count as they do when verifying."""
        given = validated(VerifyIn, request)
        clerk = _clerk(request, given["store_id"])
        found, store = look_up(code=given["code"], clerk=clerk, bill_fen=given["bill_fen"], now=clock.now())
        return Response(present_found(found, store))


class UndoView(StaffAPIView):
    permission = "verification.undo_verification"

    @extend_schema(operation_id="verifications_undo", request=UndoIn, responses={200: VerificationOut, **REFUSALS})
    def post(self, request: StaffRequest, verification_id: int) -> Response:
        """Take a verification back, within minutes and where that is harmless: of coupons, not of goods."""
        reason = validated(UndoIn, request)["reason"]
        done = undo(verification_id=verification_id, staff=request.staff, reason=reason, now=clock.now())
        return Response(present_verification(done))


class StaffStoresView(StaffAPIView):
    permission = "verification.verify_verification"

    @extend_schema(operation_id="staff_stores", responses={200: StoresOut, 401: ErrorOut, 403: ErrorOut})
    def get(self, request: StaffRequest) -> Response:
        """The stores in which whoever asks may verify."""
        return Response({"items": [present_store(store) for store in stores_of(request.staff)], "next_cursor": None})


class PickupCodeView(MemberAPIView):
    @extend_schema(
        operation_id="orders_renew_pickup_code",
        request=None,
        responses={200: PickupOut, 400: ErrorOut, 401: ErrorOut, 404: ErrorOut, 429: ErrorOut},
    )
    def post(self, request: MemberRequest, number: str) -> Response:
        """Another pickup code; the one before it, wherever it was shown, is not good any more."""
        validated(NoFields, request)
        limit(key=f"pickup-code:{request.member.pk}", rate=RENEWALS_PER_HOUR, per_seconds=3_600)
        pickup = renew_code(order_number=number, member_id=request.member.pk)
        return Response(present_pickup(pickup, pickup.order))


def _clerk(request: StaffRequest, store_id: int | None) -> Clerk:
    agent = request.headers.get("User-Agent", "")
    return Clerk(request.staff, store_id, address=client_address(request), user_agent=agent)
