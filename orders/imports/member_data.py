"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orders.imports.models import ImportedCustomer


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    theirs = ImportedCustomer.objects.filter(member_id=source_id)
    return {"imported_customers": theirs.update(member_id=target_id)}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    return {"imported_customers": ImportedCustomer.objects.filter(member_id=member_id).delete()[0]}


def export(*, member_id: int) -> Mapping[str, Any]:
    numbers = ImportedCustomer.objects.filter(member_id=member_id).order_by("pk")
    return {"imported_customers": list(numbers.values_list("number", flat=True))}
