"""A member offers points: they are held at once, and wait for whoever has the phone."""

from datetime import datetime, timedelta

from django.db.models import Min

from members.identity.locks import lock_active_member
from points.ledger.models import PointEntry, PointTransaction
from points.ledger.services import hold
from points.transfers.errors import (
    TooManyTransfers,
    TransferCapReached,
    TransferNeedsPhone,
    TransfersClosed,
    TransferTooSmall,
    TransferToSelf,
)
from points.transfers.facts import TransferOffered
from points.transfers.models import Transfer
from points.transfers.preferences import HOURS, MINIMUM, OFFERS_PER_DAY, OPEN
from points.transfers.queries import room_to_give
from shop.core.clock import business_day, day_bounds
from shop.core.outbox import publish
from shop.core.transactions import use_case


@use_case
def offer_points(*, member_id: int, phone: str, points: int, now: datetime, message: str = "") -> Transfer:
    """Hold the points for whoever has `phone` (E.164), which nobody needs to have.

    Only matured points can be given. Raises TransfersClosed, TransferNeedsPhone, TransferToSelf, TransferTooSmall,
    TransferCapReached, TooManyTransfers, InsufficientPoints, MemberBlocked.
    """
    # The lock makes caps exact: what the member gives comes one after the other.
    sender = lock_active_member(member_id=member_id)
    if not OPEN.value():
        raise TransfersClosed
    if not sender.phone:
        raise TransferNeedsPhone
    if sender.phone == phone:
        raise TransferToSelf
    _check_amount(member_id, points, now)
    transfer = Transfer.objects.create(
        sender=sender,
        phone=phone,
        points=points,
        message=message,
        created_at=now,
        due_at=now + timedelta(hours=HOURS.value()),
    )
    held = hold(reference=transfer.hold_reference, member_id=member_id, points=points, now=now, source="transfer")
    transfer.due_at = min(transfer.due_at, _first_expiry(held) or transfer.due_at)
    transfer.save(update_fields=["due_at"])
    publish(TransferOffered(transfer_id=transfer.pk, at=now))
    return transfer


def _check_amount(member_id: int, points: int, now: datetime) -> None:
    if points < MINIMUM.value():
        raise TransferTooSmall(minimum=MINIMUM.value())
    left, period = room_to_give(member_id=member_id, now=now)
    if points > left:
        raise TransferCapReached(left=left, period=period)
    today = Transfer.objects.filter(sender_id=member_id, created_at__gte=day_bounds(business_day(now))[0])
    if today.count() >= OFFERS_PER_DAY.value():
        raise TooManyTransfers


def _first_expiry(held: PointTransaction) -> datetime | None:
    """When the first of the held points expires: nobody is to accept what dies on arrival."""
    lots = PointEntry.objects.filter(transaction=held, lot__expires_at__isnull=False)
    return lots.aggregate(first=Min("lot__expires_at"))["first"]
