"""What the tests of the ledger share."""

from datetime import UTC, datetime, timedelta
from itertools import count

from django.db import connection, transaction

from points.ledger.invariants import LAWS
from points.ledger.models import PointLot, PointTransaction
from points.ledger.queries import Balance, balance_of
from points.ledger.services import grant
from shop.core.actors import Actor

STAFF, OTHER_STAFF = Actor.staff("mei"), Actor.staff("lin")
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
_number = count(1)


def at(year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    """An instant on a Shanghai day."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


NOON = at(2026, 3, 10)


def new_reference() -> str:
    return f"test:{next(_number)}"


def give(member, points, *, now=NOON, expires_at=None, matures_at=NOON, reference=None, **more) -> PointTransaction:
    """Mature points that never expire, unless told otherwise."""
    with transaction.atomic():
        return grant(
            reference=reference or new_reference(),
            member_id=member.pk,
            points=points,
            source="order",
            now=now,
            matures_at=matures_at,
            expires_at=expires_at,
            **more,
        )


def balance(member, *, now=NOON) -> tuple[int, int, int, int]:
    """Available, pending, held, debt."""
    found: Balance = balance_of(member_id=member.pk, now=now)
    return found.available, found.pending, found.held, found.debt


def lots(member) -> list[tuple[int, int, int]]:
    """Amount, remaining and held of each lot, the oldest first."""
    rows = PointLot.objects.filter(member=member).order_by("pk")
    return list(rows.values_list("amount", "remaining", "held"))


def legs(transaction) -> list[tuple[str, int]]:
    return sorted(transaction.entries.values_list("bucket", "amount"))


def violations() -> dict[str, list[str]]:
    """What the laws find, those included that the database holds at the end of a transaction."""
    connection.check_constraints()
    return {law.__name__: found for law in LAWS if (found := law())}
