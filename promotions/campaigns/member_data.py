"""What this room keeps about a member; see `members.identity.rooms`. No words are kept, so nothing is to be erased."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from promotions.campaigns.models import FirstPurchase


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """Two accounts of one person have one first purchase: a paid one rather than another, else the earlier."""
    both = FirstPurchase.objects.filter(member_id__in=[source_id, target_id]).order_by("-is_paid", "placed_at", "pk")
    kept = both.first()
    if kept is None or kept.pk == target_id:
        return {"first_purchases": FirstPurchase.objects.filter(pk=source_id).delete()[0]}
    FirstPurchase.objects.filter(pk=target_id).delete()
    return {"first_purchases": FirstPurchase.objects.filter(pk=source_id).update(member_id=target_id)}


def export(*, member_id: int) -> Mapping[str, Any]:
    return {"first_purchase": FirstPurchase.objects.filter(pk=member_id).values("order_number", "placed_at").first()}
