"""An unpaid order is given up. `orders.payments` calls it once no payment of the order is open at a gateway."""

from datetime import datetime

from orders.checkout.errors import OrderNotCancellable
from orders.checkout.facts import DepositEnded, OrderCancelled
from orders.checkout.models import DepositStatus, Order, OrderStatus
from promotions.checkout import services as promotions
from shop.catalog.services.stock import release_reservation
from shop.core.actors import Actor
from shop.core.outbox import publish


def cancel_unpaid(*, order: Order, actor: Actor, now: datetime, note: str = "", deposit_back: bool = False) -> None:
    """Cancel the locked order and give back everything it holds; inside the caller's transaction.

    A deposit that was paid stays with the shop; with `deposit_back` it counts as refunded, for the caller to send.
    Raises OrderNotCancellable unless payment was awaited.
    """
    if order.status != OrderStatus.PENDING_PAYMENT:
        raise OrderNotCancellable
    if order.deposit_fen:
        _end_deposit(order, back=deposit_back, now=now)
    order.move_to(OrderStatus.CANCELLED, actor=actor, now=now, note=note, also=("refunded_fen",))
    promotions.release(order_number=order.number, now=now)
    release_reservation(reference=order.number)
    publish(OrderCancelled(number=order.number, member_id=order.member_id, at=now))


def _end_deposit(order: Order, *, back: bool, now: datetime) -> None:
    if not order.paid_fen:
        order.deposit.move_to(DepositStatus.LAPSED, now=now)
        return
    order.deposit.move_to(DepositStatus.RETURNED if back else DepositStatus.KEPT, now=now)
    if back:
        order.refunded_fen = order.deposit_fen
    publish(
        DepositEnded(
            number=order.number,
            member_id=order.member_id,
            deposit_fen=order.deposit_fen,
            is_returned=back,
            at=now,
        )
    )
