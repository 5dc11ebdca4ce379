"""What the API answers about tiers."""

from typing import Any

from rest_framework import serializers

from members.identity.serializers import TierOut
from members.tiers.engine import Window
from members.tiers.models import TierChange


class BenefitsOut(serializers.Serializer[Any]):
    points_multiplier_bp = serializers.IntegerField()
    discount_bp = serializers.IntegerField()
    free_shipping = serializers.BooleanField()
    priority_shipping = serializers.BooleanField()
    exclusive_service = serializers.BooleanField()
    birthday_points = serializers.IntegerField()
    exclusive_zone = serializers.BooleanField()


class TierInUseOut(TierOut):
    threshold = serializers.IntegerField(help_text="Growth in the window to reach it.")
    retention = serializers.IntegerField(help_text="Growth to keep it for another period.")
    benefits = BenefitsOut()


class TiersOut(serializers.Serializer[Any]):
    items = TierInUseOut(many=True)


class GrowthWindowOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[each.value for each in Window])
    until = serializers.DateTimeField(allow_null=True, help_text="Where the window ends on a fixed day.")

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": serializers.DateTimeField(allow_null=True)}


class SetByHandOut(serializers.Serializer[Any]):
    until = serializers.DateTimeField(allow_null=True)


class NextTierOut(TierOut):
    threshold = serializers.IntegerField()
    growth_needed = serializers.IntegerField()


class KeepTierOut(serializers.Serializer[Any]):
    retention = serializers.IntegerField()
    growth = serializers.IntegerField(help_text="So far in the period that decides.")
    growth_needed = serializers.IntegerField()
    counts_from = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField()
    grace_until = serializers.DateTimeField()


class TierChangeOut(serializers.Serializer[Any]):
    to = TierOut()
    reason = serializers.ChoiceField(choices=TierChange.Reason.values)
    reason_label = serializers.CharField()
    changed_at = serializers.DateTimeField()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": TierOut()}


class MyTierOut(serializers.Serializer[Any]):
    tier = TierOut()
    benefits = BenefitsOut()
    growth = serializers.IntegerField(help_text="In the window.")
    window = GrowthWindowOut()
    valid_until = serializers.DateTimeField(allow_null=True, help_text="The first instant without it.")
    set_by_hand = SetByHandOut(allow_null=True)
    next = NextTierOut(allow_null=True)
    keep = KeepTierOut(allow_null=True)
    history = TierChangeOut(many=True, help_text="Newest first.")
