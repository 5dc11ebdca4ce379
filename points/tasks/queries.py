"""Reads of tasks and check-ins: what is open to a member, how far they are, and the calendar of a month."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from members.identity.models import Member
from members.tiers.queries import benefits_of
from points.rules.preferences import MEMBER_DAY
from points.tasks.audience import standing_of, visible_to
from points.tasks.models import OCCASIONS, BrowseVisit, CheckIn, Kind, Task, TaskCompletion, TaskDay, TaskEvent
from points.tasks.periods import DAY, celebrated_on, falls_on, month_bounds, period_key
from points.tasks.preferences import MAKE_UP_COST_POINTS, MAKE_UP_DAYS_BACK, MAKE_UP_FREE_PER_MONTH
from points.tasks.rewards import Reward
from shop.core.clock import SHANGHAI, business_day

PROFILE_FIELDS = ("nickname", "avatar_url", "birthday", "phone")


@dataclass(frozen=True)
class Progress:
    """A member's part in one task in its present period: how often done, and how far the next time is."""

    task: Task
    key: str
    done: int
    seen: int
    target: int

    @property
    def finished(self) -> bool:
        return self.done < self.task.times and self.seen >= self.target


def open_tasks(*, at: datetime, **which: Any) -> QuerySet[Task]:
    """The tasks that earn at the instant `at`, with all that their rewards and audiences need; four queries."""
    window = (Q(starts_at=None) | Q(starts_at__lte=at)) & (Q(ends_at=None) | Q(ends_at__gt=at))
    live = Task.objects.filter(window, status=Task.Status.LIVE, **which)
    return live.prefetch_related("steps", "tiers", "segments")


def open_to(*, member_id: int, at: datetime, **which: Any) -> list[Task]:
    """Those of them that are for this member."""
    tasks = list(open_tasks(at=at, **which))
    return visible_to(tasks, standing_of(member_id=member_id, now=at)) if tasks else []


def reward_of(task: Task) -> Reward:
    """For a task with prefetched steps."""
    return Reward(task.points, tuple(step.points for step in task.steps.all()), task.after_last)


def latest_check_in(*, member_id: int) -> CheckIn | None:
    return CheckIn.objects.filter(member_id=member_id).order_by("-day").first()


def streak_on(*, latest: CheckIn | None, today: date) -> int:
    """Days in a row that still count today: the run ends today, or did yesterday and may go on."""
    if latest is None or latest.day < today - DAY:
        return 0
    return latest.streak


def progress_of(*, member: Member, tasks: Iterable[Task], now: datetime) -> list[Progress]:
    """How far the member is with each task; a constant number of queries."""
    today = business_day(now)
    keys = {task.pk: period_key(task.period, today) for task in tasks}
    mine = Q(member=member, task__in=keys, period_key__in=set(keys.values()))
    done = _counted(TaskCompletion.objects.filter(mine))
    seen = _counted(TaskEvent.objects.filter(mine))
    visit = BrowseVisit.objects.filter(member=member).first()
    checked_in = CheckIn.objects.filter(member=member, day=today).exists()
    found = []
    for task in tasks:
        place = (task.pk, keys[task.pk])
        times = done.get(place, 0)
        if task.kind == Kind.CHECK_IN:
            times = int(checked_in)
        progress, target = _seen(task, member, visit, seen.get(place, 0) - task.target * times, keys[task.pk], today)
        found.append(Progress(task, keys[task.pk], times, min(max(progress, 0), target), target))
    return found


def _counted(rows: QuerySet[Any]) -> dict[tuple[int, str], int]:
    counted = rows.order_by().values_list("task_id", "period_key").annotate(n=Count("pk"))
    return {(task_id, key): n for task_id, key, n in counted}


def _seen(task: Task, member: Member, visit: BrowseVisit | None, events: int, key: str, today: date) -> tuple[int, int]:
    """What the shop has seen of the next time, and what it must see."""
    if task.kind == Kind.PROFILE:
        return sum(bool(getattr(member, name)) for name in PROFILE_FIELDS), len(PROFILE_FIELDS)
    if task.kind == Kind.BROWSE:
        measured = visit is not None and (visit.task_id, visit.period_key) == (task.pk, key)
        return visit.milliseconds // 1000 if visit and measured else 0, task.target
    if task.kind in OCCASIONS:
        return int(is_occasion(task, member, today)), 1
    if task.kind == Kind.SHARE_ACT:
        return 1, 1
    return (0, 1) if task.kind == Kind.CHECK_IN else (events, task.target)


def is_occasion(task: Task, member: Member, day: date) -> bool:
    """Whether the member has cause to celebrate on this day."""
    if task.kind == Kind.BIRTHDAY:
        born = member.birthday
        return born is not None and falls_on(day, month=born.month, day_of_month=born.day)
    if task.kind == Kind.ANNIVERSARY:
        joined = business_day(member.joined_at)
        return joined.year < day.year and falls_on(day, month=joined.month, day_of_month=joined.day)
    return is_member_day(task, day)


def is_member_day(task: Task, day: date) -> bool:
    """A day of the task's own, or the member day that the shop's earning rules know."""
    return falls_on(day, month=task.on_month or day.month, day_of_month=task.on_day or MEMBER_DAY.value())


def celebrating(task: Task, day: date) -> Q:
    """The same as a condition on members."""
    dates = Q()
    column = "birthday" if task.kind == Kind.BIRTHDAY else "joined_at"
    for month, day_of_month in celebrated_on(day):
        dates |= Q(**{f"{column}__month": month, f"{column}__day": day_of_month})
    if task.kind == Kind.BIRTHDAY:
        return dates
    if task.kind == Kind.ANNIVERSARY:
        return dates & Q(joined_at__lt=datetime(day.year, 1, 1, tzinfo=SHANGHAI))
    return Q() if is_member_day(task, day) else Q(pk=None)


def used_up(*, tasks: Iterable[Task], now: datetime) -> set[int]:
    """The keys of those tasks whose rewards are gone, for today or for good."""
    capped = [task for task in tasks if task.daily_cap is not None]
    days = TaskDay.objects.filter(task__in=capped, day=business_day(now), completed__gte=F("task__daily_cap"))
    gone = {task.pk for task in tasks if task.total_cap is not None and task.completed >= task.total_cap}
    return gone | set(days.values_list("task_id", flat=True))


@dataclass(frozen=True)
class MakeUps:
    """What a member may still make up for: the days, free cards left this month, the price of a further one."""

    days: list[date]
    free_left: int
    cost_points: int

    @property
    def next_cost(self) -> int | None:
        """Points for the next card: 0 while one is free, None where none is to be had."""
        if self.free_left:
            return 0
        return self.cost_points or None


def make_ups_of(*, member_id: int, joined_on: date, today: date) -> MakeUps:
    """Two queries."""
    first = max(today - MAKE_UP_DAYS_BACK.value() * DAY, joined_on)
    mine = CheckIn.objects.filter(member_id=member_id)
    there = set(mine.filter(day__gte=first, day__lt=today).values_list("day", flat=True))
    missed = [first + n * DAY for n in range((today - first).days) if first + n * DAY not in there]
    month, after = month_bounds(today)
    used = mine.filter(made_up_on__gte=month, made_up_on__lt=after, cost_points=0).count()
    return MakeUps(missed, max(MAKE_UP_FREE_PER_MONTH.value() - used, 0), MAKE_UP_COST_POINTS.value())


def calendar_of(*, member: Member, month: date | None, now: datetime) -> Mapping[str, Any]:
    """A month of check-ins (this one unless told), the streak, what the next day earns and what can be made up for."""
    today = business_day(now)
    first, after = month_bounds(month or today)
    rows = CheckIn.objects.filter(member=member, day__gte=first, day__lt=after).order_by("day")
    latest = latest_check_in(member_id=member.pk)
    streak, done = streak_on(latest=latest, today=today), latest is not None and latest.day == today
    found = open_to(member_id=member.pk, at=now, kind=Kind.CHECK_IN)
    reward = reward_of(found[0]) if found else None
    make_ups = make_ups_of(member_id=member.pk, joined_on=business_day(member.joined_at), today=today)
    return {
        "month": f"{first:%Y-%m}",
        "today": today,
        "is_open": reward is not None,
        "checked_in_today": done,
        "streak": streak,
        "next_points": reward.for_number(streak + 1) if reward else 0,
        "days": [
            {
                "day": row.day,
                "points": row.points,
                "streak": row.streak,
                "made_up": row.made_up_on is not None,
            }
            for row in rows
        ],
        "table": list(reward.steps or (reward.points,)) if reward else [],
        "after_last": found[0].after_last if found else Task.AfterLast.REPEAT,
        "make_up": {
            "days": make_ups.days if reward else [],
            "free_left": make_ups.free_left,
            "cost_points": make_ups.next_cost,
        },
    }


def points_for(task: Task, member: Member, *, number: int, day: date) -> int:
    """What doing the task for the `number`-th time in a period earns. A birthday also brings the gift of the tier."""
    if task.kind == Kind.ANNIVERSARY:
        number = max(day.year - business_day(member.joined_at).year, 1)
    points = reward_of(task).for_number(number)
    if task.kind == Kind.BIRTHDAY:
        points += benefits_of(member_id=member.pk).birthday_points
    return points


def describe(progress: Progress, member: Member, *, streak: int, gone: set[int], today: date) -> Mapping[str, Any]:
    """A task as its member sees it; `points` is what the next time earns."""
    task = progress.task
    number = streak + 1 if task.kind == Kind.CHECK_IN else progress.done + 1
    state = "done" if progress.done >= task.times else "used_up" if task.pk in gone else "open"
    return {
        "code": task.code,
        "kind": task.kind,
        "name": str(task),
        "description": task.description,
        "link": task.link,
        "points": points_for(task, member, number=number, day=today),
        "period": task.period,
        "times": task.times,
        "done": progress.done,
        "progress": progress.target if state == "done" else progress.seen,
        "target": progress.target,
        "state": state,
        "starts_at": task.starts_at,
        "ends_at": task.ends_at,
    }


def tasks_of(*, member: Member, now: datetime) -> list[Mapping[str, Any]]:
    """The tasks open to the member, in the merchant's order."""
    tasks = open_to(member_id=member.pk, at=now)
    streak = streak_on(latest=latest_check_in(member_id=member.pk), today=business_day(now))
    gone = used_up(tasks=tasks, now=now)
    progress = progress_of(member=member, tasks=tasks, now=now)
    return [describe(each, member, streak=streak, gone=gone, today=business_day(now)) for each in progress]
