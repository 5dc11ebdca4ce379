"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from members.tiers.models import GrowthEntry, MemberTier, TierChange
from members.tiers.services.merging import move_growth


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    return {"growth": move_growth(source_id=source_id, target_id=target_id, now=now)}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """Numbers stay, for the sums of the shop; words that staff wrote about the member go."""
    return {
        "tier_notes": TierChange.objects.filter(member_id=member_id).exclude(note="").update(note=""),
        "growth_notes": GrowthEntry.objects.filter(member_id=member_id).exclude(note="").update(note=""),
        "tier_reasons": MemberTier.objects.filter(pk=member_id).exclude(manual_reason="").update(manual_reason=""),
    }


def export(*, member_id: int) -> Mapping[str, Any]:
    standing = MemberTier.objects.filter(pk=member_id).values("tier__code", "growth", "valid_until").first()
    changes = TierChange.objects.filter(member_id=member_id).order_by("pk")
    entries = GrowthEntry.objects.filter(member_id=member_id).order_by("pk")
    return {
        "tier": standing,
        "tier_changes": list(changes.values("from_tier__code", "to_tier__code", "reason", "note", "changed_at")),
        "growth": list(entries.values("reference", "kind", "amount", "earned_on", "note", "created_at")),
    }
