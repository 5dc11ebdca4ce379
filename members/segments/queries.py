"""Reads of segments, for campaigns above and for staff."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from members.identity.models import Member
from members.segments.models import SegmentMembership


def current(*, now: datetime) -> Q:
    """The condition that a membership holds at `now`."""
    return Q(since__lte=now) & (Q(until=None) | Q(until__gt=now))


def audience(
    *, segment_ids: Collection[int], now: datetime, without_segment_ids: Collection[int] = ()
) -> QuerySet[Member]:
    """The active members who are in any of the segments at `now` and in none of `without_segment_ids`, each once."""
    mine = SegmentMembership.objects.filter(current(now=now), member=OuterRef("pk"))
    wanted = Member.objects.filter(Exists(mine.filter(segment__in=segment_ids)), status=Member.Status.ACTIVE)
    if without_segment_ids:
        wanted = wanted.exclude(Exists(mine.filter(segment__in=without_segment_ids)))
    return wanted


def is_in_any(*, member_id: int, segment_ids: Collection[int], now: datetime) -> bool:
    """Whether the member is in one of the segments at `now`; one query."""
    held = SegmentMembership.objects.filter(current(now=now), member_id=member_id, segment__in=segment_ids)
    return held.exists()


def segments_at(asked: Sequence[tuple[int, datetime]]) -> list[frozenset[int]]:
    """The segments that these members belonged to at these instants, in their order; one query for any number."""
    rows = SegmentMembership.objects.filter(member__in={member_id for member_id, _ in asked})
    held: dict[int, list[tuple[int, datetime, datetime | None]]] = {}
    for member_id, segment_id, since, until in rows.values_list("member_id", "segment_id", "since", "until"):
        held.setdefault(member_id, []).append((segment_id, since, until))
    return [
        frozenset(pk for pk, since, until in held.get(member_id, ()) if since <= at and (until is None or at < until))
        for member_id, at in asked
    ]
