"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from analytics.buyers.models import BuyerProfile, StageMove

_EXPORTED = ("stage", "stage_since", "recency", "frequency", "monetary", "orders", "spent_fen", "last_paid_at")


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """The next night works both out as one."""
    BuyerProfile.objects.filter(pk=source_id).delete()
    theirs = StageMove.objects.filter(member_id=source_id)
    theirs.filter(day__in=StageMove.objects.filter(member_id=target_id).values("day")).delete()
    return {"stage_moves": theirs.update(member_id=target_id)}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    profiles = BuyerProfile.objects.filter(pk=member_id).delete()[0]
    return {"buyer_profiles": profiles, "stage_moves": StageMove.objects.filter(member_id=member_id).delete()[0]}


def export(*, member_id: int) -> Mapping[str, Any]:
    moves = StageMove.objects.filter(member_id=member_id).order_by("pk")
    return {
        "buyer_profile": list(BuyerProfile.objects.filter(pk=member_id).values(*_EXPORTED)),
        "stage_moves": list(moves.values("day", "came_from", "went_to")),
    }
