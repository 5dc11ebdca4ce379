"""What the front sends and gets about check-ins and tasks."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from points.tasks.models import Kind, Task
from shop.core.api.serializers import StrictIntegerField, StrictSerializer


class CalendarQuery(StrictSerializer):
    month = serializers.RegexField(
        r"^2\d{3}-(0[1-9]|1[0-2])\Z",
        required=False,
        error_messages={"invalid": _("Write a month as 2026-11.")},
        help_text="Such as `2026-11`; this month unless told.",
    )


class MakeUpIn(StrictSerializer):
    day = serializers.DateField()
    expected_cost_points = StrictIntegerField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="Refused when it costs something else meanwhile."
    )


class TokenIn(StrictSerializer):
    token = serializers.UUIDField()


class CompleteIn(StrictSerializer):
    token = serializers.UUIDField(required=False, help_text="Of the page that was browsed.")


class ShareVisitIn(StrictSerializer):
    invite_code = serializers.RegexField(r"^[A-Za-z0-9]{1,12}\Z", max_length=12)


class CheckInOut(serializers.Serializer[Any]):
    day = serializers.DateField()
    points = serializers.IntegerField(help_text="Of the table and of the merchant's rules together.")
    bonus_points = serializers.IntegerField(help_text="Of these, what the merchant's rules gave.")
    streak = serializers.IntegerField(help_text="Days in a row, this one included.")
    made_up = serializers.BooleanField()
    cost_points = serializers.IntegerField()


class CheckedDayOut(serializers.Serializer[Any]):
    day = serializers.DateField()
    points = serializers.IntegerField()
    streak = serializers.IntegerField()
    made_up = serializers.BooleanField()


class MakeUpsOut(serializers.Serializer[Any]):
    days = serializers.ListField(child=serializers.DateField(), help_text="Missed days that can be made up for.")
    free_left = serializers.IntegerField(help_text="Free cards left this month.")
    cost_points = serializers.IntegerField(
        allow_null=True, help_text="Of the next card: 0 while one is free, null where none is to be had."
    )


class CalendarOut(serializers.Serializer[Any]):
    month = serializers.CharField()
    today = serializers.DateField()
    is_open = serializers.BooleanField()
    checked_in_today = serializers.BooleanField()
    streak = serializers.IntegerField(help_text="Days in a row that still count today.")
    next_points = serializers.IntegerField(help_text="What the next check-in earns by the table.")
    days = CheckedDayOut(many=True)
    table = serializers.ListField(child=serializers.IntegerField(), help_text="Points of the days of a streak.")
    after_last = serializers.ChoiceField(Task.AfterLast.choices)
    make_up = MakeUpsOut()


class TaskOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    kind = serializers.ChoiceField(Kind.choices)
    name = serializers.CharField()
    description = serializers.CharField()
    link = serializers.CharField(help_text="The page on which it is done, if there is one.")
    points = serializers.IntegerField(help_text="What the next time earns.")
    period = serializers.ChoiceField(Task.Period.choices)
    times = serializers.IntegerField(help_text="How often in a period.")
    done = serializers.IntegerField(help_text="How often in this period so far.")
    progress = serializers.IntegerField()
    target = serializers.IntegerField(help_text="Seconds for browsing.")
    state = serializers.ChoiceField(["open", "done", "used_up"])
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)


class TasksOut(serializers.Serializer[Any]):
    items = TaskOut(many=True)
    next_cursor = serializers.CharField(allow_null=True, help_text="Always null: all tasks are on one page.")


class TaskDoneOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    points = serializers.IntegerField()


class BrowsingOut(serializers.Serializer[Any]):
    token = serializers.UUIDField()
    seconds = serializers.IntegerField(help_text="Measured so far.")
    target_seconds = serializers.IntegerField()
    beat_seconds = serializers.IntegerField(help_text="How often to call `beat` while the page is open.")
