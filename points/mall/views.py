"""The points mall for the front: what there is at my price, and the vouchers that came of it."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from members.identity.api import MemberAPIView, MemberRequest, PublicAPIView, SignedInMember
from points.ledger.queries import balance_of
from points.mall.errors import VoucherNotFound
from points.mall.models import Resource, RewardPrice
from points.mall.preferences import REVEALS_PER_HOUR
from points.mall.queries import LARGEST_ID, Wanted, offered_reward, offered_rewards, open_slots, open_zones, vouchers_of
from points.mall.serializers import (
    BY_POINTS,
    BookIn,
    Looking,
    RevealedCodeOut,
    RewardDetailOut,
    RewardPageOut,
    RewardSlotsOut,
    RewardsQuery,
    SlotsQuery,
    VoucherOut,
    VoucherPageOut,
    VouchersQuery,
    ZonesOut,
    present_reward,
    present_reward_detail,
    present_slot,
    present_voucher,
    present_zone,
)
from points.mall.services.vouchers import book, cancel_booking, reveal
from points.mall.viewers import Viewer, viewer_of
from shop.core import clock
from shop.core.actors import Actor
from shop.core.api.pagination import PageQuery, decode_cursor, encode_cursor, page
from shop.core.api.serializers import ErrorOut, NoFields, validated, validated_query
from shop.core.client_address import client_address
from shop.core.errors import InvalidCursor
from shop.core.rate_limits import limit

HOUR = 3600
TWO_WEEKS, MOST_DAYS = timedelta(days=14), timedelta(days=62)
REFUSALS = dict.fromkeys((400, 401, 404, 409), ErrorOut)


class RewardsView(PublicAPIView):
    @extend_schema(
        operation_id="points_rewards_list",
        parameters=[RewardsQuery],
        responses={200: RewardPageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: Request) -> Response:
        """What is shown now, with my price and why I cannot redeem it; as everybody sees it where nobody signed in."""
        asked, looking = validated_query(RewardsQuery, request), _looking(request)
        by_points = asked["ordering"] == BY_POINTS
        found = offered_rewards(
            viewer=looking.viewer,
            wanted=Wanted(
                kind=asked.get("kind"),
                zone_id=asked.get("zone"),
                affordable=asked.get("affordable"),
                by_points=by_points,
                limit=asked["limit"] + 1,
                **({"after": _after(asked["cursor"])} if "cursor" in asked else {}),
            ),
            available=looking.available,
            now=looking.now,
        )
        shown, following = found[: asked["limit"]], None
        if len(found) > len(shown):
            last = shown[-1]
            following = encode_cursor([last.points if by_points else last.position, last.id])
        return Response(
            {
                "items": [present_reward(each, looking) for each in shown],
                "next_cursor": following,
                "available": looking.available,
            }
        )


class RewardView(PublicAPIView):
    @extend_schema(operation_id="points_rewards_read", responses={200: RewardDetailOut, 401: ErrorOut, 404: ErrorOut})
    def get(self, request: Request, reward_id: int) -> Response:
        """Redeemed by an order with the activity `{kind: "reward", id, slot_id?}` of its `sku_id`."""
        looking = _looking(request)
        offered = offered_reward(reward_id=reward_id, viewer=looking.viewer, now=looking.now)
        prices = RewardPrice.objects.filter(reward=reward_id).select_related("tier").order_by("tier")
        resource = Resource.objects.filter(pk=offered.resource_id).first() if offered.resource_id else None
        return Response(present_reward_detail(offered, looking, prices=list(prices), resource=resource))


class RewardSlotsView(PublicAPIView):
    @extend_schema(
        operation_id="points_rewards_slots",
        parameters=[SlotsQuery],
        responses={200: RewardSlotsOut, 400: ErrorOut, 401: ErrorOut, 404: ErrorOut},
    )
    def get(self, request: Request, reward_id: int) -> Response:
        """Times that can be booked, and those that are full."""
        asked, now = validated_query(SlotsQuery, request), clock.now()
        offered = offered_reward(reward_id=reward_id, viewer=Viewer(), now=now)
        since = max(asked.get("since", now), now)
        until = min(asked.get("until", since + TWO_WEEKS), since + MOST_DAYS)
        found = open_slots(resource_id=offered.resource_id, since=since, until=until) if offered.resource_id else []
        return Response({"items": [present_slot(each) for each in found], "next_cursor": None})


class ZonesView(PublicAPIView):
    @extend_schema(operation_id="points_reward_zones", responses={200: ZonesOut, 401: ErrorOut})
    def get(self, request: Request) -> Response:
        """The shelves of the points mall: festivals, partners, the members' zone."""
        items = [present_zone(each) for each in open_zones(now=clock.now())]
        return Response({"items": items, "next_cursor": None})


class VouchersView(MemberAPIView):
    @extend_schema(
        operation_id="me_vouchers_list",
        parameters=[VouchersQuery, PageQuery],
        responses={200: VoucherPageOut, 400: ErrorOut, 401: ErrorOut},
    )
    def get(self, request: MemberRequest) -> Response:
        """Services and codes that I have, the latest first."""
        now, rows = clock.now(), vouchers_of(member_id=request.member.pk)
        asked = validated_query(VouchersQuery, request)
        if "status" in asked:
            rows = rows.filter(status=asked["status"])
        return Response(page(rows, request, ordering=["-id"], present=lambda each: present_voucher(each, now=now)))


class VoucherView(MemberAPIView):
    @extend_schema(operation_id="me_vouchers_read", responses={200: VoucherOut, 401: ErrorOut, 404: ErrorOut})
    def get(self, request: MemberRequest, voucher_id: int) -> Response:
        return Response(_voucher(request, voucher_id))


class RevealView(MemberAPIView):
    @extend_schema(
        operation_id="me_vouchers_reveal",
        request=None,
        responses={200: RevealedCodeOut, **REFUSALS, 429: ErrorOut},
    )
    def post(self, request: MemberRequest, voucher_id: int) -> Response:
        """My code. Once it was seen, nothing is paid back for it; each look is written down."""
        validated(NoFields, request)
        member_id = request.member.pk
        limit(key=f"mall.reveal:{member_id}", rate=REVEALS_PER_HOUR.value(), per_seconds=HOUR)
        code = reveal(
            voucher_id=voucher_id,
            member_id=member_id,
            actor=Actor.member(member_id),
            address=client_address(request),
            now=clock.now(),
        )
        return Response({"code": code}, headers={"Cache-Control": "no-store"})


class BookingView(MemberAPIView):
    @extend_schema(operation_id="me_vouchers_book", request=BookIn, responses={200: VoucherOut, **REFUSALS})
    def put(self, request: MemberRequest, voucher_id: int) -> Response:
        """Book a time for my voucher, or move it to another one."""
        asked = validated(BookIn, request)
        book(voucher_id=voucher_id, member_id=request.member.pk, slot_id=asked["slot_id"], now=clock.now())
        return Response(_voucher(request, voucher_id))

    @extend_schema(operation_id="me_vouchers_cancel_booking", request=None, responses={200: VoucherOut, **REFUSALS})
    def delete(self, request: MemberRequest, voucher_id: int) -> Response:
        """Leave the time that is booked; the voucher stays mine."""
        cancel_booking(voucher_id=voucher_id, member_id=request.member.pk, now=clock.now())
        return Response(_voucher(request, voucher_id))


def _looking(request: Request) -> Looking:
    now = clock.now()
    if not isinstance(request.user, SignedInMember):
        return Looking(Viewer(), 0, now)
    member_id = request.user.pk
    return Looking(viewer_of(member_id=member_id, now=now), balance_of(member_id=member_id, now=now).available, now)


def _after(cursor: str) -> tuple[int, int]:
    after, after_id = decode_cursor(cursor, 2)
    if not (type(after) is int and type(after_id) is int and abs(after) < 2**31 and 0 <= after_id <= LARGEST_ID):
        raise InvalidCursor
    return after, after_id


def _voucher(request: MemberRequest, voucher_id: int) -> dict[str, Any]:
    voucher = vouchers_of(member_id=request.member.pk).filter(pk=voucher_id).first()
    if voucher is None:
        raise VoucherNotFound
    return present_voucher(voucher, now=clock.now())
