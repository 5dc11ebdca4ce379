"""An unpaid order is given up, and its deposit with it."""

from datetime import datetime

from orders.checkout.models import Order
from orders.checkout.services.cancellation import cancel_unpaid
from orders.payments.models import Refund
from orders.payments.services.refunding import request_refund
from shop.core.actors import Actor


def give_up(*, order: Order, actor: Actor, now: datetime, note: str, deposit_back: bool) -> None:
    """Cancel the locked order, none of whose payments is open, and send its deposit back where it comes back.

    Inside the caller's transaction. Raises OrderNotCancellable.
    """
    cancel_unpaid(order=order, actor=actor, now=now, note=note, deposit_back=deposit_back)
    if order.refunded_fen:
        request_refund(
            order=order,
            amount_fen=order.refunded_fen,
            reason=Refund.Reason.DEPOSIT,
            reference=order.number,
            now=now,
        )
