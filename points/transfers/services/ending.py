"""A transfer ends once: accepted, declined, withdrawn, cancelled by the staff, or returned by the clock.

The row is locked and must be open, so that of many who answer at once one has an effect.
"""

from datetime import datetime

import structlog
from django.db.models import Q

from members.identity.locks import lock_active_member
from members.identity.models import Member
from points.ledger.services import release, transfer
from points.transfers.errors import ReceivingCapReached, TransferEnded, TransferNotFound, TransferOnHold
from points.transfers.facts import TransferAccepted, TransferGivenBack
from points.transfers.locks import lock_transfer
from points.transfers.models import Transfer
from points.transfers.preferences import MOST_RECEIVED_PER_MONTH
from points.transfers.queries import received_this_month
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.transactions import use_case

log = structlog.get_logger(__name__)

Status = Transfer.Status
CLOCK = Actor.system("transfers.return_due")
LEAVING = Actor.system("transfers.leaving")


@use_case
def accept_transfer(*, transfer_id: int, member_id: int, now: datetime) -> Transfer:
    """The points are the member's, with the expiry that they had.

    Raises TransferNotFound, TransferEnded, TransferOnHold, ReceivingCapReached, MemberBlocked.
    """
    member = lock_active_member(member_id=member_id)
    row = _locked_for_recipient(transfer_id, member, now)
    if row.sender.status != Member.Status.ACTIVE:
        raise TransferOnHold
    left = max(MOST_RECEIVED_PER_MONTH.value() - received_this_month(member_id=member_id, now=now), 0)
    if row.points > left:
        raise ReceivingCapReached(left=left)
    row.recipient = member
    _end(row, Status.ACCEPTED, actor=Actor.member(member_id), now=now)
    transfer(hold_reference=row.hold_reference, reference=f"{row.hold_reference}:out", to_member_id=member_id, now=now)
    publish(
        TransferAccepted(transfer_id=row.pk, sender_id=row.sender_id, recipient_id=member_id, points=row.points, at=now)
    )
    return row


@use_case
def decline_transfer(*, transfer_id: int, member_id: int, now: datetime) -> Transfer:
    """The points go back. Raises TransferNotFound, TransferEnded, MemberBlocked."""
    member = lock_active_member(member_id=member_id)
    row = _locked_for_recipient(transfer_id, member, now)
    row.recipient = member
    return _give_back(row, Status.DECLINED, actor=Actor.member(member_id), now=now)


@use_case
def withdraw_transfer(*, transfer_id: int, member_id: int, now: datetime) -> Transfer:
    """The sender takes the points back before they are accepted. Raises TransferNotFound, TransferEnded."""
    row = lock_transfer(transfer_id=transfer_id)
    if row.sender_id != member_id:
        raise TransferNotFound
    _check_open(row)
    return _give_back(row, Status.CANCELLED, actor=Actor.member(member_id), now=now)


@use_case
def cancel_transfer(*, transfer_id: int, reason: str, actor: Actor, now: datetime) -> Transfer:
    """Staff give the points back to the sender. Raises TransferNotFound, TransferEnded."""
    row = lock_transfer(transfer_id=transfer_id)
    _check_open(row)
    row.reason = reason
    log.info("transfer_cancelled", transfer=row.pk, actor=str(actor))
    return _give_back(row, Status.CANCELLED, actor=actor, now=now)


def return_due(*, now: datetime, limit: int = 500) -> int:
    """Give back what was not accepted in time, each in a transaction of its own; returns how many."""
    due = (
        Transfer.objects.filter(status=Status.PENDING, due_at__lte=now).order_by("due_at").values_list("pk", flat=True)
    )
    return sum(_return(transfer_id=pk, now=now) for pk in list(due[:limit]))


def give_back_all(*, member: Member, now: datetime) -> int:
    """End what is open to or from a member who leaves, inside the caller's transaction; returns how many."""
    rows = Transfer.objects.filter(Q(sender=member) | Q(phone=member.phone or "–"), status=Status.PENDING)
    locked = list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)))
    for row in locked:
        _give_back(row, Status.RETURNED, actor=LEAVING, now=now)
    return len(locked)


@use_case
def _return(*, transfer_id: int, now: datetime) -> bool:
    """False where somebody is just answering, or has answered."""
    due = Transfer.objects.filter(pk=transfer_id, status=Status.PENDING, due_at__lte=now)
    row = due.select_for_update(no_key=True, of=("self",), skip_locked=True).first()
    if row is None:
        return False
    _give_back(row, Status.RETURNED, actor=CLOCK, now=now)
    return True


def _locked_for_recipient(transfer_id: int, member: Member, now: datetime) -> Transfer:
    row = lock_transfer(transfer_id=transfer_id)
    if row.sender_id == member.pk:
        raise TransferNotFound
    if row.recipient_id != member.pk and not (member.phone and row.phone == member.phone):
        raise TransferNotFound
    _check_open(row)
    if row.due_at <= now:
        raise TransferEnded(status=Status.RETURNED)
    return row


def _check_open(row: Transfer) -> None:
    if row.status != Status.PENDING:
        raise TransferEnded(status=row.status)


def _give_back(row: Transfer, status: str, *, actor: Actor, now: datetime) -> Transfer:
    _end(row, status, actor=actor, now=now)
    release(hold_reference=row.hold_reference, reference=f"{row.hold_reference}:back", now=now)
    publish(TransferGivenBack(transfer_id=row.pk, sender_id=row.sender_id, points=row.points, status=status, at=now))
    return row


def _end(row: Transfer, status: str, *, actor: Actor, now: datetime) -> None:
    row.status, row.ended_at, row.ended_by = status, now, str(actor)[:80]
    row.save(update_fields=["status", "ended_at", "ended_by", "recipient", "reason"])
