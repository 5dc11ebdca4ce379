"""Four hours of the demo shop that were out of the ordinary, each beside the same hour of eight weeks, judged like any
other hour. The readings are not kept: what the running shop reads from now on is its own.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple

from django.db import transaction

from analytics.anomalies.judging import Hour
from analytics.anomalies.models import Anomaly, Measure, Reading
from analytics.anomalies.reading import HOUR, SOURCES, WEEK, last_hour
from analytics.anomalies.services import acknowledge, judge
from shop.core.actors import Actor
from shop.core.clock import SHANGHAI

MANAGER = Actor.staff("operator")
# An hour is judged so long after it, where its figure needs no time of its own.
AT_ONCE = timedelta(minutes=5)
SEEN_AFTER = timedelta(minutes=12)


class Story(NamedTuple):
    """`usual` are the weeks before, the latest first; `happened` the hour and those after it; `is_seen` while open."""

    measure: Measure
    days_ago: int
    at: int
    usual: Sequence[Hour]
    happened: Sequence[Hour]
    is_seen: bool


def _counts(*counts: int) -> list[Hour]:
    return [Hour(count, count) for count in counts]


def _shares(whole: int, *parts: int) -> list[Hour]:
    return [Hour(part, whole) for part in parts]


STORIES = (
    Story(Measure.PAYMENT_FAILURES, 2, 12, _shares(40, 2, 1, 2, 3, 2, 2, 1, 3), _shares(43, 15, 2, 3), False),
    Story(Measure.ORDERS, 1, 20, _counts(22, 26, 24, 25, 23, 24, 27, 21), _counts(6, 23, 25), False),
    Story(Measure.BOUNCES, 1, 21, _shares(100, 42, 40, 45, 38, 43, 41, 44, 46), _shares(120, 88), True),
    Story(Measure.STOCK_OUTS, 0, 0, _counts(2, 2, 1, 3, 2, 1, 2, 2), _counts(9), False),
)


def load(*, size: str, now: datetime) -> str:
    if Anomaly.objects.exists():
        return "anomalies are there"
    for story in STORIES:
        with transaction.atomic():
            _find(story, now)
        if story.is_seen:
            anomaly = Anomaly.objects.get(measure=story.measure)
            acknowledge(anomaly_id=anomaly.pk, actor=MANAGER, now=anomaly.opened_at + SEEN_AFTER)
    return f"{Anomaly.objects.count()} anomalies"


def _find(story: Story, now: datetime) -> None:
    first = _hour_of(story, now)
    hours = [first + n * HOUR for n in range(len(story.happened))]
    past = [
        Reading(measure=story.measure, hour=hour - week * WEEK, **each._asdict())
        for hour in hours
        for week, each in enumerate(story.usual, 1)
    ]
    then = [
        Reading(measure=story.measure, hour=hour, **each._asdict())
        for hour, each in zip(hours, story.happened, strict=True)
    ]
    kept = Reading.objects.bulk_create([*past, *then])
    settles = SOURCES[story.measure].settles if story.measure in SOURCES else AT_ONCE
    for hour in hours:
        judge(measure=story.measure, hour=hour, now=hour + HOUR + settles)
    Reading.objects.filter(pk__in=[reading.pk for reading in kept]).delete()


def _hour_of(story: Story, now: datetime) -> datetime:
    """Of today the latest that is over."""
    if not story.days_ago:
        return last_hour(now, AT_ONCE)
    day = now.astimezone(SHANGHAI).date() - timedelta(days=story.days_ago)
    return datetime.combine(day, time(story.at), SHANGHAI)
