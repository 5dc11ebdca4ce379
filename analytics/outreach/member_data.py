"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from analytics.outreach.models import Contact, ContactStatus

_EXPORTED = ("plan", "arm", "status", "chosen_at", "acted_at", "coupon_number", "points")
ERASED = "member_gone"


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """Of a run that has chosen both, what was done counts, and nothing is done twice."""
    theirs, own = Contact.objects.filter(member_id=source_id), Contact.objects.filter(member_id=target_id)
    reached = Exists(theirs.filter(run=OuterRef("run"), status=ContactStatus.DONE))
    own.filter(reached, status=ContactStatus.WAITING).delete()
    theirs.filter(Exists(own.filter(run=OuterRef("run")))).delete()
    return {"outreach_contacts": theirs.update(member_id=target_id)}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """Nothing more is sent; that somebody was reached stays as a number and a day, without a word about a person."""
    waiting = Contact.objects.filter(member_id=member_id, status=ContactStatus.WAITING)
    return {
        "outreach_contacts": waiting.update(status=ContactStatus.SKIPPED, reason=ERASED, acted_at=now),
    }


def export(*, member_id: int) -> Mapping[str, Any]:
    return {"outreach": list(Contact.objects.filter(member_id=member_id).order_by("pk").values(*_EXPORTED))}
