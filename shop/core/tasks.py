"""Scheduled and on-demand work of the core itself."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from celery import shared_task
from django.utils.translation import gettext_noop

from shop.core import invariants, outbox
from shop.core.alerts import clear_alerts, raise_alert
from shop.core.api.idempotency import forget_keys
from shop.core.jobs import job

BROKEN_LAW = "invariant:"


@shared_task(name=outbox.DELIVER_TASK)
def deliver_outbox_task(groups: list[list[int]]) -> None:
    outbox.deliver_chain(groups=groups)


@job("core.sweep_outbox", every=timedelta(seconds=10))
def sweep_outbox(now: datetime) -> Mapping[str, int]:
    return {"delivered": outbox.deliver_due(now=now)}


@job("core.tidy", at=(3, 30))
def tidy(now: datetime) -> Mapping[str, int]:
    return {
        "outbox_entries": outbox.forget_done(before=now - timedelta(days=14)),
        "idempotency_keys": forget_keys(before=now - timedelta(days=3)),
    }


@job("core.check_invariants", at=(4, 0))
def check_invariants(now: datetime) -> Mapping[str, int]:
    broken = invariants.violations()
    for name, sentences in broken.items():
        raise_alert(
            cause=BROKEN_LAW + name,
            message=gettext_noop("Invariant {law} is broken: {example}"),
            data={"law": name, "example": sentences[0][:120]},
            now=now,
        )
    clear_alerts(prefix=BROKEN_LAW, keep={BROKEN_LAW + name for name in broken})
    return {"broken": len(broken)}
