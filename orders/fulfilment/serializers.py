"""Answers about parcels."""

from typing import Any

from rest_framework import serializers

from logistics.shipments.models import ShipmentStatus


class ParcelCarrierOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()


class ParcelLineOut(serializers.Serializer[Any]):
    sku_id = serializers.IntegerField()
    quantity = serializers.IntegerField()


class ParcelEventOut(serializers.Serializer[Any]):
    state = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    place = serializers.CharField(allow_blank=True)
    happened_at = serializers.DateTimeField()


class ParcelOut(serializers.Serializer[Any]):
    number = serializers.CharField()
    after_sale_number = serializers.CharField(allow_null=True, help_text="Of a replacement.")
    status = serializers.ChoiceField(ShipmentStatus.choices)
    carrier = ParcelCarrierOut(allow_null=True)
    tracking_number = serializers.CharField(allow_blank=True)
    promised_at = serializers.DateTimeField(allow_null=True)
    shipped_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    lines = ParcelLineOut(many=True)
    events = ParcelEventOut(many=True)


class ParcelsOut(serializers.Serializer[Any]):
    items = ParcelOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)
