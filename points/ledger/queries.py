"""Reads of points. Everything counts by the clock: what is due counts as booked already, whenever that will be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet, Sum

from points.ledger.models import PointLot, PointTransaction
from points.ledger.posting import MOVES, Kind
from points.ledger.preferences import POINTS_PER_YUAN
from shop.core import clock
from shop.core.prepared import Prepared, Question, columns

FEN_PER_YUAN = 100
# Written out, because every notice of points asks.
_BY_REFERENCE = Prepared(
    "points_by_reference", f"SELECT {columns(PointTransaction)} FROM ledger_pointtransaction WHERE reference = %s"
)
# Lots that are due and not booked; where nothing is due that finds nothing, at the cost of looking at the account.
_BALANCE = Prepared(
    "ledger_balance",
    """
SELECT account.member_id, account.available - due.gone + due.come - due.repaid_of_living,
    account.pending - due.no_longer_pending, account.held, account.debt - due.repaid
FROM ledger_pointaccount account CROSS JOIN LATERAL (
    SELECT coalesce(sum(points) FILTER (WHERE is_mature), 0)::bigint AS gone,
        coalesce(sum(points) FILTER (WHERE NOT is_mature), 0)::bigint AS no_longer_pending,
        coalesce(sum(points) FILTER (WHERE ripe AND lives), 0)::bigint AS come,
        coalesce(sum(repaid) FILTER (WHERE lives), 0)::bigint AS repaid_of_living,
        coalesce(sum(repaid), 0)::bigint AS repaid
    FROM (
        SELECT *, CASE WHEN ripe THEN least(points, greatest(0, account.debt
            - (sum(points) FILTER (WHERE ripe) OVER (ORDER BY matures_at, id) - points))) ELSE 0 END AS repaid
        FROM (
            SELECT lot.id, lot.matures_at, lot.is_mature, lot.remaining - lot.held AS points,
                lot.expires_at IS NULL OR lot.expires_at > %(now)s AS lives,
                NOT lot.is_mature AND coalesce(lot.matures_at <= %(now)s, false)
                    AND (lot.expires_at IS NULL OR lot.expires_at > lot.matures_at) AS ripe
            FROM ledger_pointlot lot
            WHERE lot.member_id = account.member_id AND account.due_at <= %(now)s AND lot.remaining > lot.held
                AND (lot.expires_at <= %(now)s OR (NOT lot.is_mature AND lot.matures_at <= %(now)s))
        ) lot
    ) lot
) due
WHERE account.member_id = ANY(%(members)s::bigint[])
""",
)


@dataclass(frozen=True)
class Balance:
    """What a member can spend, waits for, has set aside, and owes."""

    available: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0


@dataclass(frozen=True)
class Expiring:
    """Points that can be spent before this instant."""

    points: int
    expires_at: datetime


def balance_of(*, member_id: int, now: datetime) -> Balance:
    """In one query, however long the history is; nothing is there for whoever never had points."""
    return balances_of(member_ids=[member_id], now=now).get(member_id, Balance())


def ask_balance(*, member_id: int, now: datetime) -> Question:
    """What `balance_of` reads."""
    return _ask_balances([member_id], now)


def balances_of(*, member_ids: Sequence[int], now: datetime) -> dict[int, Balance]:
    """Of those who have an account, in one query."""
    found = _ask_balances(member_ids, now).run()
    return {member_id: Balance(*numbers) for member_id, *numbers in found}


def _ask_balances(member_ids: Sequence[int], now: datetime) -> Question:
    return Question(_BALANCE, {"members": list(member_ids), "now": now})


def profile_of(member_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """`points` of the members' profiles, in one query; see `MEMBER_PROFILE_PROVIDERS`."""
    found = balances_of(member_ids=member_ids, now=clock.now())
    return {member_id: {"points": balance.available} for member_id, balance in found.items()}


def expiring(*, member_id: int, now: datetime, until: datetime | None = None) -> list[Expiring]:
    """What the member will lose when, if nothing is spent: living points by expiry, the soonest first."""
    lots = living_lots(now=now).filter(member_id=member_id, expires_at__isnull=False)
    if until is not None:
        lots = lots.filter(expires_at__lte=until)
    rows = lots.values("expires_at").annotate(points=Sum(F("remaining") - F("held"))).order_by("expires_at")
    return [Expiring(row["points"], row["expires_at"]) for row in rows if row["expires_at"]]


def living_lots(*, now: datetime) -> QuerySet[PointLot]:
    """Lots with points that can be spent now, of all members, booked as mature."""
    return PointLot.objects.filter(remaining__gt=F("held"), is_mature=True).exclude(expires_at__lte=now)


def history_of(*, member_id: int, moves: bool = False) -> QuerySet[PointTransaction]:
    """What came and went, newest first; with `moves` also what only moved inside the account.

    Points that expired while they were set aside are lost with their release.
    """
    rows = PointTransaction.objects.filter(member_id=member_id).order_by("-pk")
    return rows if moves else rows.exclude(kind__in=MOVES, trace__expired__isnull=True)


def transaction_of(*, reference: str) -> PointTransaction | None:
    return _BY_REFERENCE.first(PointTransaction, [reference])


def kept_of(granted: PointTransaction) -> int:
    """What was not taken back of a grant; whether it was spent since says nothing."""
    taken = granted.reversals.filter(kind=Kind.CLAW_BACK).aggregate(sum=Sum("points"))["sum"] or 0
    return granted.points + taken


def points_worth_fen(points: int) -> int:
    """At the shop's rate, rounded down."""
    return points * FEN_PER_YUAN // POINTS_PER_YUAN.value()
