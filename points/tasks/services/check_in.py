"""The daily check-in: once a Shanghai day, more for each day in a row; a missed day can be made up for.

The member is locked, so that a run is always read as it stands; the unique (member, day) stands behind that.
"""

from datetime import date, datetime

from django.db import connection

from members.identity.locks import lock_active_member
from points.ledger.services import spend
from points.tasks.errors import (
    CheckedInAlready,
    CheckInClosed,
    MakeUpCostChanged,
    MakeUpNotPossible,
    NoMakeUpCardLeft,
)
from points.tasks.facts import CheckedIn
from points.tasks.models import CheckIn, Kind, Task
from points.tasks.periods import DAY
from points.tasks.preferences import MAKE_UP_EARNS
from points.tasks.queries import make_ups_of, open_to, reward_of
from points.tasks.services.rewarding import give_points, tell_deed
from shop.core.clock import business_day
from shop.core.outbox import publish
from shop.core.transactions import use_case

# Days in a row minus their rank among the member's days are one date per run.
_JOIN_RUNS = """
WITH islands AS (
    SELECT id, day, day - (row_number() OVER (ORDER BY day))::int AS island
    FROM tasks_checkin WHERE member_id = %s
), runs AS (
    SELECT id, min(day) OVER (PARTITION BY island) AS run_from FROM islands
)
UPDATE tasks_checkin SET run_from = runs.run_from FROM runs
WHERE tasks_checkin.id = runs.id AND tasks_checkin.run_from <> runs.run_from
"""


@use_case
def check_in(*, member_id: int, now: datetime) -> tuple[CheckIn, int]:
    """Check in today; returns that and the points that rules gave on top. Raises CheckedInAlready, CheckInClosed."""
    lock_active_member(member_id=member_id)
    return check_in_locked(member_id=member_id, now=now)


def check_in_locked(*, member_id: int, now: datetime) -> tuple[CheckIn, int]:
    """The same inside the caller's transaction, which holds the member's lock."""
    today = business_day(now)
    task = _open_task(member_id, now)
    mine = CheckIn.objects.filter(member_id=member_id)
    if mine.filter(day=today).exists():
        raise CheckedInAlready
    run_from = mine.filter(day=today - DAY).values_list("run_from", flat=True).first() or today
    made = CheckIn(member_id=member_id, day=today, run_from=run_from, checked_in_at=now)
    made.points = reward_of(task).for_number(made.streak)
    made.save(force_insert=True)
    bonus = tell_deed(
        kind=Kind.CHECK_IN, reference=str(made.pk), member_id=member_id, at=now, now=now, streak=made.streak
    )
    _give(task, made, now)
    publish(CheckedIn(member_id=member_id, day=today, streak=made.streak, points=made.points, at=now))
    return made, bonus


@use_case
def make_up(*, member_id: int, day: date, now: datetime, expected_cost_points: int | None = None) -> CheckIn:
    """Make up for a missed day, with a free card of this month or for points, so that its two runs become one.

    Raises MakeUpNotPossible, CheckedInAlready, NoMakeUpCardLeft, MakeUpCostChanged, InsufficientPoints, CheckInClosed.
    """
    member = lock_active_member(member_id=member_id)
    today = business_day(now)
    task = _open_task(member_id, now)
    if CheckIn.objects.filter(member_id=member_id, day=day).exists():
        raise CheckedInAlready
    cards = make_ups_of(member_id=member_id, joined_on=business_day(member.joined_at), today=today)
    if day not in cards.days:
        raise MakeUpNotPossible
    cost = cards.next_cost
    if cost is None:
        raise NoMakeUpCardLeft
    if expected_cost_points not in (None, cost):
        raise MakeUpCostChanged(cost_points=cost)
    made = CheckIn(member_id=member_id, day=day, run_from=day, made_up_on=today, cost_points=cost, checked_in_at=now)
    before = CheckIn.objects.filter(member_id=member_id, day=day - DAY).values_list("run_from", flat=True).first()
    made.run_from = before or day
    made.points = reward_of(task).for_number(made.streak) if MAKE_UP_EARNS.value() else 0
    made.save(force_insert=True)
    join_runs(member_id=member_id)
    _give(task, made, now)
    if cost:
        spend(
            reference=f"make_up:{made.pk}", member_id=member_id, points=cost, source="check_in", now=now, note=task.name
        )
    return made


def join_runs(*, member_id: int) -> None:
    """Let each of the member's days know the run that it belongs to, inside the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_JOIN_RUNS, [member_id])


def _open_task(member_id: int, now: datetime) -> Task:
    found = open_to(member_id=member_id, at=now, kind=Kind.CHECK_IN)
    if not found:
        raise CheckInClosed
    return found[0]


def _give(task: Task, made: CheckIn, now: datetime) -> None:
    give_points(
        task=task,
        reference=f"check_in:{made.pk}",
        member_id=made.member_id,
        points=made.points,
        number=made.streak,
        now=now,
    )
