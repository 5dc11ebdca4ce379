"""Commission follows an order: once for its payment, down with every refund, settled when nothing can come back."""

from datetime import timedelta
from itertools import permutations
from threading import Barrier

import pytest
from django.db import IntegrityError

from orders.after_sales import services
from orders.after_sales.models import Kind
from orders.after_sales.tests.making import CLERK, ask, deliver_facts, delivered, money_arrives, paid, stocked
from orders.after_sales.tests.test_refunds import set_preference
from orders.checkout.facts import OrderPaid
from orders.checkout.member_data import erase
from orders.checkout.models import Order
from orders.checkout.services.progress import receive_order
from orders.fulfilment.after_payment import accrue_commission
from orders.fulfilment.commission import sell_order
from orders.fulfilment.jobs import settle_commission
from orders.fulfilment.queries import destinations_of, spent_by
from orders.fulfilment.tests.test_growth import refund
from orders.payments.models import Payment
from promotions.distribution.jobs import release
from promotions.distribution.models import Commission, CommissionEntry, Distributor, Sale
from promotions.distribution.services import selling
from promotions.distribution.tests.making import balances, customer, distributor, laws, prefer
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller():
    return distributor(rate_bp=500, now=clock.now() - timedelta(days=1))


@pytest.fixture
def bought(seller):
    """Three cups at ¥33.33 and one tea at ¥100.10, delivered."""
    cup, tea = SkuFactory(price_fen=3333, stock=0), SkuFactory(price_fen=10_010, stock=0)
    stocked(cup, tea)
    return delivered(customer(seller, now=clock.now()), (cup, 3), (tea, 1))


def deliver_again(*subscribers):
    for name in subscribers:
        OutboxEntry.objects.filter(subscriber__endswith=name).update(status="pending")
    deliver_facts()


def refunded(order, units):
    after_sale = ask(order, units, kind=Kind.REFUND, reason="damaged")
    services.approve(number=after_sale.number, actor=CLERK, now=clock.now())
    money_arrives(after_sale)


def amounts():
    return list(Commission.objects.order_by("position").values_list("amount_fen", flat=True))


def test_a_payment_that_is_told_again_earns_once(bought, seller):
    # 5% of 99.99 is 499.95 fen, of 100.10 another 500.5: together 1000.45.
    assert amounts() == [499, 501]
    deliver_again("accrue_commission", "take_back_commission_for_goods", "mature_commission")
    assert (balances(seller), CommissionEntry.objects.count()) == ({"frozen": 1000}, 1)
    assert Sale.objects.get().points == 200
    assert laws() == []


@pytest.mark.parametrize("steps", list(permutations(((0, 1), (0, 2), (1, 1)))))
def test_goods_that_come_back_in_parts_leave_what_is_still_paid(bought, seller, steps):
    for position, units in steps:
        refunded(bought, {position: units})
        sale = Sale.objects.get()
        assert balances(seller).get("frozen", 0) == sale.left_fen * 500 // 10_000
        deliver_again("take_back_commission_for_goods")
    assert (balances(seller), amounts(), laws()) == ({}, [0, 0], [])


def test_a_refund_for_no_goods_takes_its_share(bought, seller):
    # 2001 of 20009 fen go back: 18008 are left, 8999.1 for the cups and 9008.9 for the tea, rounded down.
    refund(bought, 2001)
    assert Sale.objects.get().left_fen == 18_007
    assert (balances(seller), laws()) == ({"frozen": 900}, [])


def test_the_shop_may_leave_commission_where_goods_come_back(bought, seller):
    set_preference("after_sales.commission", False)
    refunded(bought, {1: 1})
    assert balances(seller) == {"frozen": 1000}
    set_preference("after_sales.commission", True)
    # What was kept for the tea stays when a cup comes back.
    refunded(bought, {0: 1})
    assert Sale.objects.get().left_fen == 2 * 3333 + 10_010
    assert (balances(seller), laws()) == ({"frozen": 833}, [])


def test_it_is_settled_when_nothing_is_coming_back_any_more(bought, seller):
    receive_order(number=bought.number, member_id=bought.member_id, now=clock.now())
    deliver_facts()
    open_one = ask(Order.objects.get(), {0: 1}, kind=Kind.REFUND, reason="damaged")
    with clock.fixed(clock.now() + timedelta(days=8)):
        settle_commission()
        assert balances(seller) == {"frozen": 1000}
        services.approve(number=open_one.number, actor=CLERK, now=clock.now())
        money_arrives(open_one)
    with clock.fixed(clock.now() + timedelta(days=9)):
        settle_commission()
        assert balances(seller) == {"settled": 833}
        release()
    assert balances(seller) == {"available": 833}
    # Afterwards everything comes back by hand of the staff, when it can be withdrawn already.
    refunded(Order.objects.get(), {0: 2, 1: 1})
    assert (balances(seller), laws()) == ({}, [])


def test_one_payer_of_several_customers_is_seen(seller):
    cup = SkuFactory(price_fen=1000, stock=0)
    stocked(cup)
    for signs in ([], ["payer"]):
        order = paid(customer(seller, now=clock.now()), (cup, 1))
        Payment.objects.filter(order=order).update(payer_openid="mother")
        deliver_facts()
        assert Sale.objects.get(order_number=order.number).signs == signs


def test_what_goes_to_where_the_seller_has_ordered_to_is_seen(seller):
    """The seller has moved their address book since; another customer lives next door."""
    cup = SkuFactory(price_fen=1000, stock=0)
    stocked(cup)
    paid(seller.member, (cup, 1))
    seller.member.addresses.all().delete()
    told = []
    for detail in ("科技园路1号", "科技园路 1 号 B"):
        member = customer(seller, now=clock.now())
        order = paid(member, (cup, 1))
        Order.objects.filter(pk=order.pk).update(recipient=order.recipient | {"detail": detail})
        deliver_facts()
        told.append(Sale.objects.get(order_number=order.number).signs)
    assert told == [["address"], []]
    erase(member_id=seller.member_id, now=clock.now())
    assert destinations_of(member_id=seller.member_id, region_code="440305") == [("440305", "", "")]


@pytest.mark.parametrize(("more", "joins"), [(0, True), (1, False)])
def test_who_has_bought_for_enough_sells(bought, more, joins):
    prefer(joining="spend", spend_fen=bought.payable_fen - 100 + more)
    refund(bought, 100)
    receive_order(number=bought.number, member_id=bought.member_id, now=clock.now())
    deliver_facts()
    assert spent_by(member_id=bought.member_id) == bought.payable_fen - 100
    assert Distributor.objects.filter(member=bought.member_id).exists() == joins


@pytest.fixture
def payment(seller):
    """An order that is paid, with nothing told of it yet."""
    cup = SkuFactory(price_fen=10_000, stock=0)
    stocked(cup)
    order = paid(customer(seller, now=clock.now()), (cup, 1))
    return OrderPaid(number=order.number, member_id=order.member_id, payable_fen=order.payable_fen, at=order.paid_at)


def tell(step, fact):
    with unit_of_work():
        step(fact)


@pytest.mark.django_db(transaction=True)
def test_twenty_tellings_of_a_payment_at_once_earn_once(payment, seller):
    answers = run_together(*[lambda: tell(accrue_commission, payment)] * 20)
    assert answers == [None] * 20
    assert (balances(seller), CommissionEntry.objects.count(), laws()) == ({"frozen": 500}, 1, [])


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_of_the_order_all_but_one_fail(payment, seller, monkeypatch):
    looked, decide = Barrier(20, timeout=60), selling._beneficiaries

    def decide_when_all_have_looked(*args):
        looked.wait()
        return decide(*args)

    monkeypatch.setattr(selling, "_beneficiaries", decide_when_all_have_looked)
    order = Order.objects.get()
    answers = run_together(*[lambda: tell(lambda fact: sell_order(order, sold_at=fact.at), payment)] * 20)
    assert [type(answer) for answer in answers].count(IntegrityError) == 19
    assert balances(seller) == {"frozen": 500}
