"""What payments do in their own time."""

from orders.checkout.facts import DepositEnded, DepositPaid, NothingToPay
from orders.payments.facts import RefundRequested
from orders.payments.notices import tell_deposit_ended, tell_deposit_paid
from orders.payments.services.opening import settle_if_free
from orders.payments.services.refunding import send_refund
from shop.core import clock
from shop.core.events import subscribe


@subscribe(NothingToPay)
def settle_at_once(fact: NothingToPay) -> None:
    """Nobody has to pay, so nobody has to ask for it."""
    settle_if_free(order_number=fact.number, now=fact.at)


@subscribe(RefundRequested, in_transaction=False)
def send_to_gateway(fact: RefundRequested) -> None:
    send_refund(number=fact.number, now=clock.now())


@subscribe(DepositPaid)
def tell_of_deposit(fact: DepositPaid) -> None:
    tell_deposit_paid(order_number=fact.number, now=fact.at)


@subscribe(DepositEnded)
def tell_of_its_end(fact: DepositEnded) -> None:
    tell_deposit_ended(order_number=fact.number, is_returned=fact.is_returned, now=fact.at)
