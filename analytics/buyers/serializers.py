"""Shapes of the staff API of this room."""

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from analytics.traffic.filters import EARLIEST, LATEST
from shop.core.api.serializers import StrictSerializer

MOST_DAYS = 731
NAMES = {"date_from": "from", "date_to": "to"}


def is_period(first: date | None, last: date | None) -> bool:
    """Either may be missing."""
    given = [day for day in (first, last) if day]
    return all(EARLIEST <= day <= LATEST for day in given) and (
        not first or not last or 0 <= (last - first).days < MOST_DAYS
    )


class PeriodQuery(StrictSerializer):
    """Shanghai days, both included; without them the 30 days up to yesterday."""

    date_from = serializers.DateField(required=False, source="first")
    date_to = serializers.DateField(required=False, source="last")

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name that Python allows."""
        return {NAMES.get(name, name): field for name, field in super().get_fields().items()}

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if not is_period(values.get("first"), values.get("last")):
            raise serializers.ValidationError({"to": _("The period ends before it begins, or is too long.")})
        return values


class LeaderboardQuery(PeriodQuery):
    of = serializers.ChoiceField(choices=["products", "buyers", "distributors"], default="products")


class StageOut(serializers.Serializer[Any]):
    stage = serializers.CharField()
    members = serializers.IntegerField()


class MoveOut(serializers.Serializer[Any]):
    came_from = serializers.CharField()
    went_to = serializers.CharField()
    members = serializers.IntegerField()


class ScoreOut(serializers.Serializer[Any]):
    recency = serializers.IntegerField()
    frequency = serializers.IntegerField()
    members = serializers.IntegerField()
    mean_fen = serializers.IntegerField()


class RepurchaseOut(serializers.Serializer[Any]):
    window = serializers.IntegerField(help_text="Days after the first purchase; 0 is the past year as a whole.")
    buyers = serializers.IntegerField()
    again = serializers.IntegerField()


class SegmentsOut(serializers.Serializer[Any]):
    stages = StageOut(many=True)
    moves = MoveOut(many=True)
    scores = ScoreOut(many=True)
    repurchase = RepurchaseOut(many=True)


class PointsDayOut(serializers.Serializer[Any]):
    day = serializers.DateField()
    earned = serializers.IntegerField()
    by_hand = serializers.IntegerField()
    used = serializers.IntegerField()
    expired = serializers.IntegerField()
    clawed_back = serializers.IntegerField()
    voided = serializers.IntegerField()
    closing = serializers.IntegerField()


class PointsFlowOut(serializers.Serializer[Any]):
    """opening + earned + by_hand - used - expired - clawed_back - voided = closing."""

    opening = serializers.IntegerField()
    earned = serializers.IntegerField()
    by_hand = serializers.IntegerField()
    used = serializers.IntegerField()
    expired = serializers.IntegerField()
    clawed_back = serializers.IntegerField()
    voided = serializers.IntegerField()
    closing = serializers.IntegerField()
    days = PointsDayOut(many=True)


class RankedOut(serializers.Serializer[Any]):
    place = serializers.IntegerField()
    id = serializers.IntegerField()
    name = serializers.CharField()
    units = serializers.IntegerField(allow_null=True)
    value_fen = serializers.IntegerField()


class RankingOut(serializers.Serializer[Any]):
    items = RankedOut(many=True)


class CohortOut(serializers.Serializer[Any]):
    month = serializers.DateField()
    size = serializers.IntegerField()
    returned = serializers.ListField(child=serializers.IntegerField(), help_text="Buyers, month by month since.")
    net_fen = serializers.IntegerField()


class CohortsOut(serializers.Serializer[Any]):
    items = CohortOut(many=True)


class CampaignOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    campaign_id = serializers.IntegerField()
    name = serializers.CharField()
    starts_at = serializers.DateTimeField()
    participants = serializers.IntegerField()
    orders = serializers.IntegerField()
    new_members = serializers.IntegerField()
    net_fen = serializers.IntegerField()
    cost_fen = serializers.IntegerField()
    return_bp = serializers.IntegerField(allow_null=True)


class CampaignsOut(serializers.Serializer[Any]):
    items = CampaignOut(many=True)
