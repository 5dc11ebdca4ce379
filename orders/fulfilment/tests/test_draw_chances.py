"""Chances to draw follow an order: given at the moment that the lottery says, taken back by refunds where unused."""

import pytest

from orders.checkout.models import Order, OrderStatus
from orders.checkout.tests.making import buyer, ordered
from orders.fulfilment.tests.test_growth import complete, refund
from orders.fulfilment.tests.test_parcels import deliver_facts, pay
from promotions.lottery.invariants import LAWS
from promotions.lottery.models import ChanceEntry, Draw
from promotions.lottery.tests.making import chances_of, draw_once, make_live_lottery, sure
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.models import OutboxEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def at_once():
    return make_live_lottery(*sure(), order_chances=2, order_moment="payment")


@pytest.fixture
def later():
    return make_live_lottery(*sure(), order_chances=1, order_least_fen=105_000)


@pytest.fixture
def order(member, at_once, later):
    """Paid and shipped: three times ¥350.50, and freight."""
    order = pay(ordered(buyer(member), (SkuFactory(price_fen=35_050, stock=5), 3)))
    Order.objects.filter(pk=order.pk).update(
        status=OrderStatus.SHIPPED, freight_fen=900, payable_fen=106_050, paid_fen=106_050
    )
    return order


def deliver_again():
    OutboxEntry.objects.filter(subscriber__contains="draw_chances").update(status="pending")
    deliver_facts()


def test_payment_and_completion_give_theirs_once(order, member, at_once, later):
    deliver_facts()
    assert (chances_of(at_once, member), chances_of(later, member)) == (2, 0)
    complete(order)
    assert (chances_of(at_once, member), chances_of(later, member)) == (2, 1)
    deliver_again()
    assert (chances_of(at_once, member), chances_of(later, member)) == (2, 1)


def test_a_refund_takes_back_what_too_little_is_paid_for_now_and_leaves_what_was_drawn(order, member, at_once, later):
    complete(order)
    made = draw_once(at_once, member, now=clock.now())
    refund(order, 35_050)
    assert (chances_of(at_once, member), chances_of(later, member)) == (1, 0)
    refund(order, 71_000)
    assert (chances_of(at_once, member), chances_of(later, member)) == (0, 0)
    assert (Draw.objects.get(), [law() for law in LAWS]) == (made, [[]] * len(LAWS))


def test_an_order_refunded_before_its_steps_gives_nothing(order, member, at_once):
    refund(order, 106_050)
    deliver_again()
    assert (chances_of(at_once, member), ChanceEntry.objects.filter(amount__gt=0).count()) == (0, 0)
