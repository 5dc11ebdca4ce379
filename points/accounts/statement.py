"""The ledger of one member, for staff: every movement with why, the lots that it moved, and steps that add up."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from members.identity.panels import when
from points.accounts.explaining import Explained, explain_all
from points.accounts.queries import SECOND
from points.ledger.models import PointEntry, PointLot, PointTransaction
from points.ledger.queries import history_of
from points.rules.explaining import Reason
from points.rules.sentences import shown_points
from shop.core.api.pagination import slice_page

Bucket = PointEntry.Bucket
OWN = frozenset({Bucket.AVAILABLE, Bucket.PENDING, Bucket.HELD, Bucket.DEBT})
AT_ONCE = 25


@dataclass(frozen=True)
class Leg:
    """One lot's part in a movement."""

    text: str
    points: int


@dataclass(frozen=True)
class Line:
    """A movement as the page shows it. `rejected` are rules that gave nothing; `sums` says what `gave` adds up to."""

    movement: PointTransaction
    reason: str
    gave: Sequence[Reason]
    rejected: Sequence[Reason]
    sums: str
    legs: Sequence[Leg]


def statement_of(*, member_id: int, cursor: str | None, now: datetime) -> tuple[list[Line], str | None]:
    """A page of the newest movements, holds and maturities included, and the cursor of the next; four queries."""
    rows, following = slice_page(
        history_of(member_id=member_id, moves=True), ordering=["-id"], cursor=cursor, limit=AT_ONCE
    )
    legs: dict[int, list[PointEntry]] = defaultdict(list)
    for entry in PointEntry.objects.filter(transaction__in=rows).select_related("lot").order_by("pk"):
        legs[entry.transaction_id].append(entry)
    return [_line(each, legs[each.movement.pk], now) for each in explain_all(rows)], following


def _line(each: Explained, entries: Sequence[PointEntry], now: datetime) -> Line:
    gave = [part for part in each.trace if part.gave]
    return Line(
        movement=each.movement,
        reason=each.reason,
        gave=gave,
        rejected=[part for part in each.trace if not part.gave],
        sums=_sums(each.movement, sum(part.points for part in gave)) if gave else "",
        legs=[_leg(entry, now) for entry in entries if entry.bucket in OWN],
    )


def _sums(movement: PointTransaction, total: int) -> str:
    """An event may be granted in parts that expire differently: each tells the whole."""
    if total == movement.points:
        return _("Together {points}.").format(points=shown_points(total))
    said = _("Together {points}, of which this entry is {part}; the rest expires on other terms.")
    return said.format(points=shown_points(total), part=f"{movement.points:,}")


def _leg(entry: PointEntry, now: datetime) -> Leg:
    return Leg(f"{entry.get_bucket_display()} · {_lot(entry.lot, now)}", entry.amount)


def _lot(lot: PointLot | None, now: datetime) -> str:
    if lot is None:
        return _("without a lot")
    if lot.expires_at is None:
        return _("lot {number}, for good").format(number=lot.pk)
    said = _("lot {number}, expired on {instant}") if lot.expires_at <= now else _("lot {number}, until {instant}")
    return said.format(number=lot.pk, instant=when(lot.expires_at - SECOND))
