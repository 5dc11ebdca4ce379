"""Bodies and answers of after-sales."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from members.uploads.serializers import PictureOut, PicturesField
from orders.after_sales.models import ASKED_FOR, Kind, Reason, Status
from orders.after_sales.preferences import MOST_IMAGES
from orders.cart.serializers import LARGEST_ID, LARGEST_QUANTITY
from shop.core.api.serializers import StrictIntegerField, StrictSerializer, TextLineField, TextLinesField

MOST_LINES = 400


class AfterSaleLineIn(StrictSerializer):
    line_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID, help_text="Of the order's line.")
    quantity = StrictIntegerField(min_value=1, max_value=LARGEST_QUANTITY)
    replacement_sku_id = StrictIntegerField(
        min_value=1,
        max_value=LARGEST_ID,
        required=False,
        allow_null=True,
        help_text="In an exchange: another SKU of the same product at the same price; the same again without it.",
    )


class AfterSalePreviewIn(StrictSerializer):
    default_error_messages = {"twice": _("A line is named once.")}

    kind = serializers.ChoiceField(Kind.choices)
    lines = serializers.ListField(child=AfterSaleLineIn(), min_length=1, max_length=MOST_LINES)
    reason = TextLineField(
        max_length=100,
        help_text=f"One of {', '.join(dict(ASKED_FOR))}; or the member's own words, which are `other`.",
    )

    def validate_lines(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({line["line_id"] for line in lines}) != len(lines):
            raise serializers.ValidationError(str(self.error_messages["twice"]), "twice")
        return lines


class AskIn(AfterSalePreviewIn):
    description = TextLinesField(required=False, default="", allow_blank=True, max_length=500)
    images = PicturesField(most=MOST_IMAGES)


class ReturnShipmentIn(StrictSerializer):
    carrier = TextLineField(max_length=40)
    tracking_number = serializers.RegexField(r"^[0-9A-Za-z-]{6,40}$", max_length=40)


class AfterSaleListQuery(StrictSerializer):
    status = serializers.ChoiceField(Status.choices, required=False)
    order = serializers.CharField(required=False, max_length=40)


class DeductionOut(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    amount_fen = serializers.IntegerField(help_text="Negative where an earlier one comes back.")


class AfterSaleLineOut(serializers.Serializer[Any]):
    line_id = serializers.IntegerField()
    sku_id = serializers.IntegerField()
    product_id = serializers.IntegerField()
    product_name = serializers.CharField()
    options = serializers.CharField(allow_blank=True)
    image_url = serializers.CharField(allow_blank=True)
    is_gift = serializers.BooleanField()
    quantity = serializers.IntegerField()
    units_to_send = serializers.IntegerField(help_text="To be sent back, unless it is a refund only.")
    units_refunded = serializers.IntegerField()
    refund_fen = serializers.IntegerField()
    refund_points = serializers.IntegerField()
    replacement_sku_id = serializers.IntegerField(allow_null=True)


class AfterSalePreviewOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(Kind.choices)
    refund_fen = serializers.IntegerField(help_text="With freight, less deductions.")
    refund_freight_fen = serializers.IntegerField()
    refund_points = serializers.IntegerField()
    coupons_returned = serializers.ListField(child=serializers.IntegerField())
    deductions = DeductionOut(many=True)
    explanations = serializers.ListField(child=serializers.CharField())
    lines = AfterSaleLineOut(many=True)


class ReturnAddressOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    phone = serializers.CharField(allow_blank=True)
    region_path = serializers.CharField()
    detail = serializers.CharField()


class AfterSaleEventOut(serializers.Serializer[Any]):
    status = serializers.ChoiceField(Status.choices)
    happened_at = serializers.DateTimeField()


class AfterSaleOut(AfterSalePreviewOut):
    """Amounts are an estimate until the refund begins."""

    number = serializers.CharField()
    order_number = serializers.CharField()
    status = serializers.ChoiceField(Status.choices)
    reason = serializers.ChoiceField(Reason.choices)
    description = serializers.CharField(allow_blank=True)
    images = PictureOut(many=True)
    withheld_fen = serializers.IntegerField()
    withheld_for = serializers.CharField(allow_blank=True)
    answer = serializers.CharField(allow_blank=True)
    return_to = ReturnAddressOut(allow_null=True)
    carrier = serializers.CharField(allow_blank=True)
    tracking_number = serializers.CharField(allow_blank=True)
    can_cancel = serializers.BooleanField()
    can_send_goods = serializers.BooleanField()
    asked_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True, help_text="When the present step is over by itself.")
    ended_at = serializers.DateTimeField(allow_null=True)
    events = AfterSaleEventOut(many=True)


class AfterSalePageOut(serializers.Serializer[Any]):
    items = AfterSaleOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)
