"""Every change on a member's file."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import islice

from members.segments.models import BY_HAND, MemberNote, MemberTag, Segment, SegmentMembership
from shop.core.actors import Actor
from shop.core.transactions import use_case

BATCH = 5_000


@use_case
def set_tags(*, member_id: int, tag_ids: Collection[int], actor: Actor, now: datetime) -> None:
    """The member has these tags and no others; those that stay keep who gave them and when."""
    MemberTag.objects.filter(member_id=member_id).exclude(tag_id__in=tag_ids).delete()
    MemberTag.objects.bulk_create(
        [MemberTag(member_id=member_id, tag_id=pk, source=str(actor)[:80], tagged_at=now) for pk in sorted(tag_ids)],
        ignore_conflicts=True,
    )


def write_note(*, member_id: int, text: str, actor: Actor, now: datetime) -> MemberNote:
    """Inside the caller's transaction."""
    return MemberNote.objects.create(member_id=member_id, text=text, author=actor.name[:80], written_at=now)


def add_to_segment(*, segment_id: int, member_id: int, until: datetime | None, now: datetime) -> SegmentMembership:
    """A person puts the member into the segment; a membership of theirs that is there already gets the new window.

    Inside the caller's transaction.
    """
    membership, _new = SegmentMembership.objects.update_or_create(
        segment_id=segment_id,
        member_id=member_id,
        source=BY_HAND,
        defaults={"since": now, "until": until, "seen_at": now},
    )
    return membership


@use_case
def refresh_segment(
    *, code: str, source: str, member_ids: Iterable[int], now: datetime, until: datetime | None = None
) -> tuple[int, int]:
    """What `source` computed just now: these members and no others are in the segment, until it says otherwise or
    `until`. Who was in stays in since then; who is in no more is out from now.

    `member_ids` may be a generator over any number of members: memory is bounded. Returns (in, out). Raises
    Segment.DoesNotExist. Refreshes of a segment come one after the other; an older one that comes late changes nothing.
    """
    segment = Segment.objects.select_for_update(no_key=True).get(code=code)
    if SegmentMembership.objects.filter(segment=segment, source=source, seen_at__gt=now).exists():
        return 0, 0
    inside = sum(_put_in(segment, source, batch, now, until) for batch in _batches(member_ids))
    current = SegmentMembership.objects.filter(segment=segment, source=source, seen_at__lt=now)
    outside = current.exclude(until__lte=now).update(until=now)
    Segment.objects.filter(pk=segment.pk).update(refreshed_at=now)
    return inside, outside


def _put_in(segment: Segment, source: str, members: list[int], now: datetime, until: datetime | None) -> int:
    # Whoever had been out comes in anew: their old window does not reach over the gap.
    SegmentMembership.objects.filter(segment=segment, source=source, member_id__in=members, until__lte=now).update(
        since=now, until=None
    )
    rows = [
        SegmentMembership(segment=segment, member_id=pk, source=source, since=now, until=until, seen_at=now)
        for pk in members
    ]
    SegmentMembership.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["segment", "member", "source"],
        update_fields=["until", "seen_at"],
    )
    return len(rows)


def _batches(member_ids: Iterable[int]) -> Iterator[list[int]]:
    ids = iter(member_ids)
    while batch := sorted(set(islice(ids, BATCH))):
        yield batch
