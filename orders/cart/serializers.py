"""Bodies and answers of the cart."""

from typing import Any

from rest_framework import serializers

from shop.core.api.serializers import StrictBooleanField, StrictIntegerField, StrictSerializer

LARGEST_ID = 2**63 - 1
LARGEST_QUANTITY = 9999


class AddItemIn(StrictSerializer):
    sku_id = StrictIntegerField(min_value=1, max_value=LARGEST_ID)
    quantity = StrictIntegerField(min_value=1, max_value=LARGEST_QUANTITY)


class ChangeItemIn(StrictSerializer):
    quantity = StrictIntegerField(min_value=1, max_value=LARGEST_QUANTITY, required=False)
    selected = StrictBooleanField(required=False)


class ReasonOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class CartLineOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    sku_id = serializers.IntegerField()
    product_id = serializers.IntegerField()
    product_name = serializers.CharField()
    sku_code = serializers.CharField()
    options = serializers.CharField(allow_blank=True)
    image_url = serializers.CharField(allow_blank=True)
    quantity = serializers.IntegerField()
    selected = serializers.BooleanField()
    price_fen = serializers.IntegerField()
    price_was_fen = serializers.IntegerField(
        allow_null=True, help_text="What a unit cost when it was put in, where that differs: it rose or fell."
    )
    subtotal_fen = serializers.IntegerField()
    available = serializers.IntegerField(help_text="Units left, to be named where the line asks for more.")
    valid = serializers.BooleanField()
    reasons = ReasonOut(many=True)


class CartOut(serializers.Serializer[Any]):
    items = CartLineOut(many=True)
    selected_units = serializers.IntegerField(help_text="Units of the lines that are selected and can be bought.")
    selected_fen = serializers.IntegerField()


class CartItemOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    sku_id = serializers.IntegerField()
    quantity = serializers.IntegerField()
    selected = serializers.BooleanField()
