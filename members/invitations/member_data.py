"""What this room keeps about a member; see `members.identity.rooms`. No words are kept, so nothing is to be erased."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from members.invitations.models import Invitation, Suspicion

REFUSED = Invitation.Review.REFUSED


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """Whom the source invited counts for the target; an invitation between the two was one of oneself."""
    between = Q(inviter_id=source_id, invitee_id=target_id) | Q(inviter_id=target_id, invitee_id=source_id)
    Invitation.objects.filter(between).exclude(review=REFUSED).update(
        review=REFUSED, suspicions=[Suspicion.SELF], reviewed_at=now, reviewed_by="merge"
    )
    made = Invitation.objects.filter(inviter_id=source_id).exclude(invitee_id=target_id)
    return {"invitations": made.update(inviter_id=target_id)}


def export(*, member_id: int) -> Mapping[str, Any]:
    made = Invitation.objects.filter(inviter_id=member_id).order_by("pk")
    return {"invitations": list(made.values("registered_at", "settled_at", "review"))}
