"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from points.tasks.models import BrowseVisit, CheckIn, ShareVisit, TaskCompletion, TaskEvent
from points.tasks.services.check_in import join_runs


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """What both have done, the target has done once; days of the two make longer runs together."""
    days = CheckIn.objects.filter(member_id=target_id).values("day")
    check_ins = CheckIn.objects.filter(member_id=source_id).exclude(day__in=days).update(member_id=target_id)
    join_runs(member_id=target_id)
    join_runs(member_id=source_id)
    visitors = ShareVisit.objects.filter(member_id=target_id, day=OuterRef("day")).values("visitor")
    visits = ShareVisit.objects.filter(member_id=source_id).exclude(visitor__in=Subquery(visitors))
    BrowseVisit.objects.filter(member_id=source_id).delete()
    return {
        "check_ins": check_ins,
        "completed_tasks": _move_completions(source_id, target_id),
        "task_events": TaskEvent.objects.filter(member_id=source_id).update(member_id=target_id),
        "share_visits": visits.update(member_id=target_id),
    }


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """What was done and earned stays, as numbers of the shop; who visited whom, and when, goes."""
    return {
        "task_events": TaskEvent.objects.filter(member_id=member_id).delete()[0],
        "share_visits": ShareVisit.objects.filter(member_id=member_id).delete()[0]
        + ShareVisit.objects.filter(visitor=f"member:{member_id}").delete()[0],
        "browsing": BrowseVisit.objects.filter(member_id=member_id).delete()[0],
    }


def export(*, member_id: int) -> Mapping[str, Any]:
    check_ins = CheckIn.objects.filter(member_id=member_id).order_by("day")
    completions = TaskCompletion.objects.filter(member_id=member_id).order_by("pk")
    return {
        "check_ins": list(check_ins.values("day", "points", "made_up_on", "cost_points")),
        "tasks": list(completions.values("task__code", "period_key", "number", "points", "completed_at")),
    }


def _move_completions(source_id: int, target_id: int) -> int:
    theirs = TaskCompletion.objects.filter(
        member_id=target_id, task=OuterRef("task"), period_key=OuterRef("period_key")
    )
    mine = TaskCompletion.objects.filter(member_id=source_id)
    return mine.exclude(number__in=Subquery(theirs.values("number"))).update(member_id=target_id)
