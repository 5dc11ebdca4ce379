"""Waiting orders are planned together, and their plan is committed in small transactions.

Nothing is locked while planning. Whoever loses a unit meanwhile, and every order that a plan cannot serve whole, is
tried by itself, so that the next round finds it with its reasons. A process that dies loses nothing: what it had not
committed still waits and is due again when its lease ends.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db.models import QuerySet

from logistics.allocation.deciding import Decision, decide
from logistics.allocation.models import FulfilmentRequest, PlanningRound
from logistics.allocation.optimiser import MOST_LINES
from logistics.allocation.policies import live_terms
from logistics.allocation.services.allocating import retry_fulfilment
from logistics.allocation.services.committing import commit_decisions
from logistics.allocation.services.reading import lines_of, read_inputs
from logistics.allocation.services.rows import Status
from shop.catalog.errors import ReservationNotHeld
from shop.core.transactions import use_case

AT_ONCE = 2_000
LEASE = timedelta(minutes=2)
MICRO_BATCH = 100

log = structlog.get_logger(__name__)


def plan_waiting(*, requests: "QuerySet[FulfilmentRequest]", now: datetime) -> dict[str, int]:
    """Plan these of the waiting requests, by priority, then the longest waiting first; returns how many were tried and
    allocated.

    They are this process's for `LEASE`: others that plan meanwhile take others, and if it dies they are due again.
    """
    chosen = claim(requests=requests, now=now)
    allocated = _plan_together(chosen, now)
    left = [request for request in chosen if request.pk not in allocated]
    alone = sum(retry_fulfilment(request_id=request.pk, now=now) for request in left)
    return {"tried": len(chosen), "allocated": len(allocated) + alone}


@use_case
def claim(*, requests: "QuerySet[FulfilmentRequest]", now: datetime) -> list[FulfilmentRequest]:
    waiting = requests.filter(status=Status.WAITING).order_by("-priority", "retry_at", "pk")
    claimed = list(waiting.select_for_update(no_key=True, skip_locked=True, of=("self",))[:AT_ONCE])
    FulfilmentRequest.objects.filter(pk__in=[each.pk for each in claimed]).update(retry_at=now + LEASE)
    return claimed


def _plan_together(requests: Sequence[FulfilmentRequest], now: datetime) -> set[int]:
    lines = lines_of(requests)
    asked = [
        (request, lines[request.pk])
        for request in requests
        if 0 < len(lines[request.pk]) <= MOST_LINES and not request.unheld
    ]
    if not asked:
        return set()
    inputs = read_inputs(asked=asked, terms=live_terms(), now=now)
    outcome = decide(inputs)
    allocated: set[int] = set()
    planned = [decision for decision in outcome.decisions if decision.parcels]
    for start in range(0, len(planned), MICRO_BATCH):
        allocated |= _committed(planned[start : start + MICRO_BATCH], now)
    if planned:
        PlanningRound.objects.create(
            planned_at=now,
            orders=len(inputs.wanted),
            allocated=len(allocated),
            cost_fen=outcome.cost_fen,
            nearest_fen=outcome.nearest_fen,
            inputs_digest=inputs.digest(),
            fingerprint=outcome.fingerprint(),
            inputs=inputs.kept(),
        )
    return allocated


def _committed(decisions: Sequence[Decision], now: datetime) -> set[int]:
    try:
        return commit_decisions(decisions=decisions, now=now)
    except ReservationNotHeld as error:
        # One order's hold is not what it should be: each is tried by itself and shows which.
        log.warning("micro_batch_refused", reason=str(error))
        return set()
