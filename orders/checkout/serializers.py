"""Bodies and answers of quote and order."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.cart.serializers import LARGEST_ID, LARGEST_QUANTITY
from orders.checkout.activities import ACTIVITY_KINDS
from orders.checkout.models import DepositStatus, OrderStatus
from shop.core.api.serializers import StrictBooleanField, StrictIntegerField, StrictSerializer, TextLinesField

MOST_ITEMS = 400
LARGEST_FEN = 2**53 - 1
ITEM_FIELDS = {"sku_id", "quantity"}


@extend_schema_field({"oneOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "string", "enum": ["best"]}]})
class CouponChoiceField(serializers.ListField):
    """Coupon ids, or "best"."""

    child = StrictIntegerField(min_value=1, max_value=LARGEST_ID)

    def to_internal_value(self, data: Any) -> Any:
        return data if data == "best" else tuple(dict.fromkeys(super().to_internal_value(data)))


@extend_schema_field({"oneOf": [{"type": "integer", "minimum": 0}, {"type": "string", "enum": ["max"]}]})
class PointsChoiceField(StrictIntegerField):
    """A number of points, or "max"."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return data if data == "max" else super().run_validation(data)


class ItemIn(StrictSerializer):
    sku_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID)
    quantity = StrictIntegerField(min_value=1, max_value=LARGEST_QUANTITY)


class ItemsField(serializers.ListField):
    """What is evidently well-formed is taken as it is; the child says what is wrong with everything else."""

    child = ItemIn()

    def run_child_validation(self, data: list[Any]) -> Any:
        return data if all(map(_is_item, data)) else super().run_child_validation(data)


def _is_item(given: Any) -> bool:
    """A whole number, and not a boolean, has the type int itself."""
    return (
        type(given) is dict
        and given.keys() == ITEM_FIELDS
        and type(given["sku_id"]) is type(given["quantity"]) is int
        and 1 <= given["sku_id"] <= LARGEST_ID
        and 1 <= given["quantity"] <= LARGEST_QUANTITY
    )


# By which of the fields an activity of each kind is named; what may be said besides.
ACTIVITY_ID = {
    "flash_sale": "id",
    "group_buy": "id",
    "bargain": "attempt_id",
    "presale": "id",
    "reward": "id",
    "prize": "draw_id",
}
ACTIVITY_EXTRA = {"group_buy": "team_id", "reward": "slot_id"}


class ActivityIn(StrictSerializer):
    """Answers the fields of an `ActivityAsk`."""

    default_error_messages = {
        "needed": _("An activity of this kind is named by this field."),
        "foreign": _("An activity of this kind has no such field."),
    }

    kind = serializers.ChoiceField(list(ACTIVITY_ID))
    id = StrictIntegerField(min_value=1, max_value=LARGEST_ID, required=False)
    team_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID, required=False)
    attempt_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID, required=False)
    slot_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID, required=False)
    draw_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        kind = attrs["kind"]
        by, extra = ACTIVITY_ID[kind], ACTIVITY_EXTRA.get(kind)
        faults = {by: [self._error("needed")]} if by not in attrs else {}
        faults |= {name: [self._error("foreign")] for name in attrs if name not in ("kind", by, extra)}
        if faults:
            raise serializers.ValidationError(faults)
        return {"kind": kind, "id": attrs[by], **({extra: attrs[extra]} if extra and extra in attrs else {})}

    def _error(self, code: str) -> serializers.ErrorDetail:
        return serializers.ErrorDetail(str(self.error_messages[code]), code)


class QuoteIn(StrictSerializer):
    default_error_messages = {
        "either": _("Give either items or from_cart."),
        "one_place": _("Give either address_id or pickup_store_id."),
    }

    items = ItemsField(required=False, min_length=1, max_length=MOST_ITEMS)
    from_cart = StrictBooleanField(required=False, default=False)
    address_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID, required=False, allow_null=True)
    pickup_store_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID, required=False, allow_null=True)
    coupon_ids = CouponChoiceField(required=False, default=list, max_length=20)
    points_to_use = PointsChoiceField(
        required=False,
        default=0,
        min_value=0,
        max_value=LARGEST_ID,
        help_text="All of them or none, save those that pay no further fen; `points_used` tells how many are taken.",
    )
    activity = ActivityIn(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("items" in attrs) == attrs["from_cart"]:
            raise serializers.ValidationError({"items": [self._error("either")]})
        if attrs.get("address_id") is not None and attrs.get("pickup_store_id") is not None:
            raise serializers.ValidationError({"pickup_store_id": [self._error("one_place")]})
        return attrs

    def _error(self, code: str) -> serializers.ErrorDetail:
        return serializers.ErrorDetail(str(self.error_messages[code]), code)


class PlaceOrderIn(QuoteIn):
    expected_payable_fen = StrictIntegerField(min_value=0, max_value=LARGEST_FEN, required=False, allow_null=True)
    expected_points = StrictIntegerField(
        min_value=0,
        max_value=LARGEST_ID,
        required=False,
        allow_null=True,
        help_text="The quote's `points_used`: no more and no fewer are taken.",
    )
    remark = TextLinesField(required=False, default="", allow_blank=True, max_length=200)


class OrderListQuery(StrictSerializer):
    status = serializers.ChoiceField(OrderStatus.choices, required=False)
    activity = serializers.ChoiceField(
        ACTIVITY_KINDS, required=False, help_text="Only orders that came from an activity of this kind."
    )
    activity_id = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="With `activity`: the one of its kind with this id."
    )
    reviewable = serializers.BooleanField(
        required=False, default=False, help_text="Only orders with something to review."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "activity_id" in attrs and "activity" not in attrs:
            raise serializers.ValidationError({"activity": _("An id is that of an activity of some kind.")}, "needed")
        return attrs


class AdjustmentOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.IntegerField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]
    amount_fen = serializers.IntegerField()
    version = serializers.IntegerField(allow_null=True, help_text="Of the promotion's rules.")
    points = serializers.IntegerField(help_text="Paid for it.")
    units = serializers.IntegerField(help_text="Of a line that have a special price.")


class RejectionOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.IntegerField(allow_null=True)
    code = serializers.CharField()
    message = serializers.CharField()
    asked = serializers.BooleanField(help_text="Whether the member selected it, or the shop merely offers it.")


class GiftOut(serializers.Serializer[Any]):
    sku_id = serializers.IntegerField()
    quantity = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.CharField()
    id = serializers.IntegerField()


class CouponOptionOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]
    amount_fen = serializers.IntegerField(help_text="What the coupon takes off by itself.")
    usable = serializers.BooleanField()
    code = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)


class QuoteLineOut(serializers.Serializer[Any]):
    sku_id = serializers.IntegerField()
    quantity = serializers.IntegerField()
    unit_price_fen = serializers.IntegerField()
    subtotal_fen = serializers.IntegerField()
    adjustments = AdjustmentOut(many=True)
    payable_fen = serializers.IntegerField()


class DepositOut(serializers.Serializer[Any]):
    """What is said of goods that are ordered before they can be sent, and of paying for them in two parts."""

    deposit_fen = serializers.IntegerField(help_text="What is paid first; 0 where all is paid at once.")
    balance_fen = serializers.IntegerField(help_text="What is paid after the deposit.")
    balance_from = serializers.DateTimeField(allow_null=True)
    balance_until = serializers.DateTimeField(allow_null=True, help_text="The first moment at which it is too late.")
    deposit_back_if_missed = serializers.BooleanField(
        allow_null=True, help_text="Whether the deposit goes back when the balance is not paid in time."
    )
    deposit_back_on_request = serializers.BooleanField(
        allow_null=True, help_text="Whether it goes back when the order is cancelled before that."
    )
    ships_at = serializers.DateTimeField(allow_null=True, help_text="Before that, the goods are not sent.")


class FreightPartOut(serializers.Serializer[Any]):
    """What goods of one freight template cost, before `freight_adjustments`; the parts are added up."""

    template = serializers.CharField()
    zone = serializers.CharField()
    sku_ids = serializers.ListField(child=serializers.IntegerField())
    amount_fen = serializers.IntegerField()


class QuoteOut(DepositOut):
    lines = QuoteLineOut(many=True)
    gifts = GiftOut(many=True)
    goods_fen = serializers.IntegerField()
    discount_fen = serializers.IntegerField()
    freight_fen = serializers.IntegerField(help_text="0 while `address_required`: it is not known yet.")
    freight_adjustments = AdjustmentOut(many=True)
    freight_parts = FreightPartOut(many=True)
    points_used = serializers.IntegerField()
    points_discount_fen = serializers.IntegerField()
    payable_fen = serializers.IntegerField()
    applied = AdjustmentOut(many=True)
    rejected = RejectionOut(many=True)
    points_to_earn = serializers.IntegerField()
    usable_coupons = CouponOptionOut(many=True)
    promised_at = serializers.DateTimeField(allow_null=True)
    address_required = serializers.BooleanField()


class OrderLineOut(QuoteLineOut):
    id = serializers.IntegerField()
    product_id = serializers.IntegerField()
    product_name = serializers.CharField()
    sku_code = serializers.CharField()
    options = serializers.CharField(allow_blank=True)
    image_url = serializers.CharField(allow_blank=True)
    is_gift = serializers.BooleanField()
    reviewable = serializers.BooleanField(help_text="Whether it may be reviewed now.")
    reviewed_at = serializers.DateTimeField(allow_null=True)
    units_refunded = serializers.IntegerField()
    units_for_after_sale = serializers.IntegerField(help_text="For which one can be asked now.")


class RecipientOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    phone = serializers.CharField()
    region_code = serializers.CharField()
    region_path = serializers.CharField()
    detail = serializers.CharField()


class PickupStoreOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    detail = serializers.CharField()
    phone = serializers.CharField(allow_blank=True)
    opening_hours = serializers.CharField()

    class Meta:
        ref_name = "OrderPickupStore"


class PickupOut(serializers.Serializer[Any]):
    """Goods that lie in the store. Whoever shows the code gets them."""

    status = serializers.ChoiceField(["ready", "fetched"])
    store = PickupStoreOut()
    code = serializers.CharField(allow_blank=True, help_text="Blank once the goods are fetched.")
    qr = serializers.CharField(allow_blank=True, help_text="The code as a picture, a data URI of an SVG.")
    ready_at = serializers.DateTimeField()
    fetch_by = serializers.DateTimeField()
    fetched_at = serializers.DateTimeField(allow_null=True)


class ActivityOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.IntegerField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]

    class Meta:
        ref_name = "OrderActivity"


class OrderOut(DepositOut):
    number = serializers.CharField()
    status = serializers.ChoiceField(OrderStatus.choices)
    goods_fen = serializers.IntegerField()
    discount_fen = serializers.IntegerField()
    freight_fen = serializers.IntegerField()
    payable_fen = serializers.IntegerField()
    paid_fen = serializers.IntegerField()
    placed_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    due_fen = serializers.IntegerField(help_text="What the next payment is of; 0 where nothing is to be paid.")
    due_from = serializers.DateTimeField(allow_null=True, help_text="Of a balance that cannot be paid before.")
    deposit_status = serializers.ChoiceField(DepositStatus.choices, allow_null=True)
    paid_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    recipient = RecipientOut(allow_null=True)
    pickup_store_id = serializers.IntegerField(allow_null=True)
    pickup = PickupOut(allow_null=True, help_text="Null until the goods are in the store.")
    group_status = serializers.ChoiceField(
        ["waiting", "succeeded", "failed"], allow_null=True, help_text="Of the order's team; null where it has none."
    )
    team_id = serializers.IntegerField(allow_null=True)
    points_used = serializers.IntegerField()
    adjustments = AdjustmentOut(many=True)
    activities = ActivityOut(many=True, help_text="From which of the shop's activities it came.")
    freight_adjustments = AdjustmentOut(many=True)
    freight_parts = FreightPartOut(many=True)
    rejected = RejectionOut(many=True)
    remark = serializers.CharField(allow_blank=True)
    refunded_fen = serializers.IntegerField(help_text="By after-sales, done or on its way.")
    refunded_points = serializers.IntegerField()
    after_sale_until = serializers.DateTimeField(allow_null=True, help_text="Once it is completed.")
    after_sale_open = serializers.BooleanField(help_text="One is under way; the order does not complete itself.")
    lines = OrderLineOut(many=True)


class OrderPageOut(serializers.Serializer[Any]):
    items = OrderOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)
