"""What the front gets about a member's points."""

from typing import Any

from rest_framework import serializers

from points.ledger.models import PointTransaction


class ExpiringOut(serializers.Serializer[Any]):
    points = serializers.IntegerField()
    last_valid_at = serializers.DateTimeField(help_text="The last second in which they can be spent.")


class PointsOut(serializers.Serializer[Any]):
    available = serializers.IntegerField()
    pending = serializers.IntegerField(help_text="Earned, and not to be spent yet.")
    held = serializers.IntegerField(help_text="Set aside for an order or a gift under way.")
    debt = serializers.IntegerField(help_text="Taken back after they were spent; what is earned next repays it.")
    expiring = ExpiringOut(many=True, help_text="The soonest first.")
    worth_fen = serializers.IntegerField(help_text="Of what is available.")


class TraceOut(serializers.Serializer[Any]):
    rule = serializers.CharField(allow_blank=True)
    code = serializers.CharField()
    points = serializers.IntegerField()
    message = serializers.CharField()


class EntryOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(PointTransaction.Kind.choices)
    source = serializers.CharField()  # type: ignore[assignment]
    points = serializers.IntegerField(help_text="What comes is positive, what goes is negative.")
    at = serializers.DateTimeField()
    reason = serializers.CharField()
    trace = TraceOut(many=True, help_text="Rule by rule what was earned, and why other rules gave nothing.")


class EntryPageOut(serializers.Serializer[Any]):
    items = EntryOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)
