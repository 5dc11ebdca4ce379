"""What the shop owes in points: outstanding at the end of a day, how much usually expires unspent, and what will."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from points.ledger.queries import points_worth_fen
from shop.core.clock import day_bounds

WHOLE_BP = 10_000
_NOW = """
SELECT count(*) FILTER (WHERE available + pending + held > 0), coalesce(sum(available), 0)::bigint,
    coalesce(sum(pending), 0)::bigint, coalesce(sum(held), 0)::bigint, coalesce(sum(debt), 0)::bigint
FROM ledger_pointaccount
"""
# As booked before the day was over: every transaction sums to zero, so what members have is what the shop gave out.
_AS_OF = """
SELECT coalesce(sum(amount) FILTER (WHERE bucket = 'available'), 0)::bigint,
    coalesce(sum(amount) FILTER (WHERE bucket = 'pending'), 0)::bigint,
    coalesce(sum(amount) FILTER (WHERE bucket = 'held'), 0)::bigint,
    coalesce(-sum(amount) FILTER (WHERE bucket = 'debt'), 0)::bigint,
    coalesce(sum(amount) FILTER (WHERE bucket = 'spent'), 0)::bigint,
    coalesce(sum(amount) FILTER (WHERE bucket = 'expired'), 0)::bigint
FROM ledger_pointentry entry JOIN ledger_pointtransaction booked ON booked.id = entry.transaction_id
WHERE booked.at < %s
"""
_FORECAST = """
SELECT date_trunc('month', (expires_at - interval '1 microsecond') AT TIME ZONE 'Asia/Shanghai')::date,
    sum(remaining - held)::bigint, count(DISTINCT member_id)
FROM ledger_pointlot WHERE remaining > held AND expires_at > %s GROUP BY 1 ORDER BY 1
"""
_FOR_GOOD = """
SELECT coalesce(sum(remaining - held), 0)::bigint, count(DISTINCT member_id)
FROM ledger_pointlot WHERE remaining > held AND expires_at IS NULL
"""


@dataclass(frozen=True)
class Outstanding:
    """What all members have, as booked."""

    members: int
    available: int
    pending: int
    held: int
    debt: int

    @property
    def points(self) -> int:
        return self.available + self.pending + self.held


@dataclass(frozen=True)
class Liability:
    """At the end of a day. Breakage is the share of all points that ended which expired unspent."""

    available: int
    pending: int
    held: int
    debt: int
    spent: int
    expired: int

    @property
    def points(self) -> int:
        return self.available + self.pending + self.held

    @property
    def breakage_bp(self) -> int:
        ended = self.spent + self.expired
        return self.expired * WHOLE_BP // ended if ended else 0

    @property
    def worth_fen(self) -> int:
        return points_worth_fen(self.points)

    @property
    def expected_fen(self) -> int:
        """What will be asked for if as many expire as did so far."""
        return self.worth_fen - self.worth_fen * self.breakage_bp // WHOLE_BP


@dataclass(frozen=True)
class Expiry:
    """What expires in a month; `month` is None for what stays for good."""

    month: date | None
    points: int
    members: int

    @property
    def worth_fen(self) -> int:
        return points_worth_fen(self.points)


def outstanding() -> Outstanding:
    return Outstanding(*_row(_NOW))


def liability_at(*, day: date) -> Liability:
    """Up to the end of the day."""
    return Liability(*_row(_AS_OF, day_bounds(day)[1]))


def forecast(*, now: datetime) -> Sequence[Expiry]:
    """What expires month by month if nobody spends, pending points included, and last what never does."""
    with connection.cursor() as cursor:
        cursor.execute(_FORECAST, [now])
        months = [Expiry(*row) for row in cursor.fetchall()]
    points, members = _row(_FOR_GOOD)
    return [*months, Expiry(None, points, members)] if points else months


def _row(sql: str, *parameters: datetime) -> tuple[int, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()
