"""Hours are judged; what is out of the ordinary is told once, until it is over.

One alarm of a measure at a time: it opens with the first hour that is out of bounds and closes after two calm ones, so
a figure at the edge wakes nobody twice. Its alert stands on the home page, from where it is mailed to who may see it,
and goes when it closes or somebody acknowledges it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext_noop

from analytics.anomalies.errors import AnomalyIsOver
from analytics.anomalies.judging import Hour, State, Verdict, judge_count, judge_share
from analytics.anomalies.models import Anomaly, Measure, Reading
from analytics.anomalies.preferences import (
    DEVIATIONS,
    IS_ON,
    LEAST_ORDERS,
    LEAST_PAYMENTS,
    LEAST_SESSIONS,
    LEAST_STOCK_OUTS,
)
from analytics.anomalies.reading import past_of, read_hours
from shop.core.actors import Actor
from shop.core.alerts import clear_alert, raise_alert
from shop.core.clock import SHANGHAI
from shop.core.transactions import use_case

CALM_HOURS = 2
# Of hours that were missed only the latest are judged: nobody is woken by what was days ago.
JUDGED = timedelta(hours=6)
PERMISSION = "anomalies.view_anomaly"
MESSAGES = {
    Measure.ORDERS: gettext_noop("{hour}: only {part} orders, usually {usual}"),
    Measure.PAYMENT_FAILURES: gettext_noop("{hour}: {part} of {whole} payments failed, usually {usual}"),
    Measure.BOUNCES: gettext_noop("{hour}: {part} of {whole} sessions bounced, usually {usual}"),
    Measure.STOCK_OUTS: gettext_noop("{hour}: {part} products on the shelf are sold out, usually {usual}"),
}


def watch(*, now: datetime) -> dict[str, int]:
    """Read and judge every hour that is due; returns how many were judged and how many alarms opened."""
    judged = opened = 0
    if IS_ON.value():
        for measure in Measure:
            hours, alarms = _watch(measure=measure, now=now)
            judged, opened = judged + hours, opened + alarms
    return {"evaluated": judged, "started": opened}


@use_case
def _watch(*, measure: Measure, now: datetime) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"anomalies:{measure}"])
    hours = [hour for hour in read_hours(measure, now=now) if hour > now - JUDGED]
    return len(hours), sum(judge(measure=measure, hour=hour, now=now) for hour in hours)


def judge(*, measure: Measure, hour: datetime, now: datetime) -> bool:
    """True when an alarm opens. Inside the caller's transaction."""
    reading = Reading.objects.get(measure=measure, hour=hour)
    verdict = verdict_of(measure, Hour(reading.part, reading.whole), past_of(measure, hour))
    anomaly = Anomaly.objects.select_for_update(no_key=True).filter(measure=measure, closed_at=None).first()
    if anomaly is None:
        if verdict.state is not State.ABNORMAL:
            return False
        _open(reading, verdict, now)
        return True
    # An hour of which nothing can be said leaves it as it is.
    if verdict.state is not State.UNKNOWN:
        anomaly.calm_hours = anomaly.calm_hours + 1 if verdict.state is State.CALM else 0
        if anomaly.calm_hours >= CALM_HOURS:
            anomaly.closed_at = now
            clear_alert(cause=_cause(measure))
        anomaly.save(update_fields=["calm_hours", "closed_at"])
    return False


@use_case
def acknowledge(*, anomaly_id: int, actor: Actor, now: datetime) -> Anomaly:
    """Somebody has seen it: it is told no more until it is over and comes back. Raises AnomalyIsOver."""
    anomaly = Anomaly.objects.select_for_update(no_key=True).get(pk=anomaly_id)
    if anomaly.closed_at is not None:
        raise AnomalyIsOver
    if anomaly.acknowledged_at is None:
        anomaly.acknowledged_at, anomaly.acknowledged_by = now, str(actor)[:80]
        anomaly.save(update_fields=["acknowledged_at", "acknowledged_by"])
        clear_alert(cause=_cause(anomaly.measure))
    return anomaly


def verdict_of(measure: Measure, hour: Hour, past: list[Hour]) -> Verdict:
    deviations = float(DEVIATIONS.value())
    if measure is Measure.ORDERS:
        counts = [each.part for each in past]
        return judge_count(hour.part, counts, is_low=True, least=LEAST_ORDERS.value(), deviations=deviations)
    if measure is Measure.STOCK_OUTS:
        counts = [each.part for each in past]
        return judge_count(hour.part, counts, is_low=False, least=LEAST_STOCK_OUTS.value(), deviations=deviations)
    least = LEAST_PAYMENTS if measure is Measure.PAYMENT_FAILURES else LEAST_SESSIONS
    return judge_share(hour, past, least=least.value(), deviations=deviations)


def shown_usual(measure: str, usual: float) -> str:
    is_share = measure in (Measure.PAYMENT_FAILURES, Measure.BOUNCES)
    return f"{usual * 100:.1f}%" if is_share else f"{usual:g}"


def told(anomaly: Anomaly) -> tuple[str, dict[str, Any]]:
    """The sentence, and what it is filled with."""
    hour = f"{anomaly.hour.astimezone(SHANGHAI):%m-%d %H:00}"
    values = {"part": anomaly.part, "whole": anomaly.whole, "usual": shown_usual(anomaly.measure, anomaly.usual)}
    return MESSAGES[Measure(anomaly.measure)], {"hour": hour, **values}


def _open(reading: Reading, verdict: Verdict, now: datetime) -> None:
    anomaly = Anomaly.objects.create(
        measure=reading.measure,
        hour=reading.hour,
        part=reading.part,
        whole=reading.whole,
        usual=verdict.usual,
        opened_at=now,
    )
    message, data = told(anomaly)
    link = reverse("admin:anomalies_anomaly_changelist")
    raise_alert(cause=_cause(anomaly.measure), message=message, data=data, link=link, permission=PERMISSION, now=now)


def _cause(measure: str) -> str:
    return f"anomaly:{measure}"
