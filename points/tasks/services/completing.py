"""Tasks are done when the shop has seen it: told by facts, or found when the member asks.

The member is locked, so that events and completions of one member come one after the other; an event counts once for
a task whatever is told how often.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from members.identity.locks import lock_active_member
from members.identity.models import Member
from points.tasks.errors import CheckedInAlready, TaskDone, TaskNotFinished, TaskNotFound, TaskUsedUp
from points.tasks.facts import MemberDid
from points.tasks.locks import lock_earner
from points.tasks.models import Kind, Task, TaskCompletion, TaskEvent
from points.tasks.periods import period_key
from points.tasks.queries import open_to, progress_of
from points.tasks.services.browsing import measure
from points.tasks.services.check_in import check_in_locked
from points.tasks.services.rewarding import complete
from shop.core.clock import business_day
from shop.core.outbox import publish
from shop.core.transactions import use_case


@use_case
def complete_task(*, member_id: int, code: str, now: datetime, token: UUID | None = None) -> int:
    """Give the reward of a task that the shop has seen done; returns its points. `token` is that of a page.

    Raises TaskNotFound, TaskDone, TaskNotFinished, TaskUsedUp, BrowsingNotStarted, MemberBlocked.
    """
    member = lock_active_member(member_id=member_id)
    found = open_to(member_id=member_id, at=now, code=code)
    if not found:
        raise TaskNotFound
    task = found[0]
    if task.kind == Kind.CHECK_IN:
        return _check_in(member, now)
    if task.kind == Kind.BROWSE and token is not None:
        measure(member_id=member_id, task_id=task.pk, token=token, now=now)
    [progress] = progress_of(member=member, tasks=[task], now=now)
    if progress.done >= task.times:
        raise TaskDone
    if not progress.finished:
        raise TaskNotFinished(progress=progress.seen, target=progress.target)
    return complete(task=task, member=member, key=progress.key, number=progress.done + 1, at=now, now=now).points


def record_task_event(
    *, kind: str, member_id: int, reference: str, at: datetime, now: datetime, by_whom: str = ""
) -> int:
    """The member did something of `kind`; `reference` names the occasion. Returns how many rewards that brought.

    Inside the caller's transaction. Told again it changes nothing. Where others do it for the member, each of them,
    named by `by_whom`, counts once a period of the task. Who is blocked or gone earns nothing.
    """
    member = lock_earner(member_id=member_id)
    if member is None:
        return 0
    publish(MemberDid(member_id=member.pk, kind=kind, reference=reference, at=at))
    tasks = open_to(member_id=member.pk, at=at, kind=kind)
    return sum(_count(task, member, reference, by_whom, at=at, now=now) for task in tasks)


def _check_in(member: Member, now: datetime) -> int:
    try:
        return check_in_locked(member_id=member.pk, now=now)[0].points
    except CheckedInAlready as error:
        raise TaskDone from error


def _count(task: Task, member: Member, reference: str, by_whom: str, *, at: datetime, now: datetime) -> int:
    """Count the event and give the rewards that are due; where they are used up it is counted all the same."""
    key = period_key(task.period, business_day(at))
    done = TaskCompletion.objects.filter(task=task, member=member, period_key=key).count()
    if done >= task.times:
        return 0
    TaskEvent.objects.get_or_create(
        task=task,
        reference=f"{by_whom}→{member.pk}@{key}" if by_whom else reference,
        defaults={"member": member, "period_key": key, "happened_at": at},
    )
    seen = TaskEvent.objects.filter(task=task, member=member, period_key=key).count()
    given = 0
    while done < task.times and seen >= task.target * (done + 1):
        try:
            with transaction.atomic():
                complete(task=task, member=member, key=key, number=done + 1, at=at, now=now)
        except TaskUsedUp:
            break
        done, given = done + 1, given + 1
    return given
