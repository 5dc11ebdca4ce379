"""A distributor asks for commission, and finance decides.

Always: what is asked for is reserved in the same step, and was there; it comes back when nothing is paid.
"""

from datetime import datetime

from members.identity.models import Member
from points.ledger.services import grant
from promotions.distribution.errors import (
    CommissionOwed,
    DistributorNotSelling,
    PayoutMethodUnavailable,
    WithdrawalNotFound,
    WithdrawalNotOpen,
    WithdrawalTooLarge,
    WithdrawalTooSmall,
    WithdrawMoreThanThere,
)
from promotions.distribution.facts import PayoutApproved, PayoutStopAsked
from promotions.distribution.ledger import Move, book
from promotions.distribution.locks import lock_accounts, lock_withdrawal
from promotions.distribution.models import Distributor, EntryKind, Standing
from promotions.distribution.models.withdrawals import TRANSITIONS, PayMethod, Withdrawal, WithdrawalStatus
from promotions.distribution.notices import tell_withdrawal
from promotions.distribution.payouts import payout_gateway
from promotions.distribution.preferences import (
    BOTH,
    FEE_BP,
    MOST_FEN,
    PAID_AS,
    POINTS_PER_YUAN,
    SMALLEST_FEN,
    TAX_BP,
)
from promotions.distribution.queries import selling_distributor
from promotions.distribution.rates import WHOLE_BP
from shop.core.actors import Actor
from shop.core.numbers import new_number
from shop.core.outbox import publish
from shop.core.state import check_transition
from shop.core.transactions import use_case

W = WithdrawalStatus
SOURCE = "commission"
FEN_PER_YUAN = 100


def ways_to_be_paid(distributor: Distributor) -> list[str]:
    """By the merchant's setting, and as far as there is a way: WeChat pays who has signed in by it."""
    allowed = PayMethod.values if PAID_AS.value() == BOTH else [PAID_AS.value()]
    by_wechat = bool(distributor.member.openid) and payout_gateway() is not None
    return [way for way in allowed if way != PayMethod.WECHAT or by_wechat]


@use_case
def ask_for_withdrawal(*, member_id: int, amount_fen: int, method: str, now: datetime) -> Withdrawal:
    """Reserve it at once.

    Raises NotDistributor, PayoutMethodUnavailable, WithdrawalTooSmall, WithdrawalTooLarge, WithdrawMoreThanThere.
    """
    seller = selling_distributor(member_id=member_id)
    if method not in ways_to_be_paid(seller):
        raise PayoutMethodUnavailable
    if amount_fen < SMALLEST_FEN.value():
        raise WithdrawalTooSmall(smallest_fen=SMALLEST_FEN.value())
    if amount_fen > MOST_FEN.value():
        raise WithdrawalTooLarge(most_fen=MOST_FEN.value())
    available = lock_accounts([seller.pk])[seller.pk].available_fen
    if amount_fen > available:
        raise WithdrawMoreThanThere(available_fen=max(available, 0))
    made = _new(seller, amount_fen, PayMethod(method), now)
    made.save()
    _book(made, EntryKind.RESERVED, Actor.member(member_id), now)
    return made


@use_case
def approve_withdrawal(*, number: str, actor: Actor, now: datetime) -> Withdrawal:
    """Points are given at once; money is sent after the commit.

    Raises WithdrawalNotFound, WithdrawalNotOpen, DistributorNotSelling, and CommissionOwed to whoever has less than
    nothing left: what is reserved is then not theirs any more.
    """
    row = _waiting(number)
    if row.distributor.standing != Standing.ACTIVE or row.distributor.member.status != Member.Status.ACTIVE:
        raise DistributorNotSelling
    available = lock_accounts([row.distributor_id])[row.distributor_id].available_fen
    if available < 0:
        raise CommissionOwed(owed_fen=-available)
    row.reviewed_by, row.reviewed_at = str(actor)[:80], now
    if row.method == PayMethod.POINTS:
        return _pay_in_points(row, actor, now)
    row.query_at = now
    move_to(row, W.APPROVED, now=now)
    publish(PayoutApproved(number=row.number, at=now))
    return row


@use_case
def refuse_withdrawal(*, number: str, reason: str, actor: Actor, now: datetime) -> Withdrawal:
    """The money can be withdrawn again. Raises WithdrawalNotFound, WithdrawalNotOpen."""
    row = _waiting(number)
    row.reviewed_by, row.reviewed_at, row.reason = str(actor)[:80], now, reason
    return end_unpaid(row, W.REFUSED, actor=actor, now=now)


@use_case
def cancel_withdrawal(*, member_id: int, number: str, now: datetime) -> Withdrawal:
    """The distributor thinks better of it: before it is sent, where that was refused, or, if WeChat lets them, before
    they have accepted it.

    Raises WithdrawalNotFound, WithdrawalNotOpen.
    """
    row = lock_withdrawal(number=number)
    if row.distributor.member_id != member_id:
        raise WithdrawalNotFound
    actor = Actor.member(member_id)
    if row.status == W.REQUESTED:
        return end_unpaid(row, W.CANCELLED, actor=actor, now=now)
    return _call_back(row, actor=actor, now=now)


@use_case
def stop_withdrawal(*, number: str, reason: str, actor: Actor, now: datetime) -> Withdrawal:
    """Staff call back what the distributor has not accepted yet, or the payment service has refused to take.

    Raises WithdrawalNotFound, WithdrawalNotOpen.
    """
    row = lock_withdrawal(number=number)
    row.reason = reason
    return _call_back(row, actor=actor, now=now)


def end_unpaid(row: Withdrawal, status: WithdrawalStatus, *, actor: Actor, now: datetime) -> Withdrawal:
    """What the locked row had reserved can be withdrawn again; inside the caller's transaction."""
    row.ended_at = now
    move_to(row, status, now=now)
    _book(row, EntryKind.RETURNED, actor, now)
    return row


def end_paid(row: Withdrawal, *, actor: Actor, now: datetime) -> Withdrawal:
    """The distributor has it, be it after the money was given back to them; inside the caller's transaction."""
    kind = EntryKind.PAID_LATE if row.status == W.CLOSED else EntryKind.PAID
    row.ended_at = now
    move_to(row, W.PAID, now=now)
    _book(row, kind, actor, now)
    return row


def move_to(row: Withdrawal, status: WithdrawalStatus, *, now: datetime) -> None:
    """Save the locked row in its new status and tell the distributor. Raises IllegalTransition."""
    check_transition(TRANSITIONS, current=row.status, target=status)
    row.status = status
    if row.ended_at is not None:
        row.query_at, row.package = None, ""
    row.save()
    tell_withdrawal(row, now=now)


def _new(seller: Distributor, amount_fen: int, method: PayMethod, now: datetime) -> Withdrawal:
    """Fee and tax are rounded in the distributor's favour; points have neither."""
    row = Withdrawal(
        number=new_number("W", now), distributor=seller, method=method, amount_fen=amount_fen, requested_at=now
    )
    if method == PayMethod.POINTS:
        row.points = amount_fen * POINTS_PER_YUAN.value() // FEN_PER_YUAN
        if not row.points:
            raise WithdrawalTooSmall(smallest_fen=FEN_PER_YUAN)
    else:
        row.payee_openid = seller.member.openid or ""
        row.fee_fen = amount_fen * FEE_BP.value() // WHOLE_BP
        row.tax_fen = amount_fen * TAX_BP.value() // WHOLE_BP
    row.net_fen = amount_fen - row.fee_fen - row.tax_fen
    return row


def _pay_in_points(row: Withdrawal, actor: Actor, now: datetime) -> Withdrawal:
    end_paid(row, actor=actor, now=now)
    grant(
        reference=f"withdrawal:{row.number}",
        member_id=row.distributor.member_id,
        points=row.points,
        source=SOURCE,
        now=now,
        matures_at=now,
    )
    return row


def _call_back(row: Withdrawal, *, actor: Actor, now: datetime) -> Withdrawal:
    """From now on nothing is sent; the money stays reserved until the payment service can no longer pay it."""
    if not row.can_be_called_back:
        raise WithdrawalNotOpen
    row.stop_asked_at, row.stop_asked_by, row.query_at = now, str(actor)[:80], now
    row.save()
    publish(PayoutStopAsked(number=row.number, at=now))
    return row


def _waiting(number: str) -> Withdrawal:
    row = lock_withdrawal(number=number)
    if row.status != W.REQUESTED:
        raise WithdrawalNotOpen
    return row


def _book(row: Withdrawal, kind: EntryKind, actor: Actor, now: datetime) -> None:
    book([Move(row.distributor_id, kind, row.amount_fen, f"withdrawal:{row.number}", actor=actor)], now=now)
