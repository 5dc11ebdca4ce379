"""Runs: begun when they are due, their members chosen in one transaction, then reached a batch at a time.

What a member gets and that they got it are written together: a worker that is killed leaves whole batches, and whoever
goes on finds the others. Two at once: a run is worked on by one of them. In the merchant's quiet hours nothing goes
out; it waits for the morning.
"""

import time
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from analytics.outreach.calendar import next_run
from analytics.outreach.choosing import choose, room_of
from analytics.outreach.facts import RunGoesOn
from analytics.outreach.models import Contact, ContactStatus, EndReason, Every, Plan, PlanStatus, Run, RunStatus
from analytics.outreach.services.acting import REFILL, act
from analytics.outreach.services.life import OPEN_RUNS, end, hold_up, lock_plan
from analytics.outreach.services.undoing import undo_batch
from members.notifications.services.routing import quiet_hours_end
from promotions.coupons.errors import CouponNotGivenNow
from shop.core import clock
from shop.core.outbox import publish
from shop.core.transactions import unit_of_work, use_case

BATCH = 200
SLICE_SECONDS = 10.0


def start_due(*, now: datetime) -> int:
    """Begin the runs that are due; returns how many."""
    due = Plan.objects.filter(status=PlanStatus.LIVE, next_run_at__lte=now).order_by("next_run_at", "pk")
    over = Plan.objects.filter(status__in=[PlanStatus.LIVE, PlanStatus.PAUSED], ends_at__lte=now).order_by("pk")
    started = sum(_start(plan_id=pk, now=now) for pk in list(due.values_list("pk", flat=True)))
    for pk in list(over.values_list("pk", flat=True)):
        _end_of_window(plan_id=pk, now=now)
    return started


def sweep(*, now: datetime, seconds: float = SLICE_SECONDS) -> int:
    """Go on with what a killed worker left, or was put off until now; returns how many runs.

    One that fails holds up no other: what failed is raised together when all have had their turn.
    """
    left = Run.objects.filter(status__in=[*OPEN_RUNS, RunStatus.UNDOING], not_before__lte=now).filter(
        Q(plan__status=PlanStatus.LIVE) | Q(status=RunStatus.UNDOING)
    )
    runs = list(left.order_by("not_before", "pk").values_list("pk", flat=True)[:20])
    failed = []
    for pk in runs:
        try:
            carry_on(run_id=pk, seconds=seconds)
        except Exception as error:
            error.add_note(f"run {pk}")
            failed.append(error)
    if failed:
        raise ExceptionGroup("Outreach runs that could not go on", failed)
    return len(runs)


def carry_on(*, run_id: int, seconds: float = SLICE_SECONDS) -> None:
    """Work for a while, then leave the rest to the next slice; never called inside a transaction."""
    ends = time.monotonic() + seconds
    while work_on(run_id=run_id, now=clock.now()):
        if time.monotonic() > ends:
            _leave(run_id=run_id, now=clock.now())
            return


def work_on(*, run_id: int, now: datetime) -> bool:
    """One step of a run, in one transaction; whether there may be another one now."""
    with unit_of_work():
        return _step(run_id, now)


def _step(run_id: int, now: datetime) -> bool:
    open_now = Run.objects.filter(pk=run_id, not_before__lte=now)
    run = open_now.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
    if run is None:
        return False
    if run.status == RunStatus.UNDOING:
        return undo_batch(run, now=now)
    if run.status not in OPEN_RUNS:
        return False
    run.plan = plan = lock_plan(run.plan_id)
    if plan.status != PlanStatus.LIVE:
        return False
    morning = quiet_hours_end(now=now)
    if morning is not None:
        run.not_before = morning
        run.save(update_fields=["not_before"])
        return False
    return _choose(run, plan, now) if run.status == RunStatus.WAITING else _act(run, plan, now)


@use_case
def _start(*, plan_id: int, now: datetime) -> int:
    due = Plan.objects.filter(pk=plan_id, status=PlanStatus.LIVE, next_run_at__lte=now)
    plan = due.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
    if plan is None or plan.next_run_at is None or (plan.ends_at is not None and plan.ends_at <= now):
        return 0
    due_at = plan.next_run_at
    plan.next_run_at = None if plan.every == Every.ONCE else next_run(plan, after=now)
    plan.save(update_fields=["next_run_at"])
    # A run that takes longer than until the next one goes on instead of it.
    if plan.runs.filter(status__in=OPEN_RUNS).exists():
        return 0
    run = Run.objects.create(plan=plan, due_at=due_at, not_before=now)
    publish(RunGoesOn(run_id=run.pk, at=now))
    return 1


@use_case
def _end_of_window(*, plan_id: int, now: datetime) -> None:
    """What has not begun is not begun any more; who waits gets nothing."""
    runs = list(Run.objects.filter(plan=plan_id, status__in=OPEN_RUNS).order_by("pk").select_for_update(no_key=True))
    plan = lock_plan(plan_id)
    if plan.status in (PlanStatus.LIVE, PlanStatus.PAUSED):
        Contact.objects.filter(run__in=runs, status=ContactStatus.WAITING).update(status=ContactStatus.CANCELLED)
        Run.objects.filter(pk__in=[run.pk for run in runs]).update(status=RunStatus.STOPPED, finished_at=now)
        end(plan, EndReason.WINDOW, now=now)


def _choose(run: Run, plan: Plan, now: datetime) -> bool:
    if plan.coupon_template and not plan.coupon_template.is_live(now=now):
        hold_up(plan, CouponNotGivenNow.code, now=now)
        return False
    found = choose(run, now=now)
    if found is None:
        return False
    run.status, run.chosen_at = RunStatus.RUNNING, now
    run.treated, run.control, run.left_out = found.treated, found.control, dict(found.left_out)
    run.save(update_fields=["status", "chosen_at", "treated", "control", "left_out"])
    return True


def _act(run: Run, plan: Plan, now: datetime) -> bool:
    batch = list(run.contacts.filter(status=ContactStatus.WAITING).order_by("pk")[:BATCH])
    if not batch:
        _finish(run, plan, now)
        return False
    _record(act(plan, batch, now=now))
    if any(contact.reason in REFILL for contact in batch):
        hold_up(plan, CouponNotGivenNow.code, now=now)
        return False
    return True


def _record(contacts: Sequence[Contact]) -> None:
    Contact.objects.bulk_update(
        contacts, ["status", "reason", "acted_at", "coupon_number", "points", "notification_id"]
    )


def _finish(run: Run, plan: Plan, now: datetime) -> None:
    run.status, run.finished_at = RunStatus.DONE, now
    run.save(update_fields=["status", "finished_at"])
    if plan.every == Every.ONCE:
        end(plan, EndReason.DONE, now=now)
    elif room_of(plan) == 0:
        end(plan, EndReason.BUDGET, now=now)
    elif plan.next_run_at is None:
        end(plan, EndReason.WINDOW, now=now)


@use_case
def _leave(*, run_id: int, now: datetime) -> None:
    publish(RunGoesOn(run_id=run_id, at=now))
