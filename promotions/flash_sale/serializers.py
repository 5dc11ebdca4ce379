"""What a front sees of flash sales."""

from typing import Any

from rest_framework import serializers


class FlashSaleNameOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class FlashSaleItemOut(serializers.Serializer[Any]):
    """Ordered with `activity: {kind: "flash_sale", id}`; a unit costs `price_fen` and `points`. `reminded` is null for
    somebody who has not signed in.
    """

    id = serializers.IntegerField()
    product_id = serializers.IntegerField()
    sku_id = serializers.IntegerField()
    name = serializers.CharField()
    options = serializers.CharField(allow_blank=True)
    image_url = serializers.CharField(allow_blank=True)
    list_price_fen = serializers.IntegerField()
    price_fen = serializers.IntegerField()
    points = serializers.IntegerField()
    quota = serializers.IntegerField()
    left = serializers.IntegerField()
    limit_per_member = serializers.IntegerField(allow_null=True)
    reminded = serializers.BooleanField(allow_null=True)


class FlashSessionOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    sale = FlashSaleNameOut()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    is_running = serializers.BooleanField()
    items = FlashSaleItemOut(many=True)


class FlashSalesOut(serializers.Serializer[Any]):
    """Fronts count down by `server_time`, not by the clock of the phone."""

    server_time = serializers.DateTimeField()
    sessions = FlashSessionOut(many=True)


class ReminderOut(serializers.Serializer[Any]):
    item_id = serializers.IntegerField()
    asked_at = serializers.DateTimeField()
