from typing import Any

from rest_framework import serializers


class StepsOut(serializers.Serializer[Any]):
    """How many came at least so far."""

    exposed = serializers.IntegerField()
    clicked = serializers.IntegerField()
    in_cart = serializers.IntegerField()
    ordered = serializers.IntegerField()
    paid = serializers.IntegerField()


class FunnelPartOut(StepsOut):
    part = serializers.CharField(help_text="A day, a front, a device, a product's id or an activity.")


class FunnelOut(StepsOut):
    parts = FunnelPartOut(many=True, help_text="They add up to the whole.")
