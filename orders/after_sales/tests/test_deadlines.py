"""What the clock does when nobody acts, and whom it calls."""

from datetime import timedelta

import pytest

from orders.after_sales import services
from orders.after_sales.models import Kind
from orders.after_sales.services import Wanted, Wish
from orders.after_sales.services.deadlines import OVERDUE
from orders.after_sales.tests.making import (
    CLERK,
    ask,
    assert_lawful,
    bring_parcels,
    deliver_facts,
    delivered,
    paid,
    received,
    send_parcels,
    sent_back,
    stocked,
)
from orders.after_sales.tests.test_refunds import set_preference
from orders.checkout.models import OrderLine
from orders.payments.models import Refund
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.models import Alert

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sku():
    sku = SkuFactory(price_fen=1_001, stock=0)
    stocked(sku)
    return sku


def wait(**later):
    """What the job does after so long."""
    with clock.fixed(clock.now() + timedelta(**later)):
        effect = services.act_in_time(now=clock.now())
    return {word: count for word, count in effect.items() if count}


def test_who_is_silent_has_agreed(member, sku):
    refund = ask(paid(member, (sku, 1)), kind=Kind.REFUND)
    assert wait(days=2, seconds=-5) == {}
    assert wait(days=2) == {"approved": 1}
    assert wait(days=2) == {}
    refund.refresh_from_db()
    assert (refund.status, refund.approved_by) == ("refunding", "system:after_sales.act_in_time")
    assert_lawful()


def test_silence_about_goods_that_left_meanwhile_makes_a_return(member, sku):
    order = paid(member, (sku, 1))
    refund = ask(order, kind=Kind.REFUND)
    send_parcels(order.number)
    assert wait(days=2) == {"approved": 1}
    refund.refresh_from_db()
    assert (refund.kind, refund.status, Refund.objects.count()) == ("return", "awaiting_goods", 0)


def test_silence_does_not_stand_for_a_second_person(member, sku):
    set_preference("after_sales.second_approval_fen", 1)
    refund = ask(paid(member, (sku, 1)), kind=Kind.REFUND)
    assert wait(days=2) == {"approved": 1}
    assert wait(days=30) == {}
    refund.refresh_from_db()
    assert (refund.status, Refund.objects.count()) == ("second_approval", 0)
    assert services.approve_second(number=refund.number, actor=CLERK, now=clock.now()).status == "refunding"


def test_goods_that_are_not_sent_close_it_and_can_be_asked_for_again(member, sku):
    order = delivered(member, (sku, 1))
    back = services.approve(number=ask(order).number, actor=CLERK, now=clock.now())
    assert wait(days=7, seconds=-5) == {}
    assert wait(days=7) == {"closed": 1}
    back.refresh_from_db()
    assert (back.status, back.due_at) == ("closed", None)
    assert list(OrderLine.objects.values_list("units_claimed", "units_returned")) == [(0, 0)]
    deliver_facts()
    assert member.notifications.filter(event="after_sale_closed").count() == 1
    ask(order)
    assert_lawful()


def test_goods_that_nobody_receives_call_somebody_or_count_as_received(member, sku):
    order = delivered(member, (sku, 2))
    back = sent_back(ask(order))
    assert wait(days=10) == {}
    assert Alert.objects.get(cause=OVERDUE).data == {"count": 1}
    set_preference("after_sales.receive_by_time", True)
    assert wait(days=10) == {"received": 1}
    back.refresh_from_db()
    assert (back.status, back.refund_fen, back.received_at) == ("refunding", 1_001, None)
    assert not Alert.objects.filter(cause=OVERDUE).exists()
    assert_lawful()


def test_decisions_are_peoples(member, sku):
    back = sent_back(ask(delivered(member, (sku, 1))))
    received(back, {}, {0: 1})
    assert wait(days=60) == {}
    assert Alert.objects.get(cause=OVERDUE).permission == "after_sales.view_aftersale"
    services.refund(number=back.number, actor=CLERK, now=clock.now())
    assert wait(days=60) == {}
    assert not Alert.objects.filter(cause=OVERDUE).exists()


def test_a_replacement_that_does_not_arrive_calls_somebody(member, sku):
    order = delivered(member, (sku, 1))
    wanted = Wish(Kind.EXCHANGE, [Wanted(order.lines.get().pk, 1)], "defective")
    exchange = sent_back(services.ask(number=order.number, wish=wanted, actor=CLERK, now=clock.now()))
    received(exchange, {0: 1})
    send_parcels(exchange.number)
    assert wait(days=9) == {}
    assert not Alert.objects.filter(cause=OVERDUE).exists()
    assert wait(days=11) == {}
    assert Alert.objects.get(cause=OVERDUE).data == {"count": 1}
    bring_parcels(exchange.number)
    assert wait(days=11) == {}
    assert not Alert.objects.filter(cause=OVERDUE).exists()
    assert_lawful()
