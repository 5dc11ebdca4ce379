"""An order has been paid, or its deposit: called by `orders.payments`, which alone knows that."""

from datetime import datetime, timedelta

from orders.checkout.facts import DepositPaid, OrderPaid
from orders.checkout.models import DepositStatus, Order, OrderEvent, OrderStatus
from orders.checkout.notes import DEPOSIT_PAID
from orders.checkout.preferences import UNPAID_MINUTES
from promotions.checkout import services as promotions
from shop.catalog.services.stock import confirm_reservation, prolong_reservation
from shop.core.actors import Actor
from shop.core.outbox import publish


def confirm_paid(*, order: Order, actor: Actor, now: datetime) -> None:
    """Mark the locked order as paid in full, use up its promotions and keep its stock; inside the caller's transaction.

    What follows is written down as one outbox row per step. Raises IllegalTransition unless payment was awaited.
    """
    if order.deposit_fen:
        order.deposit.move_to(DepositStatus.SETTLED, now=now)
    order.paid_fen = order.payable_fen
    order.move_to(OrderStatus.PAID, actor=actor, now=now, also=("paid_fen",))
    promotions.confirm(order_number=order.number, member_id=order.member_id, paid_fen=order.paid_fen, now=now)
    if order.needs_parcel:
        confirm_reservation(reference=order.number)
    publish(
        OrderPaid(
            number=order.number,
            member_id=order.member_id,
            payable_fen=order.payable_fen,
            at=now,
            needs_parcel=order.needs_parcel,
        )
    )


def confirm_deposit(*, order: Order, actor: Actor, now: datetime) -> None:
    """The deposit of the locked order is paid: it waits for the rest, and holds what it holds until then; inside the
    caller's transaction.

    Its promotions stay claimed: their quota is this order's, and points and coupons are used up by the balance only.
    Whoever paid at the last moment still has the usual time for the rest. Raises IllegalTransition.
    """
    deposit = order.deposit
    deposit.balance_until = max(deposit.balance_until, now + timedelta(minutes=UNPAID_MINUTES.value()))
    deposit.move_to(DepositStatus.PAID, now=now, also=("balance_until",))
    order.paid_fen, order.expires_at = order.deposit_fen, deposit.balance_until
    order.save(update_fields=["paid_fen", "expires_at"])
    OrderEvent.objects.create(
        order=order, status=order.status, actor=str(actor)[:80], note=DEPOSIT_PAID, happened_at=now
    )
    prolong_reservation(reference=order.number, until=order.expires_at)
    publish(DepositPaid(number=order.number, member_id=order.member_id, deposit_fen=order.deposit_fen, at=now))
