"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from members.uploads.addresses import picture
from members.uploads.models import Upload
from members.uploads.services import discard_all


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    return {"pictures": Upload.objects.filter(member_id=source_id).update(member_id=target_id)}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    return {"pictures": discard_all(member_id=member_id, now=now)}


def export(*, member_id: int) -> Mapping[str, Any]:
    rows = Upload.objects.filter(member_id=member_id).order_by("created_at")
    return {
        "pictures": [
            {"sent_at": row.created_at, "used_for": row.used_for, "url": picture(row.pk)["url"]} for row in rows
        ]
    }
