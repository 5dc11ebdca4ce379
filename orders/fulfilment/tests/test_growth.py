"""Growth follows an order: given on completion for what was paid for the goods, taken back by refunds."""

import pytest

from members.tiers.models import GrowthEntry
from members.tiers.queries import benefits_of
from orders.checkout.models import Order, OrderStatus
from orders.checkout.services.progress import receive_order
from orders.checkout.tests.making import buyer, ordered
from orders.fulfilment.tests.test_parcels import deliver_facts, pay
from orders.payments.facts import RefundSucceeded
from orders.payments.models import Payment, Refund
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.outbox import publish
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(member):
    """Paid and shipped: three times ¥350.50, and freight."""
    order = pay(ordered(buyer(member), (SkuFactory(price_fen=35_050, stock=5), 3)))
    Order.objects.filter(pk=order.pk).update(
        status=OrderStatus.SHIPPED, freight_fen=900, payable_fen=106_050, paid_fen=106_050
    )
    return order


def complete(order):
    receive_order(number=order.number, member_id=order.member_id, now=clock.now())
    deliver_facts()


def refund(order, fen, *, settles_order=True):
    """The gateway has given `fen` back, as `orders.payments` records it."""
    payment, _ = Payment.objects.get_or_create(
        order=order,
        settles_order=settles_order,
        defaults={
            "number": f"P{settles_order}",
            "method": "wechat",
            "amount_fen": 106_050,
            "status": "succeeded",
            "created_at": clock.now(),
            "succeeded_at": clock.now(),
        },
    )
    number = f"R{Refund.objects.count()}"
    Refund.objects.create(
        number=number, payment=payment, amount_fen=fen, reason="", status="succeeded", created_at=clock.now()
    )
    with unit_of_work():
        publish(
            RefundSucceeded(
                number=number,
                payment_number=payment.number,
                order_number=order.number,
                amount_fen=fen,
                at=clock.now(),
            )
        )
    deliver_facts()


def growth():
    return list(GrowthEntry.objects.order_by("pk").values_list("reference", "amount"))


def test_growth_comes_with_completion_and_lifts_from_the_next_order_on(order):
    deliver_facts()
    assert growth() == []
    assert benefits_of(member_id=order.member_id).tier_code == "normal"
    complete(order)
    assert growth() == [(f"order:{order.number}", 1051)]
    assert benefits_of(member_id=order.member_id).tier_code == "silver"


def test_refunds_after_completion_take_back_their_share(order):
    complete(order)
    refund(order, 35_050)
    refund(order, 70_100)
    assert growth() == [(f"order:{order.number}", 1051), ("refund:R0", -351), ("refund:R1", -700)]
    assert benefits_of(member_id=order.member_id).tier_code == "normal"


def test_what_was_refunded_before_completion_never_counts(order):
    refund(order, 35_050)
    assert growth() == []
    complete(order)
    refund(order, 35_050)
    assert growth() == [(f"order:{order.number}", 701), ("refund:R1", -351)]


def test_a_double_payment_that_goes_back_takes_no_growth(order):
    complete(order)
    refund(order, 106_050, settles_order=False)
    assert growth() == [(f"order:{order.number}", 1051)]
