"""What the API answers about earning points."""

from typing import Any

from rest_framework import serializers

from members.identity.serializers import TierOut


class GuideRuleOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    event = serializers.CharField(help_text="What earns the points, such as `order` or `check_in`.")
    event_label = serializers.CharField()
    sentence = serializers.CharField(help_text="The rule in plain words, in the language asked for.")
    is_open = serializers.BooleanField(help_text="Whether it is valid today.")
    first_day = serializers.DateField(allow_null=True)
    last_day = serializers.DateField(allow_null=True, help_text="The last day on which it is valid.")


class GuideTierOut(TierOut):
    points_multiplier_bp = serializers.IntegerField(help_text="10000 is once the points.")


class GuideOut(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="Of the rules; another one means that they have changed.")
    points_per_yuan = serializers.IntegerField(help_text="How many points are worth one yuan.")
    rules = GuideRuleOut(many=True)
    tiers = GuideTierOut(many=True, help_text="From below, what each tier multiplies points by.")
