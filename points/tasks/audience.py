"""For whom a task is: the tiers and segments that it names, everybody where it names none."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from members.segments.models import SegmentMembership
from members.segments.queries import current
from members.tiers.models import MemberTier
from members.tiers.rules import rules_in_force
from points.tasks.models import Task


@dataclass(frozen=True)
class Standing:
    """What decides which tasks a member sees."""

    tier_id: int
    segment_ids: frozenset[int]

    def sees(self, task: Task) -> bool:
        """For a task with prefetched tiers and segments."""
        tiers, segments = {each.pk for each in task.tiers.all()}, {each.pk for each in task.segments.all()}
        return (not tiers or self.tier_id in tiers) and (not segments or not segments.isdisjoint(self.segment_ids))


def standing_of(*, member_id: int, now: datetime) -> Standing:
    """Three queries at most."""
    tier_id = MemberTier.objects.filter(pk=member_id).values_list("tier_id", flat=True).first()
    segments = SegmentMembership.objects.filter(current(now=now), member_id=member_id)
    return Standing(
        tier_id=tier_id or rules_in_force().rules.base.tier_id,
        segment_ids=frozenset(segments.values_list("segment_id", flat=True)),
    )


def visible_to(tasks: Iterable[Task], standing: Standing) -> list[Task]:
    return [task for task in tasks if standing.sees(task)]


def audience_of(task: Task, *, now: datetime) -> Q:
    """The same as a condition on members, for work on many of them."""
    wanted = Q()
    tiers = {each.pk for each in task.tiers.all()}
    if tiers:
        wanted = Q(tier_standing__tier__in=tiers)
        if rules_in_force().rules.base.tier_id in tiers:
            wanted |= Q(tier_standing=None)
    segments = [each.pk for each in task.segments.all()]
    if segments:
        held = SegmentMembership.objects.filter(current(now=now), member=OuterRef("pk"), segment__in=segments)
        wanted &= Q(Exists(held))
    return wanted
