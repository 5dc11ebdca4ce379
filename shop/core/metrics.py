"""`/metrics` for Prometheus: what waits, what failed and how long jobs took; requests are counted by the web server.

Answered to whoever shows `METRICS_TOKEN`, and to nobody where none is set: it tells how busy a shop is.
"""

from collections.abc import Iterator

import redis
from django.conf import settings
from django.db.models import Min
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

from shop.core import clock
from shop.core.models import Alert, JobRun, OutboxEntry
from shop.core.schedule import job_problems
from shop.settings.queues import LONG_QUEUE, SHORT_QUEUE

MOST_COUNTED = 100_000
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics(request: HttpRequest) -> HttpResponse:
    told = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not constant_time_compare(told, settings.METRICS_TOKEN):
        raise Http404
    return HttpResponse("\n".join([*_outbox(), *_jobs(), *_queues(), ""]), content_type=CONTENT_TYPE)


def _gauge(name: str, what: str, *values: tuple[str, float]) -> Iterator[str]:
    """One family; each value with its label, or none."""
    yield f"# HELP lantern_{name} {what}"
    yield f"# TYPE lantern_{name} gauge"
    for label, value in values:
        yield f"lantern_{name}{label} {round(value, 3):.15g}"


def _outbox() -> Iterator[str]:
    waiting = OutboxEntry.objects.filter(status=OutboxEntry.Status.PENDING)
    parked = OutboxEntry.objects.filter(status=OutboxEntry.Status.PARKED)
    oldest = waiting.aggregate(oldest=Min("due_at"))["oldest"]
    late = max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0
    yield from _gauge("outbox_pending", "Facts that wait for delivery.", ("", waiting[:MOST_COUNTED].count()))
    yield from _gauge("outbox_late_seconds", "How long the longest overdue one has been due.", ("", late))
    yield from _gauge("outbox_parked", "Facts that a person must look at.", ("", parked[:MOST_COUNTED].count()))
    yield from _gauge("alerts", "Alerts on the home page of the console.", ("", Alert.objects.count()))


def _jobs() -> Iterator[str]:
    problems = len(job_problems(now=clock.now()))
    yield from _gauge("job_problems", "Scheduled jobs that failed or did not run.", ("", problems))
    runs = list(JobRun.objects.order_by("job"))
    succeeded = [(_label("job", run.job), run.succeeded_at.timestamp()) for run in runs if run.succeeded_at]
    took = [
        (_label("job", run.job), (run.finished_at - run.started_at).total_seconds()) for run in runs if run.finished_at
    ]
    yield from _gauge("job_success_timestamp_seconds", "When a job began that succeeded.", *succeeded)
    yield from _gauge("job_duration_seconds", "How long its last run took.", *took)


def _queues() -> Iterator[str]:
    """Nothing where Redis is away, which is a metric of its own."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        lengths = [(_label("queue", name), float(client.llen(name))) for name in (SHORT_QUEUE, LONG_QUEUE)]
    except (redis.RedisError, OSError):
        lengths = []
    finally:
        client.close()
    yield from _gauge("redis_up", "Whether the broker answers.", ("", bool(lengths)))
    yield from _gauge("queue_length", "Tasks that no worker has taken yet.", *lengths)


def _label(name: str, value: str) -> str:
    return f'{{{name}="{value}"}}'
