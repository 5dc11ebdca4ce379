"""Birthdays, anniversaries and member days: given by the clock, once a period, in batches.

Each batch is one transaction. Who has been given the reward is not found again, so that a run that was killed goes on
where it stopped; days that a stopped worker missed are made up for.
"""

from datetime import date, datetime

from django.db.models import Exists, OuterRef

from members.identity.models import Member
from members.notifications.services import notify
from points.tasks.audience import audience_of
from points.tasks.errors import TaskUsedUp
from points.tasks.models import OCCASIONS, Task, TaskCompletion
from points.tasks.notices import OCCASION
from points.tasks.periods import DAY, period_key
from points.tasks.queries import celebrating, open_tasks
from points.tasks.services.rewarding import complete
from shop.core.clock import business_day, day_bounds
from shop.core.transactions import use_case

BATCH = 200
DAYS_MADE_UP_FOR = 3


def celebrate(*, now: datetime, batch_size: int = BATCH, batches: int | None = None) -> dict[str, int]:
    """Give what is due today and was missed in the last days; returns how many members were given something.

    Members that somebody else is working on are left for the next run. `batches` limits the work of this run.
    """
    given, today = 0, business_day(now)
    for task in open_tasks(at=now, kind__in=OCCASIONS):
        for back in range(DAYS_MADE_UP_FOR - 1, -1, -1):
            day = today - back * DAY
            after = 0 if _was_live(task, day) else None
            while after is not None and (batches is None or batches > 0):
                got, after = _celebrate_batch(task, day, after=after, size=batch_size, now=now)
                given += got
                batches = batches - 1 if batches is not None else None
    return {"rewarded": given}


def _was_live(task: Task, day: date) -> bool:
    """Whether the task was there on that day, and is open on it."""
    start, end = day_bounds(day)
    return all(
        (
            task.live_since is None or task.live_since < end,
            task.starts_at is None or task.starts_at < end,
            task.ends_at is None or task.ends_at > start,
        )
    )


@use_case
def _celebrate_batch(task: Task, day: date, *, after: int, size: int, now: datetime) -> tuple[int, int | None]:
    """The next members by id; returns how many were given something, and the last id, None at the end."""
    key = period_key(task.period, day)
    done = TaskCompletion.objects.filter(task=task, period_key=key)
    due = Member.objects.filter(
        celebrating(task, day),
        audience_of(task, now=now),
        ~Exists(done.filter(member=OuterRef("pk"))),
        pk__gt=after,
        status=Member.Status.ACTIVE,
    )
    members = list(due.order_by("pk").select_for_update(no_key=True, of=("self",), skip_locked=True)[:size])
    # Somebody else may have been faster while the rows were being locked.
    have = set(done.filter(member__in=members).values_list("member_id", flat=True))
    given = 0
    try:
        for member in members:
            if member.pk not in have:
                _give(task, member, key, day=day, now=now)
                given += 1
    except TaskUsedUp:
        return given, None
    return given, members[-1].pk if members else None


def _give(task: Task, member: Member, key: str, *, day: date, now: datetime) -> None:
    start, end = day_bounds(day)
    at = now if start <= now < end else start
    completion = complete(task=task, member=member, key=key, number=1, at=at, now=now)
    if completion.points:
        notify(
            event=OCCASION,
            member_id=member.pk,
            context={"occasion": task.name, "points": completion.points},
            dedupe_key=f"task:{completion.pk}",
            now=now,
        )
