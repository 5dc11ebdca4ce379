"""Segments that the merchant makes by a filter: saved, counted while they are typed, filled now and every night."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from analytics.buyers.criteria import matching
from analytics.buyers.errors import FilterHoldsItself, FilterIsEmpty
from analytics.buyers.facts import SegmentFilterSaved
from analytics.buyers.models import SegmentFilter
from members.segments.models import Segment
from members.segments.services import refresh_segment
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.transactions import use_case

SOURCE = "filter"
_OF_SEGMENTS = ("segments", "not_segments")


def preview_filter(*, criteria: Mapping[str, Any], now: datetime) -> int:
    """How many members it holds at the moment."""
    return matching(criteria, now=now).count()


@use_case
def save_filter(
    *, filter_id: int | None, name: str, description: str, criteria: Mapping[str, Any], actor: Actor, now: datetime
) -> SegmentFilter:
    """Make a segment, or change what it is made of; its members follow at once, in the background.

    Raises FilterIsEmpty, FilterHoldsItself.
    """
    if not criteria:
        raise FilterIsEmpty
    if filter_id is None:
        segment = Segment.objects.create(code=f"filter-{uuid4().hex[:12]}", name=name, description=description)
        saved = SegmentFilter(segment=segment, created_by=str(actor)[:80], created_at=now)
    else:
        saved = SegmentFilter.objects.select_for_update(no_key=True).get(pk=filter_id)
        Segment.objects.filter(pk=saved.segment_id).update(name=name, description=description)
        if any(saved.segment_id in criteria.get(part, ()) for part in _OF_SEGMENTS):
            raise FilterHoldsItself
    saved.criteria = dict(criteria)
    saved.save()
    publish(SegmentFilterSaved(filter_id=saved.pk, at=now))
    return saved


def refresh_filter(*, filter_id: int, now: datetime) -> int:
    """Fill the segment with whoever meets its criteria now; who does no longer goes out. Returns how many are in."""
    saved = SegmentFilter.objects.select_related("segment").filter(pk=filter_id).first()
    if saved is None:
        return 0
    members = matching(saved.criteria, now=now).order_by("pk").values_list("pk", flat=True)
    inside, _outside = refresh_segment(
        code=saved.segment.code, source=SOURCE, member_ids=members.iterator(chunk_size=5_000), now=now
    )
    return inside


def refresh_filters(*, now: datetime) -> int:
    """In the order in which they were made, so that those made of others come after them."""
    running = SegmentFilter.objects.filter(is_running=True).order_by("pk").values_list("pk", flat=True)
    return sum(refresh_filter(filter_id=pk, now=now) for pk in list(running))
