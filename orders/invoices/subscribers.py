"""Facts that concern invoices."""

from orders.invoices.services import follow_refund
from orders.payments.facts import RefundSucceeded
from shop.core.events import subscribe


@subscribe(RefundSucceeded)
def money_went_back(fact: RefundSucceeded) -> None:
    follow_refund(order_number=fact.order_number, now=fact.at)
