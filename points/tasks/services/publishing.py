"""A task goes live, and is taken down to be changed."""

from datetime import datetime

import structlog
from django.utils.translation import gettext as _

from points.tasks.errors import ShareRuleNotAcknowledged, TaskNotFound, TaskNotReady
from points.tasks.models import TRANSITIONS, Kind, Task
from shop.core.actors import Actor
from shop.core.state import check_transition
from shop.core.transactions import use_case

log = structlog.get_logger(__name__)


@use_case
def publish_task(
    *, task_id: int, actor: Actor, now: datetime, acknowledges_share_rule: bool = False, rewards_visit: bool = False
) -> Task:
    """Let a task earn from now on.

    One that rewards the act of sharing needs somebody who knows that WeChat forbids it; with `rewards_visit` it comes
    to reward the friend's visit instead. Raises TaskNotReady, ShareRuleNotAcknowledged, IllegalTransition.
    """
    task = _locked(task_id)
    check_transition(TRANSITIONS, current=task.status, target=Task.Status.LIVE)
    if task.kind == Kind.SHARE_ACT and rewards_visit:
        task.kind = Kind.SHARE
    if task.kind == Kind.SHARE_ACT:
        if not acknowledges_share_rule:
            raise ShareRuleNotAcknowledged
        task.rule_acknowledged_by, task.rule_acknowledged_at = str(actor)[:80], now
    problem = _problem(task, now)
    if problem:
        raise TaskNotReady(reason=problem)
    # Whoever was completing it meanwhile holds a key on the row that is locked, so that the count is whole.
    task.completed = task.completions.count()
    task.status, task.live_since = Task.Status.LIVE, now
    task.save()
    log.info("task_published", task=task.code, actor=str(actor))
    return task


@use_case
def pause_task(*, task_id: int, actor: Actor, now: datetime) -> Task:
    """Let it earn no more, until it is published again. Raises IllegalTransition."""
    task = _locked(task_id)
    check_transition(TRANSITIONS, current=task.status, target=Task.Status.PAUSED)
    task.status = Task.Status.PAUSED
    task.save()
    log.info("task_paused", task=task.code, actor=str(actor))
    return task


def _locked(task_id: int) -> Task:
    task = Task.objects.select_for_update().filter(pk=task_id).first()
    if task is None:
        raise TaskNotFound
    return task


def _problem(task: Task, now: datetime) -> str:
    """Why it would never earn anything, in the reader's language; empty where all is well."""
    if task.ends_at is not None and task.ends_at <= now:
        return _("it has ended.")
    if task.kind == Kind.CHECK_IN and _another_check_in(task):
        return _("there is another check-in that is live.")
    if task.total_cap is not None and task.completions.count() > task.total_cap:
        return _("more rewards were given already than there are in all.")
    # A birthday also brings the gift of the tier.
    if not task.points and not task.steps.filter(points__gt=0).exists() and task.kind != Kind.BIRTHDAY:
        return _("it has no reward.")
    return ""


def _another_check_in(task: Task) -> bool:
    return Task.objects.filter(kind=Kind.CHECK_IN, status=Task.Status.LIVE).exclude(pk=task.pk).exists()
