"""The one door through which a transaction enters the ledger: entries, lots and account change in one statement.

Callers hold the lock of the account, have settled it up to now, and say only which points move from where to where;
what lots and the account hold afterwards follows from that. A new lot goes by a negative key until it has a row.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg2.extras import Json

from points.ledger.errors import PointReferenceUsed
from points.ledger.facts import PointsChanged
from points.ledger.models import PointEntry, PointTransaction
from shop.core.outbox import publish
from shop.core.prepared import Prepared

Bucket = PointEntry.Bucket
Kind = PointTransaction.Kind
OWN = (Bucket.AVAILABLE, Bucket.PENDING, Bucket.HELD)
# Points move inside the account: nothing is earned or lost by it.
MOVES = (Kind.MATURE, Kind.HOLD, Kind.RELEASE)

_BOOKED = """
WITH booked AS (
    INSERT INTO ledger_pointtransaction
        (reference, member_id, kind, source, points, reverses_id, rule_version_id, trace, note, actor, at)
    VALUES (%(reference)s, %(member_id)s, %(kind)s, %(source)s, %(points)s, %(reverses_id)s, %(rule_version_id)s,
        %(trace)s, %(note)s, %(actor)s, %(now)s)
    ON CONFLICT (reference) DO NOTHING RETURNING id
)"""
_MOVED = """, written AS (
    INSERT INTO ledger_pointentry (transaction_id, lot_id, bucket, amount)
    SELECT booked.id, leg.lot_id, leg.bucket, leg.amount
    FROM booked, unnest(%(lots)s::bigint[], %(buckets)s::text[], %(amounts)s::bigint[]) AS leg(lot_id, bucket, amount)
)"""
_MOVED_WITH_NEW_LOTS = """, fresh AS MATERIALIZED (
    SELECT nextval('ledger_pointlot_id_seq') AS id, new.*
    FROM booked, unnest(%(keys)s::bigint[], %(new_amounts)s::bigint[], %(new_remaining)s::bigint[],
        %(new_mature)s::boolean[], %(new_sources)s::text[], %(new_earned)s::timestamptz[],
        %(new_matures)s::timestamptz[], %(new_expires)s::timestamptz[], %(new_expiries)s::bigint[],
        %(new_rules)s::bigint[], %(new_parents)s::bigint[], %(new_roots)s::bigint[])
        AS new(key, amount, remaining, is_mature, source, earned_at, matures_at, expires_at, expiry_id, rule_version_id,
            parent_id, root_id)
), born AS (
    INSERT INTO ledger_pointlot (id, member_id, amount, remaining, held, is_mature, source, earned_at, matures_at,
        expires_at, expiry_id, rule_version_id, parent_id, root_id)
    SELECT id, %(member_id)s, amount, remaining, 0, is_mature, source, earned_at, matures_at, expires_at, expiry_id,
        rule_version_id, parent_id, root_id
    FROM fresh
), written AS (
    INSERT INTO ledger_pointentry (transaction_id, lot_id, bucket, amount)
    SELECT booked.id, coalesce(fresh.id, leg.lot_id), leg.bucket, leg.amount
    FROM booked CROSS JOIN unnest(%(lots)s::bigint[], %(buckets)s::text[], %(amounts)s::bigint[])
        AS leg(lot_id, bucket, amount) LEFT JOIN fresh ON fresh.key = leg.lot_id
)"""
_LOTS = """, lots AS (
    UPDATE ledger_pointlot lot SET remaining = lot.remaining + moved.own, held = lot.held + moved.held
    FROM booked, unnest(%(moved)s::bigint[], %(moved_own)s::bigint[], %(moved_held)s::bigint[]) AS moved(id, own, held)
    WHERE lot.id = moved.id
)"""
_ACCOUNT = """, account AS (
    UPDATE ledger_pointaccount SET available = available + %(available)s, pending = pending + %(pending)s,
        held = held + %(held)s, debt = debt - %(debt)s, version = version + 1, due_at = least(due_at, %(due_at)s),
        active_at = coalesce(%(active_at)s, active_at),
        ages_by_inactivity = ages_by_inactivity OR %(ages)s
    FROM booked WHERE member_id = %(member_id)s
    RETURNING available, ages_by_inactivity
)
SELECT booked.id, account.available, account.ages_by_inactivity FROM booked, account
"""
_POST = Prepared("post_points", _BOOKED + _MOVED + _LOTS + _ACCOUNT)
_POST_WITH_NEW_LOTS = Prepared("post_points_with_lots", _BOOKED + _MOVED_WITH_NEW_LOTS + _LOTS + _ACCOUNT)
_LIVE_ON = """
UPDATE ledger_pointlot lot
SET expires_at = (date_trunc('day', %s AT TIME ZONE 'Asia/Shanghai') + make_interval(months => version.months)
    + interval '1 day') AT TIME ZONE 'Asia/Shanghai'
FROM ledger_expiryversion version
WHERE version.id = lot.expiry_id AND version.kind = 'inactivity' AND lot.member_id = %s AND lot.remaining > 0
    AND lot.expires_at > %s
"""


@dataclass(frozen=True, slots=True)
class NewLot:
    """A lot that a transaction opens; `points` is its size, before a debt is repaid out of it."""

    points: int
    source: str
    earned_at: datetime
    expires_at: datetime | None
    matures_at: datetime | None = None
    is_mature: bool = True
    expiry_id: int | None = None
    by_inactivity: bool = False
    rule_version_id: int | None = None
    parent_id: int | None = None
    root_id: int | None = None

    def due_at(self) -> datetime | None:
        dues = [due for due in (self.expires_at, None if self.is_mature else self.matures_at) if due is not None]
        return min(dues, default=None)


@dataclass
class Posting:
    """A transaction in the making. `debt` is what the member owes and pays first with whatever comes."""

    reference: str
    member_id: int
    kind: str
    source: str
    points: int
    now: datetime
    debt: int = 0
    reverses_id: int | None = None
    rule_version_id: int | None = None
    trace: dict[str, Any] | None = None
    note: str = ""
    actor: str = ""
    is_activity: bool = False
    new_lots: list[NewLot] = field(default_factory=list)
    # When lots that get points back expire: what was empty is not in what the account knows to be due.
    expiries: list[datetime] = field(default_factory=list)
    legs: Counter[tuple[int | None, str]] = field(default_factory=Counter)

    def open_lot(self, lot: NewLot) -> int:
        """The key by which the lot goes in this posting."""
        self.new_lots.append(lot)
        return -len(self.new_lots)

    def move(self, lot_id: int | None, source: str, target: str, points: int) -> None:
        """Points of a lot go from one bucket to another; what becomes available repays a debt first."""
        repaid = min(points, self.debt) if target == Bucket.AVAILABLE else 0
        self.debt -= repaid
        self.legs[lot_id, source] -= points
        self.legs[lot_id, target] += points - repaid
        self.legs[lot_id, Bucket.DEBT] += repaid

    def transplant(self, lot_id: int, child: int, source: str, points: int) -> None:
        """Points leave a bucket of one lot and become available on another."""
        repaid = min(points, self.debt)
        self.debt -= repaid
        self.legs[lot_id, source] -= points
        self.legs[child, Bucket.AVAILABLE] += points - repaid
        self.legs[child, Bucket.DEBT] += repaid

    def total(self, bucket: str) -> int:
        return sum(amount for (_lot, each), amount in self.legs.items() if each == bucket)


def book(posting: Posting) -> PointTransaction:
    """Write it, tell the rooms above, and return it; what was booked before under its reference is returned as it is.

    Raises PointReferenceUsed when that was something else.
    """
    rows = (_POST_WITH_NEW_LOTS if posting.new_lots else _POST).run(_parameters(posting))
    if not rows:
        return _same(posting, PointTransaction.objects.get(reference=posting.reference))
    transaction_id, available, ages = rows[0]
    if posting.is_activity and ages:
        with connection.cursor() as cursor:
            cursor.execute(_LIVE_ON, [posting.now, posting.member_id, posting.now])
    publish(
        PointsChanged(
            member_id=posting.member_id,
            kind=posting.kind,
            source=posting.source,
            points=posting.points,
            available=available,
            reference=posting.reference,
            at=posting.now,
            by_rule=posting.rule_version_id is not None,
        )
    )
    return _transaction(posting, transaction_id)


def stored(posting: Posting) -> PointTransaction | None:
    """What was booked before under its reference. Raises PointReferenceUsed when that was something else."""
    found = PointTransaction.objects.filter(reference=posting.reference).first()
    return _same(posting, found) if found else None


def _same(posting: Posting, found: PointTransaction) -> PointTransaction:
    asked = (posting.kind, posting.member_id, posting.points, posting.reverses_id)
    if asked != (found.kind, found.member_id, found.points, found.reverses_id):
        raise PointReferenceUsed
    return found


def _transaction(posting: Posting, transaction_id: int) -> PointTransaction:
    return PointTransaction(
        pk=transaction_id,
        reference=posting.reference,
        member_id=posting.member_id,
        kind=posting.kind,
        source=posting.source,
        points=posting.points,
        reverses_id=posting.reverses_id,
        rule_version_id=posting.rule_version_id,
        trace=posting.trace,
        note=posting.note,
        actor=posting.actor,
        at=posting.now,
    )


def _parameters(posting: Posting) -> dict[str, Any]:
    legs = [(lot, bucket, amount) for (lot, bucket), amount in posting.legs.items() if amount]
    own: Counter[int | None] = Counter()
    held: Counter[int | None] = Counter()
    for lot, bucket, amount in legs:
        own[lot] += amount if bucket in OWN else 0
        held[lot] += amount if bucket == Bucket.HELD else 0
    moved = [lot for lot in own if lot is not None and lot > 0]
    dues = [due for lot in posting.new_lots if (due := lot.due_at()) is not None] + posting.expiries
    return {
        "reference": posting.reference,
        "member_id": posting.member_id,
        "kind": posting.kind,
        "source": posting.source,
        "points": posting.points,
        "reverses_id": posting.reverses_id,
        "rule_version_id": posting.rule_version_id,
        "trace": None if posting.trace is None else Json(posting.trace),
        "note": posting.note,
        "actor": posting.actor[:80],
        "now": posting.now,
        "lots": [lot for lot, _, _ in legs],
        "buckets": [str(bucket) for _, bucket, _ in legs],
        "amounts": [amount for _, _, amount in legs],
        "moved": moved,
        "moved_own": [own[lot] for lot in moved],
        "moved_held": [held[lot] for lot in moved],
        **{str(bucket): posting.total(bucket) for bucket in (*OWN, Bucket.DEBT)},
        "due_at": min(dues, default=None),
        "active_at": posting.now if posting.is_activity else None,
        "ages": any(lot.by_inactivity for lot in posting.new_lots),
        **_columns(posting.new_lots, own),
    }


def _columns(new_lots: list[NewLot], own: Counter[int | None]) -> dict[str, list[Any]]:
    keys = [-number for number in range(1, len(new_lots) + 1)]
    return {
        "keys": keys,
        "new_amounts": [lot.points for lot in new_lots],
        "new_remaining": [own[key] for key in keys],
        "new_mature": [lot.is_mature for lot in new_lots],
        "new_sources": [lot.source for lot in new_lots],
        "new_earned": [lot.earned_at for lot in new_lots],
        "new_matures": [lot.matures_at for lot in new_lots],
        "new_expires": [lot.expires_at for lot in new_lots],
        "new_expiries": [lot.expiry_id for lot in new_lots],
        "new_rules": [lot.rule_version_id for lot in new_lots],
        "new_parents": [lot.parent_id for lot in new_lots],
        "new_roots": [lot.root_id for lot in new_lots],
    }
