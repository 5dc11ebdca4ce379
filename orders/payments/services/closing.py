"""An unpaid order is given up: first closed at the gateway, then released here, so that nobody pays for nothing.

So is one whose balance was not paid: its deposit goes back or stays, as was agreed on when it was placed.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Subquery

from orders.checkout.errors import OrderNotCancellable
from orders.checkout.locks import lock_order
from orders.checkout.models import Order, OrderStatus
from orders.checkout.notes import NOT_PAID_IN_TIME
from orders.payments.errors import DepositStays
from orders.payments.gateways.base import CloseResult
from orders.payments.gateways.registry import gateway_for
from orders.payments.models import OPEN_STATUSES, Payment, PaymentStatus
from orders.payments.services.asking import LONGEST_PAUSE, mark_closed, postpone, refresh_payment
from orders.payments.services.giving_up import give_up
from orders.payments.services.sweeping import sweep
from shop.core.actors import Actor, ActorKind
from shop.core.errors import Busy, DomainError, InternalError
from shop.core.failures import Failures
from shop.core.transactions import use_case

SWEEP = Actor.system("payments.expire_orders")
MAX_ROUNDS = 3
# Gateways want more than a minute left. Who pays in this time is served, or the payment was closed before.
CLOSING_GRACE = timedelta(minutes=2)
# When what a payer has in hand is worthless for certain, whatever the clocks say.
LOOK_AGAIN_AFTER = timedelta(minutes=1)


def close_unpaid_order(
    *,
    number: str,
    actor: Actor,
    now: datetime,
    member_id: int | None = None,
    note: str = "",
    gives_up_deposit: bool = False,
) -> Order:
    """Cancel an unpaid order after closing its open payment at the gateway; cancelled already, it stays so.

    Talks to the gateway, so it is never called inside a transaction. A payment that turns out to be paid is confirmed
    instead. A deposit goes back or stays as was agreed on, which a member has to accept by `gives_up_deposit`; where
    staff cancel it always goes back.
    Raises OrderNotFound, OrderNotCancellable, DepositStays, and GATEWAY_ERRORS.
    """
    for _round in range(MAX_ROUNDS):
        open_payments = Payment.objects.filter(order__number=number, status__in=OPEN_STATUSES)
        if member_id is not None:
            open_payments = open_payments.filter(order__member_id=member_id)
        for payment_number in open_payments.values_list("number", flat=True):
            close_payment(number=payment_number, actor=actor, now=now)
        order = _cancel_if_closed(
            number=number,
            member_id=member_id,
            actor=actor,
            now=now,
            note=note,
            gives_up_deposit=gives_up_deposit,
        )
        if order is not None:
            return order
    raise Busy(retry_after=1)


def last_moment(order: Order) -> datetime:
    """Until when a payer may pay at the gateway."""
    return order.expires_at + CLOSING_GRACE


def close_payment(*, number: str, actor: Actor, now: datetime) -> None:
    """Close one payment at the gateway and here; when it was paid, confirm it instead.

    One that the gateway does not know yet can still be paid until its time is over, so it is looked at again then.
    """
    payment = Payment.objects.select_related("order").get(number=number)
    result = gateway_for(payment.method).close(number=number)
    if result == CloseResult.PAID:
        refresh_payment(number=number, actor=actor, now=now)
        return
    open_until = last_moment(payment.order) + LOOK_AGAIN_AFTER
    again = open_until if result == CloseResult.UNKNOWN and open_until > now else None
    mark_closed(payment=payment, raw_state=result.upper(), now=now, look_again_at=again)


def look_at_closed_payments(*, now: datetime, limit: int = 200) -> dict[str, int]:
    """Close for good what could still have been paid; returns how many were asked about, found paid, and failed."""
    due = Payment.objects.filter(status=PaymentStatus.CLOSED, query_at__lte=now).order_by("query_at")
    effect = {"asked": 0, "paid": 0, "failed": 0}

    def look_at(payment: Payment) -> None:
        effect["asked"] += 1
        # Put off first: whatever happens, the next run asks about others too.
        closed = Payment.objects.filter(pk=payment.pk, status=PaymentStatus.CLOSED)
        closed.update(asked_at=now, query_at=now + LONGEST_PAUSE)
        close_payment(number=payment.number, actor=Actor.system("payments.look_at_closed"), now=now)
        effect["paid"] += not closed.update(query_at=None)

    effect["failed"] = sweep(due, look_at, by="method", limit=limit, now=now)
    return effect


def expire_unpaid_orders(*, now: datetime, limit: int = 500) -> dict[str, int]:
    """Cancel what was not paid in time; returns how many were cancelled, found paid, and must be tried again.

    An order that cannot be given up holds up no other: what nobody has thought of is raised when all had their turn.
    """
    being_paid = Payment.objects.filter(order=OuterRef("pk"), status__in=OPEN_STATUSES)
    due = Order.objects.filter(status=OrderStatus.PENDING_PAYMENT, expires_at__lte=now).order_by("expires_at")
    effect = {"cancelled": 0, "paid": 0, "failed": 0}

    def expire(order: Order) -> None:
        effect[_expire(number=order.number, now=now)] += 1

    # Those that need no gateway go first: a gateway out of order must not hold back their stock.
    failures = Failures("Orders that were not given up")
    for order in due.exclude(Exists(being_paid))[:limit]:
        with failures.of(order):
            expire(order)
    # What has failed waits until its gateway is asked again anyway.
    put_off = being_paid.exclude(gateway_note="").filter(query_at__gt=now)
    waiting = due.exclude(Exists(put_off)).annotate(method=Subquery(being_paid.values("method")[:1]))
    with failures.of("waiting for a gateway"):
        effect["failed"] += sweep(waiting, expire, by="method", limit=limit, now=now)
    failures.raise_them()
    return effect


def _expire(*, number: str, now: datetime) -> str:
    """Raises whatever keeps it open, after having put it off."""
    try:
        close_unpaid_order(number=number, actor=SWEEP, now=now, note=NOT_PAID_IN_TIME)
    except OrderNotCancellable:
        return "paid"
    except Exception as error:
        why = error if isinstance(error, DomainError) else InternalError()
        for payment in Payment.objects.filter(order__number=number, status__in=OPEN_STATUSES):
            postpone(payment, note=why.code, now=now)
        raise
    return "cancelled"


@use_case
def _cancel_if_closed(
    *, number: str, member_id: int | None, actor: Actor, now: datetime, note: str, gives_up_deposit: bool
) -> Order | None:
    """Cancel, unless a payment was opened since: then None."""
    order = lock_order(number=number, member_id=member_id)
    if order.status == OrderStatus.CANCELLED:
        return order
    if Payment.objects.filter(order=order, status__in=OPEN_STATUSES).exists():
        return None
    deposit_back = order.waits_for_balance and _deposit_comes_back(order, actor, gives_up_deposit, now)
    give_up(order=order, actor=actor, now=now, note=note, deposit_back=deposit_back)
    return order


def _deposit_comes_back(order: Order, actor: Actor, gives_up_deposit: bool, now: datetime) -> bool:
    """Raises DepositStays where the member may not know, OrderNotCancellable when it was paid just as it expired."""
    if actor.kind == ActorKind.STAFF:
        return True
    if actor.kind == ActorKind.SYSTEM and now < order.expires_at:
        raise OrderNotCancellable
    back = order.deposit.comes_back(now=now)
    if actor.kind == ActorKind.MEMBER and not back and not gives_up_deposit:
        raise DepositStays(deposit_fen=order.deposit_fen, balance_until=order.deposit.balance_until)
    return back
