"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from analytics.recommendations.models import PersonalChoice


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """Who refused with one of the accounts has refused."""
    refused = PersonalChoice.objects.filter(pk=source_id, is_personal=False).first()
    PersonalChoice.objects.filter(pk=source_id).delete()
    if refused is None:
        return {"recommendation_choices": 0}
    values = {"is_personal": False, "chosen_at": refused.chosen_at}
    PersonalChoice.objects.update_or_create(pk=target_id, defaults=values)
    return {"recommendation_choices": 1}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    return {"recommendation_choices": PersonalChoice.objects.filter(pk=member_id).delete()[0]}


def export(*, member_id: int) -> Mapping[str, Any]:
    return {"recommendations": list(PersonalChoice.objects.filter(pk=member_id).values("is_personal", "chosen_at"))}
