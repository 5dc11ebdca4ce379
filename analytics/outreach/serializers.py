"""What the staff's tools read of plans and what came of them."""

from rest_framework import serializers

from analytics.outreach.lift import Verdict


class PlanOut(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    recipe = serializers.CharField()
    status = serializers.CharField()
    every = serializers.CharField()
    next_run_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    end_reason = serializers.CharField()


class PlansOut(serializers.Serializer):
    items = PlanOut(many=True)


class PartOut(serializers.Serializer):
    people = serializers.IntegerField()
    buyers = serializers.IntegerField()
    orders = serializers.IntegerField()
    net_fen = serializers.IntegerField()


class DifferenceOut(serializers.Serializer):
    """With the ends of its 95 percent interval."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class PlanResultOut(serializers.Serializer):
    """`share_difference` is of those who bought, `mean_difference_fen` of what each member paid."""

    plan = PlanOut()
    reached = serializers.IntegerField()
    delivered = serializers.IntegerField()
    opened = serializers.IntegerField()
    clicked = serializers.IntegerField()
    treated = PartOut()
    control = PartOut()
    verdict = serializers.ChoiceField(choices=[str(each) for each in Verdict])
    share_difference = DifferenceOut(allow_null=True)
    mean_difference_fen = DifferenceOut(allow_null=True)
    cost_fen = serializers.IntegerField()
    open_windows = serializers.IntegerField()
