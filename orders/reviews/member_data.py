"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orders.reviews.models import Review
from orders.reviews.queries import present_own
from orders.reviews.services.erasing import erase_words


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    return {"reviews": Review.objects.filter(member_id=source_id).update(member_id=target_id)}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    return {"reviews": erase_words(member_id=member_id)}


def export(*, member_id: int) -> Mapping[str, Any]:
    rows = Review.objects.filter(member_id=member_id).order_by("pk").select_related("line__order", "follow_up")
    return {"reviews": [present_own(row) for row in rows]}
