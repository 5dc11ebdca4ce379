"""What the ledger does when two accounts become one, when a member leaves, and when members take their data along."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from points.ledger.models import ManualGrant, PointAccount, PointLot, PointTransaction
from points.ledger.queries import balance_of
from points.ledger.services.merging import move_points
from points.ledger.services.voiding import void_points
from shop.core import clock


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    return {
        "points": move_points(source_id=source_id, target_id=target_id, now=now),
        "manual_grants": ManualGrant.objects.filter(member_id=source_id).update(member_id=target_id),
    }


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """Points are void when a member leaves. Numbers stay, for the sums of the shop; words about the member go."""
    voided = void_points(member_id=member_id, now=now) if PointAccount.objects.filter(pk=member_id).exists() else 0
    transactions = PointTransaction.objects.filter(member_id=member_id)
    return {
        "points": voided,
        "point_notes": transactions.exclude(note="").update(note=""),
        "manual_grants": ManualGrant.objects.filter(member_id=member_id).exclude(reason="").update(reason=""),
    }


def export(*, member_id: int) -> Mapping[str, Any]:
    lots = PointLot.objects.filter(member_id=member_id).order_by("pk")
    history = PointTransaction.objects.filter(member_id=member_id).order_by("pk")
    manual = ManualGrant.objects.filter(member_id=member_id).order_by("pk")
    return {
        "points": asdict(balance_of(member_id=member_id, now=clock.now())),
        "point_lots": list(lots.values("amount", "remaining", "source", "earned_at", "matures_at", "expires_at")),
        "point_history": list(history.values("reference", "kind", "source", "points", "trace", "note", "at")),
        "points_by_hand": list(manual.values("points", "reason", "status", "requested_at", "decided_at")),
    }
