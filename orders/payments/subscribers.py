"""What payments do in their own time."""

from orders.payments.facts import RefundRequested
from orders.payments.services.refunding import send_refund
from shop.core import clock
from shop.core.events import subscribe


@subscribe(RefundRequested, in_transaction=False)
def send_to_gateway(fact: RefundRequested) -> None:
    send_refund(number=fact.number, now=clock.now())
