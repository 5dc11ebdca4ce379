"""A member withdraws, or the money has arrived."""

from datetime import datetime

from orders.after_sales.errors import AfterSaleMovedOn
from orders.after_sales.locks import lock_after_sale
from orders.after_sales.models import AfterSale, Status
from orders.after_sales.services.refunding import complete, end_unreturned
from orders.payments.models import Refund, RefundStatus
from shop.core.actors import Actor
from shop.core.transactions import use_case

WITHDRAWABLE = (Status.REQUESTED, Status.AWAITING_GOODS)
GATEWAY = Actor.system("after_sales.refunds")


@use_case
def cancel(*, number: str, actor: Actor, now: datetime, member_id: int | None = None) -> AfterSale:
    """Withdraw it before goods or money are on their way; units that will not be sent any more are refunded still.
    Withdrawn already, it stays so.

    Raises AfterSaleNotFound, AfterSaleMovedOn.
    """
    order, after_sale = lock_after_sale(number=number, member_id=member_id)
    if after_sale.status == Status.CANCELLED:
        return after_sale
    if after_sale.status not in WITHDRAWABLE:
        raise AfterSaleMovedOn(status=after_sale.status)
    end_unreturned(order=order, after_sale=after_sale, status=Status.CANCELLED, actor=actor, now=now)
    return after_sale


@use_case
def close_unsent(*, number: str, actor: Actor, now: datetime) -> AfterSale:
    """The member has not sent the goods in time; the member may ask again. Units that never left are refunded still.

    Raises AfterSaleMovedOn.
    """
    order, after_sale = lock_after_sale(number=number)
    if after_sale.status != Status.AWAITING_GOODS:
        raise AfterSaleMovedOn(status=after_sale.status)
    end_unreturned(order=order, after_sale=after_sale, status=Status.CLOSED, actor=actor, now=now)
    return after_sale


@use_case
def settle(*, number: str, now: datetime) -> AfterSale:
    """Complete it once all its refunds have succeeded; before, and told again, nothing changes."""
    order, after_sale = lock_after_sale(number=number)
    waiting = Refund.objects.filter(payment__order=order, reference=number).exclude(status=RefundStatus.SUCCEEDED)
    if after_sale.status == Status.REFUNDING and not waiting.exists():
        complete(order=order, after_sale=after_sale, actor=GATEWAY, now=now)
    return after_sale
