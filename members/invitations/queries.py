"""Reads of a member's invitations."""

from typing import Any

from django.db.models import Count, Q, QuerySet

from members.invitations.models import Invitation

Review = Invitation.Review


def made_by(*, member_id: int) -> QuerySet[Invitation, Any]:
    """Rows of the invitations that a member has made."""
    made = Invitation.objects.filter(inviter_id=member_id)
    return made.values("id", "invitee__nickname", "registered_at", "settled_at", "review")


def counts_of(*, member_id: int) -> dict[str, int]:
    """How many a member has invited, and how many of them have a settled order."""
    made = Invitation.objects.filter(inviter_id=member_id)
    return made.aggregate(invited=Count("pk"), settled=Count("pk", filter=Q(settled_at__isnull=False)))


def reward_state(row: dict[str, Any]) -> str:
    """`waiting` for the first order, `earned`, `checking` while it is held, or `refused`."""
    if row["review"] != Review.CLEAR:
        return "checking" if row["review"] == Review.HELD else "refused"
    return "earned" if row["settled_at"] else "waiting"
