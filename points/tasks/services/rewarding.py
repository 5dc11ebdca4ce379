"""What an achievement brings: points of the task, points of the merchant's rules, growth, and the fact of it.

Building blocks: they run inside the caller's transaction, with the member locked.
"""

from datetime import date, datetime

from django.db import connection
from django.db.models import F

from members.identity.models import Member
from members.tiers.services import earn_by_behaviour
from points.ledger.services import grant
from points.rules.events import EarningEvent
from points.rules.services import earn
from points.tasks.errors import TaskUsedUp
from points.tasks.events import BEHAVIOURS
from points.tasks.facts import MemberDid, TaskCompleted
from points.tasks.models import EVENT_KINDS, OCCASIONS, Task, TaskCompletion
from points.tasks.queries import points_for
from shop.core.clock import business_day
from shop.core.outbox import publish

_ONE_MORE_TODAY = """
INSERT INTO tasks_taskday (task_id, day, completed, most) VALUES (%s, %s, 1, %s)
ON CONFLICT (task_id, day) DO UPDATE SET completed = tasks_taskday.completed + 1, most = EXCLUDED.most
WHERE tasks_taskday.completed < EXCLUDED.most
"""


def give_points(*, task: Task, reference: str, member_id: int, points: int, number: int, now: datetime) -> None:
    """Points that are the member's at once; they expire by the task's policy, or the shop's."""
    if points == 0:
        return
    grant(
        reference=reference,
        member_id=member_id,
        points=points,
        source=task.kind,
        now=now,
        matures_at=now,
        policy_id=task.expiry_policy_id,
        trace={"task": task.code, "name": task.name, "number": number},
        note=task.name,
    )


def tell_deed(*, kind: str, reference: str, member_id: int, at: datetime, now: datetime, streak: int = 0) -> int:
    """Something was done, whatever tasks say of it: members grow by it, and the merchant's rules may reward it.

    Returns the points that the rules gave. Comes before `give_points`: counters of rules are locked before accounts.
    """
    behaviour = BEHAVIOURS.get(kind)
    if behaviour is not None:
        earn_by_behaviour(
            reference=f"{kind}:{reference}", member_id=member_id, behaviour=behaviour, earned_at=at, now=now
        )
    event = EarningEvent(kind=kind, reference=f"rules:{kind}:{reference}", member_id=member_id, at=at, streak=streak)
    return earn(event=event, now=now).points


def complete(*, task: Task, member: Member, key: str, number: int, at: datetime, now: datetime) -> TaskCompletion:
    """The member has done the task for the `number`-th time in the period. Raises TaskUsedUp."""
    day = business_day(at)
    _take_place(task, business_day(now))
    completion = TaskCompletion.objects.create(
        task=task,
        member=member,
        period_key=key,
        number=number,
        points=points_for(task, member, number=number, day=day),
        completed_at=now,
    )
    _tell(completion, at=at, now=now)
    give_points(
        task=task,
        reference=f"task:{completion.pk}",
        member_id=member.pk,
        points=completion.points,
        number=number,
        now=now,
    )
    publish(
        TaskCompleted(
            completion_id=completion.pk,
            member_id=member.pk,
            task=task.code,
            kind=task.kind,
            points=completion.points,
            at=now,
        )
    )
    return completion


def _tell(completion: TaskCompletion, *, at: datetime, now: datetime) -> None:
    """What is done at the member's own wish is told at once; whatever comes in batches, one by one later, so that no
    batch holds the counters of rules. What was told by a fact has been told already."""
    kind, reference, member_id = completion.task.kind, str(completion.pk), completion.member_id
    if kind in OCCASIONS:
        publish(MemberDid(member_id=member_id, kind=kind, reference=reference, at=at))
    elif kind not in EVENT_KINDS:
        tell_deed(kind=kind, reference=reference, member_id=member_id, at=at, now=now)


def _take_place(task: Task, day: date) -> None:
    """Count one more reward. Raises TaskUsedUp where a cap is reached; whatever was counted is then rolled back."""
    if task.daily_cap is not None:
        with connection.cursor() as cursor:
            cursor.execute(_ONE_MORE_TODAY, [task.pk, day, task.daily_cap])
            if not cursor.rowcount:
                raise TaskUsedUp
    if task.total_cap is not None:
        free = Task.objects.filter(pk=task.pk, completed__lt=F("total_cap"))
        if not free.update(completed=F("completed") + 1):
            raise TaskUsedUp
