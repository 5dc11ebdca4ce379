"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from members.segments.models import MemberNote, MemberTag, SegmentMembership


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """What both have, the target keeps as it is."""
    tags = MemberTag.objects.filter(member_id=target_id).values("tag")
    MemberTag.objects.filter(member_id=source_id, tag__in=tags).delete()
    theirs = SegmentMembership.objects.filter(member_id=source_id)
    for held in SegmentMembership.objects.filter(member_id=target_id).values("segment", "source"):
        theirs.filter(**held).delete()
    return {
        "tags": MemberTag.objects.filter(member_id=source_id).update(member_id=target_id),
        "segments": theirs.update(member_id=target_id),
        "notes": MemberNote.objects.filter(member_id=source_id).update(member_id=target_id),
    }


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    return {
        "tags": MemberTag.objects.filter(member_id=member_id).delete()[0],
        "segments": SegmentMembership.objects.filter(member_id=member_id).delete()[0],
        "notes": MemberNote.objects.filter(member_id=member_id).delete()[0],
    }


def export(*, member_id: int) -> Mapping[str, Any]:
    tags = MemberTag.objects.filter(member_id=member_id).order_by("pk")
    segments = SegmentMembership.objects.filter(member_id=member_id).order_by("pk")
    notes = MemberNote.objects.filter(member_id=member_id).order_by("pk")
    return {
        "tags": list(tags.values("tag__name", "tagged_at")),
        "segments": list(segments.values("segment__name", "since", "until")),
        "notes": list(notes.values("text", "written_at")),
    }
