"""What a member sees of their points."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count

from points.accounts.explaining import explain_all
from points.accounts.models import ExpiryReminder
from points.ledger.models import PointTransaction
from points.ledger.queries import balance_of, expiring, points_worth_fen

SECOND = timedelta(seconds=1)


def overview(*, member_id: int, now: datetime) -> dict[str, Any]:
    """By the clock, in two queries however long the history is."""
    balance = balance_of(member_id=member_id, now=now)
    return {
        "available": balance.available,
        "pending": balance.pending,
        "held": balance.held,
        "debt": balance.debt,
        "expiring": [
            {"points": each.points, "last_valid_at": each.expires_at - SECOND}
            for each in expiring(member_id=member_id, now=now)
        ],
        "worth_fen": points_worth_fen(balance.available),
    }


def present_entries(movements: Sequence[PointTransaction]) -> list[dict[str, Any]]:
    """Movements of a member as the front shows them, each with its reason; one query at most."""
    return [
        {
            "id": each.movement.pk,
            "kind": each.movement.kind,
            "source": each.movement.source,
            "points": each.movement.points,
            "at": each.movement.at,
            "reason": each.reason,
            "trace": [
                {"rule": part.rule, "code": part.code, "points": part.points, "message": part.message}
                for part in each.trace
            ],
        }
        for each in explain_all(movements)
    ]


def delivered(*, round_ids: Sequence[int]) -> dict[int, dict[tuple[str, str], int]]:
    """How many members each round reached, by (channel, status) of the delivery; one query."""
    ways = ("notification__deliveries__channel", "notification__deliveries__status")
    told = ExpiryReminder.objects.filter(round__in=round_ids, notification__deliveries__isnull=False)
    found: dict[int, dict[tuple[str, str], int]] = defaultdict(dict)
    for pk, channel, status, count in told.values_list("round", *ways).annotate(count=Count("pk")).order_by():
        found[pk][channel, status] = count
    return found
