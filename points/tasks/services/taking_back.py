"""A deed that did not count after all, such as a review that is hidden for abuse: what it brought is taken back.

Building block, inside the caller's transaction; told again it changes nothing. What was taken does not come back when
the deed counts again: the place in the period stays used, so that nobody earns it twice.
"""

from datetime import datetime

from members.tiers.services import take_back_growth
from points.ledger.models import PointTransaction
from points.ledger.services import claw_back
from points.rules.services import undo
from points.tasks.locks import lock_doer
from points.tasks.models import TaskCompletion, TaskEvent


def take_back_task_event(*, kind: str, member_id: int, reference: str, now: datetime) -> int:
    """Undo what `record_task_event` brought for the occasion; returns how many points were taken back."""
    member_id = lock_doer(member_id=member_id)
    deed = f"{kind}:{reference}"
    steps = TaskEvent.objects.filter(member_id=member_id, task__kind=kind, reference=reference).select_related("task")
    taken = sum(_withdraw(step, now) for step in steps.order_by("pk"))
    taken += undo(of=f"rules:{deed}", reference=f"{deed}:undone", now=now)
    take_back_growth(reference=f"{deed}:undone", earning=deed, left=0, now=now)
    return taken


def _withdraw(step: TaskEvent, now: datetime) -> int:
    """Take the step out of its period, and the rewards that the others do not bring."""
    task, period = step.task, {"member_id": step.member_id, "task": step.task, "period_key": step.period_key}
    step.delete()
    deserved = TaskEvent.objects.filter(**period).count() // task.target
    return sum(_take(each, now) for each in TaskCompletion.objects.filter(**period, number__gt=deserved).order_by("pk"))


def _take(completion: TaskCompletion, now: datetime) -> int:
    of = f"task:{completion.pk}"
    if not completion.points or PointTransaction.objects.filter(reference=f"{of}:undone").exists():
        return 0
    claw_back(of=of, reference=f"{of}:undone", points=completion.points, now=now)
    return completion.points
