"""What a front sends and sees of the points mall."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import segno
from rest_framework import serializers

from points.mall.models import Resource, Reward, RewardPrice, Slot, Voucher, VoucherStatus, Zone
from points.mall.queries import LARGEST_ID, Offered
from points.mall.sealing import shown_code
from points.mall.services.giving import may_come_back
from points.mall.services.vouchers import is_over
from points.mall.viewers import Viewer
from shop.core.api.pagination import DEFAULT_LIMIT, MAX_LIMIT
from shop.core.api.serializers import StrictIntegerField, StrictSerializer

LISTED, BY_POINTS = "position", "points"


class RewardsQuery(StrictSerializer):
    kind = serializers.ChoiceField(Reward.Kind.choices, required=False)
    zone = serializers.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)
    affordable = serializers.BooleanField(required=False, help_text="Of what I have points enough for, or not.")
    ordering = serializers.ChoiceField(
        [(LISTED, LISTED), (BY_POINTS, BY_POINTS)],
        required=False,
        default=LISTED,
        help_text="As the shop wants it, or what costs me the least points first.",
    )
    cursor = serializers.CharField(required=False, max_length=400)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT)


class SlotsQuery(StrictSerializer):
    since = serializers.DateTimeField(required=False, help_text="Now unless told.")
    until = serializers.DateTimeField(required=False, help_text="Two weeks later unless told, 62 days at most.")


class BookIn(StrictSerializer):
    slot_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID)


class VouchersQuery(StrictSerializer):
    status = serializers.ChoiceField(VoucherStatus.choices, required=False)


class LockedOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class RewardZoneOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    theme = serializers.ChoiceField(Zone.Theme.choices)


class ZoneOut(RewardZoneOut):
    intro = serializers.CharField(allow_blank=True)
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    left = serializers.IntegerField(allow_null=True, help_text="Units that its rewards share; null where they do not.")
    month_days = serializers.ListField(child=serializers.IntegerField())
    weekdays = serializers.ListField(child=serializers.IntegerField(), help_text="1 is Monday.")


class ZonesOut(serializers.Serializer[Any]):
    items = ZoneOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class RewardOut(serializers.Serializer[Any]):
    """`points` and `price_fen` are mine; `locked` says why I cannot redeem it now, whatever points I have."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(Reward.Kind.choices)
    name = serializers.CharField()
    image_url = serializers.CharField(allow_blank=True)
    sku_id = serializers.IntegerField(help_text="For the order's items.")
    zone = RewardZoneOut(allow_null=True)
    points = serializers.IntegerField()
    price_fen = serializers.IntegerField()
    usual_points = serializers.IntegerField(help_text="Without a tier's price.")
    usual_price_fen = serializers.IntegerField()
    worth_fen = serializers.IntegerField()
    left = serializers.IntegerField(allow_null=True)
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    affordable = serializers.BooleanField()
    points_missing = serializers.IntegerField()
    locked = LockedOut(allow_null=True)

    class Meta:
        ref_name = "PointsReward"


class RewardPageOut(serializers.Serializer[Any]):
    items = RewardOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)
    available = serializers.IntegerField(help_text="Points that I can spend.")


class TierPriceOut(serializers.Serializer[Any]):
    tier = serializers.CharField()
    points = serializers.IntegerField()
    price_fen = serializers.IntegerField()


class ResourceOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    store_code = serializers.CharField(allow_blank=True)


class BookingTermsOut(serializers.Serializer[Any]):
    resource = ResourceOut()
    reschedule_hours = serializers.IntegerField()
    cancel_hours = serializers.IntegerField()
    no_show = serializers.ChoiceField(Reward.NoShow.choices)


class RewardDetailOut(RewardOut):
    intro = serializers.CharField(allow_blank=True)
    tier_prices = TierPriceOut(many=True)
    limit_per_member = serializers.IntegerField(allow_null=True)
    limit_per_period = serializers.IntegerField(allow_null=True)
    period = serializers.CharField()
    mine = serializers.IntegerField(help_text="Units of it that I have.")
    freight_is_free = serializers.BooleanField()
    needs_parcel = serializers.BooleanField()
    valid_days = serializers.IntegerField(allow_null=True, help_text="Of a service's voucher.")
    booking = BookingTermsOut(allow_null=True)

    class Meta:
        ref_name = "PointsRewardDetail"


class RewardSlotOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    left = serializers.IntegerField()


class RewardSlotsOut(serializers.Serializer[Any]):
    items = RewardSlotOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class VoucherOut(serializers.Serializer[Any]):
    """A service is shown in a store by its `shown_code`; a code is looked at by `reveal`."""

    id = serializers.IntegerField()
    number = serializers.CharField()
    kind = serializers.ChoiceField(Reward.Kind.choices)
    status = serializers.ChoiceField(VoucherStatus.choices)
    reward_id = serializers.IntegerField()
    name = serializers.CharField()
    order_number = serializers.CharField()
    issued_at = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(allow_null=True)
    revealed_at = serializers.DateTimeField(allow_null=True)
    used_at = serializers.DateTimeField(allow_null=True)
    needs_booking = serializers.BooleanField()
    slot = RewardSlotOut(allow_null=True)
    resource = ResourceOut(allow_null=True)
    shown_code = serializers.CharField(allow_blank=True)
    qr = serializers.CharField(allow_blank=True, help_text="The code as a picture, a data URI of an SVG.")
    refundable = serializers.BooleanField(help_text="Whether an after-sale of its order may ask for it now.")


class VoucherPageOut(serializers.Serializer[Any]):
    items = VoucherOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class RevealedCodeOut(serializers.Serializer[Any]):
    code = serializers.CharField()


@dataclass(frozen=True)
class Looking:
    """Who looks when, with how many points."""

    viewer: Viewer
    available: int
    now: datetime


def present_reward(offered: Offered, looking: Looking) -> dict[str, Any]:
    refusal = offered.refusal(looking.viewer, now=looking.now)
    missing = max(offered.points - looking.available, 0)
    zone = {"id": offered.zone_id, "name": offered.zone_name, "theme": offered.zone_theme}
    return {
        "id": offered.id,
        "kind": offered.kind,
        "name": offered.name,
        "image_url": offered.image_url,
        "sku_id": offered.sku_id,
        "zone": zone if offered.zone_id is not None else None,
        "points": offered.points,
        "price_fen": offered.price_fen,
        "usual_points": offered.usual_points,
        "usual_price_fen": offered.usual_price_fen,
        "worth_fen": offered.worth_fen,
        "left": offered.left,
        "starts_at": offered.starts_at,
        "ends_at": offered.ends_at,
        "affordable": not missing,
        "points_missing": missing,
        "locked": {"code": refusal.code, "message": str(refusal)} if refusal else None,
    }


def present_reward_detail(
    offered: Offered, looking: Looking, *, prices: Sequence[RewardPrice], resource: Resource | None
) -> dict[str, Any]:
    is_service = offered.kind == Reward.Kind.SERVICE
    return {
        **present_reward(offered, looking),
        "intro": offered.intro,
        "tier_prices": [
            {"tier": str(each.tier), "points": each.points, "price_fen": each.price_fen} for each in prices
        ],
        "limit_per_member": offered.limit_per_member,
        "limit_per_period": offered.limit_per_period,
        "period": offered.period,
        "mine": offered.had or 0,
        "freight_is_free": offered.freight_is_free,
        "needs_parcel": offered.kind == Reward.Kind.GOODS,
        "valid_days": offered.valid_days if is_service else None,
        "booking": _booking(offered, resource) if resource else None,
    }


def present_zone(zone: Zone) -> dict[str, Any]:
    return {
        "id": zone.pk,
        "name": zone.name,
        "theme": zone.theme,
        "intro": zone.intro,
        "starts_at": zone.starts_at,
        "ends_at": zone.ends_at,
        "left": None if zone.pool is None else zone.pool - zone.taken,
        "month_days": zone.month_days,
        "weekdays": zone.weekdays,
    }


def present_slot(slot: Slot) -> dict[str, Any]:
    return {"id": slot.pk, "starts_at": slot.starts_at, "ends_at": slot.ends_at, "left": slot.left}


def present_voucher(voucher: Voucher, *, now: datetime) -> dict[str, Any]:
    """What has expired by the clock is shown so, swept or not."""
    reward, resource = voucher.reward, voucher.reward.resource
    has_expired = voucher.status == VoucherStatus.READY and is_over(voucher, now=now)
    status = VoucherStatus.EXPIRED if has_expired else voucher.status
    is_shown = reward.kind == Reward.Kind.SERVICE and status == VoucherStatus.READY
    code = shown_code(voucher.number) if is_shown else ""
    return {
        "id": voucher.pk,
        "number": voucher.number,
        "kind": reward.kind,
        "status": status,
        "reward_id": reward.pk,
        "name": reward.name,
        "order_number": voucher.redemption.order_number,
        "issued_at": voucher.issued_at,
        "valid_until": voucher.valid_until,
        "revealed_at": voucher.revealed_at,
        "used_at": voucher.used_at,
        "needs_booking": is_shown and resource is not None and voucher.slot_id is None,
        "slot": present_slot(voucher.slot) if voucher.slot else None,
        "resource": _resource(resource) if resource else None,
        "shown_code": code,
        "qr": segno.make_qr(code, error="m").svg_data_uri(scale=4, border=2) if code else "",
        "refundable": may_come_back(voucher, now=now),
    }


def _booking(offered: Offered, resource: Resource) -> Mapping[str, Any]:
    return {
        "resource": _resource(resource),
        "reschedule_hours": offered.reschedule_hours,
        "cancel_hours": offered.cancel_hours,
        "no_show": offered.no_show,
    }


def _resource(resource: Resource) -> Mapping[str, Any]:
    return {"name": resource.name, "note": resource.note, "store_code": resource.store_code}
