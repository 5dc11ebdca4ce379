"""Points follow an order: pending from the payment on, available when the goods stay, taken back by refunds."""

from datetime import timedelta

import pytest

from members.tiers.models import GrowthEntry, TierPolicy
from members.tiers.tests.making import adopt
from orders.checkout.facts import OrderCompleted, OrderPaid
from orders.checkout.models import Order, OrderLine, OrderStatus
from orders.checkout.tests.making import buyer, items, ordered, quote
from orders.fulfilment.after_completion import mature_points
from orders.fulfilment.after_payment import earn_points
from orders.fulfilment.past_orders import PAST_ORDERS
from orders.fulfilment.queries import still_paid_by_line
from orders.fulfilment.tests.test_growth import complete, refund
from orders.fulfilment.tests.test_parcels import deliver_facts, pay
from points.ledger.invariants import LAWS as points_laws
from points.ledger.queries import balance_of
from points.ledger.services import spend
from points.rules.invariants import LAWS as earning_laws
from points.rules.models import Earning
from points.rules.spec import Channels, FirstOrder, Fixed, Goods, Multiplier
from points.rules.tests.making import double, spec
from points.rules.tests.publishing import publish
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)
WINDOW = timedelta(days=7)


@pytest.fixture
def sku():
    return SkuFactory(price_fen=35_050, stock=50)


@pytest.fixture
def order(member, sku):
    """Paid and shipped: three times ¥350.50, and freight."""
    order = pay(ordered(buyer(member), (sku, 3)))
    Order.objects.filter(pk=order.pk).update(
        status=OrderStatus.SHIPPED, freight_fen=900, payable_fen=106_050, paid_fen=106_050
    )
    deliver_facts()
    return order


def points(member_id, now=None):
    found = balance_of(member_id=member_id, now=now or clock.now())
    return found.available, found.pending, found.debt


def paid_again(order):
    with unit_of_work():
        earn_points(OrderPaid(number=order.number, member_id=order.member_id, payable_fen=1, at=clock.now()))


def test_a_payment_told_again_grants_once(order):
    assert points(order.member_id) == (0, 1051, 0)
    paid_again(order)
    assert points(order.member_id) == (0, 1051, 0)
    assert Earning.objects.get().points == 1051


def test_points_become_available_when_the_goods_can_no_longer_come_back(order):
    complete(order)
    done = Order.objects.get(pk=order.pk).completed_at
    assert points(order.member_id, done + WINDOW - timedelta(seconds=1)) == (0, 1051, 0)
    assert points(order.member_id, done + WINDOW) == (1051, 0, 0)


def test_refunds_before_maturity_leave_their_share(order):
    refund(order, 35_050)
    assert points(order.member_id) == (0, 700, 0)
    complete(order)
    refund(order, 35_050)
    assert points(order.member_id, clock.now() + WINDOW) == (350, 0, 0)
    refund(order, 35_050)
    assert points(order.member_id, clock.now() + WINDOW) == (0, 0, 0)
    assert [law() for law in (*points_laws, *earning_laws) if law()] == []


def test_money_that_goes_back_for_no_goods_takes_its_share_of_each_line(member, sku, django_assert_num_queries):
    tea = SkuFactory(price_fen=10_000, stock=5)
    publish(spec(Multiplier(100_000), conditions=(Goods(category_ids=(tea.product.category_id,)),)))
    order = pay(ordered(buyer(member), (tea, 1), (sku, 2)))
    deliver_facts()
    # Tenfold for ¥100, plain for ¥701.
    assert points(member.pk) == (0, 1_000 + 701, 0)
    refund(order, 20_025)
    with django_assert_num_queries(1):
        assert still_paid_by_line(order) == [7_500, 52_575]
    assert points(member.pk) == (0, 750 + 525, 0)
    refund(order, 60_074)
    # A fen is left, of neither line as a whole.
    assert (still_paid_by_line(order), points(member.pk)) == ([0, 0], (0, 0, 0))
    assert [law() for law in (*points_laws, *earning_laws) if law()] == []


def test_freight_is_no_line_and_gifts_earn_nothing(order, sku):
    gift = OrderLine.objects.get(order=order)
    gift.pk, gift.position, gift.is_gift, gift.payable_fen = None, 1, True, 0
    gift.save()
    assert still_paid_by_line(order) == [105_150]
    paid_again(order)
    assert points(order.member_id) == (0, 1051, 0)
    refund(order, 105_150)
    assert (still_paid_by_line(order), points(order.member_id)) == ([0], (0, 0, 0))


def test_a_whole_refund_after_the_points_were_spent_leaves_a_debt(order):
    complete(order)
    later = clock.now() + WINDOW
    with unit_of_work():
        spend(reference="s", member_id=order.member_id, points=1_000, source="order", now=later, note="")
    with clock.fixed(later):
        refund(order, 106_050)
    assert points(order.member_id, later) == (0, 0, 1000)
    assert [law() for law in (*points_laws, *earning_laws) if law()] == []


def test_a_refund_that_comes_before_the_points_is_not_missed(member, sku):
    order = pay(ordered(buyer(member), (sku, 2)))
    refund(order, 35_050)
    deliver_facts()
    assert points(member.pk) == (0, 350, 0)


def test_points_that_come_after_the_goods_mature_with_them(member, sku):
    order = pay(ordered(buyer(member), (sku, 1)))
    done = clock.now()
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.COMPLETED, completed_at=done)
    with unit_of_work():
        mature_points(OrderCompleted(number=order.number, member_id=member.pk, at=done))
    assert points(member.pk) == (0, 0, 0)
    deliver_facts()
    assert points(member.pk, done + WINDOW) == (350, 0, 0)


def test_the_first_order_and_the_category_are_known(member, sku):
    publish(spec(Fixed(500), conditions=(FirstOrder(),)))
    publish(double(conditions=(Goods(category_ids=(sku.product.category_id,)),)))
    client = buyer(member)
    pay(ordered(client, (sku, 1)))
    pay(ordered(client, (sku, 1)))
    deliver_facts()
    assert list(Earning.objects.order_by("pk").values_list("points", flat=True)) == [500 + 350 + 350, 700]


def test_growth_counts_points_where_the_rules_of_tiers_say_so(order):
    adopt(growth_per_100_yuan=0, growth_per_100_points=10)
    assert TierPolicy.objects.count() == 2
    refund(order, 35_050)
    complete(order)
    refund(order, 35_050)
    booked = GrowthEntry.objects.order_by("pk").values_list("reference", "amount")
    assert list(booked) == [(f"order:{order.number}:points", 70), ("refund:R1:points", -35)]


def test_growth_for_an_orders_points_is_counted_once(member, sku):
    adopt(growth_per_100_yuan=0, growth_per_100_points=10)
    order = pay(ordered(buyer(member), (sku, 1)))
    deliver_facts()
    assert not GrowthEntry.objects.filter(kind="points").exists()
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.SHIPPED)
    complete(order)
    deliver_facts()
    # A tenth of the 350 points, once the goods stay.
    assert list(GrowthEntry.objects.filter(kind="points").values_list("amount", flat=True)) == [35]


def test_a_rule_for_a_front_acts_on_orders_placed_there_as_their_quote_promised(member, sku):
    publish(spec(Fixed(50), conditions=(Channels(("h5",)),)))
    client, wanted = buyer(member), {"items": items((sku, 1))}
    for front, earned in (("h5", 400), ("app", 350)):
        client.credentials(HTTP_AUTHORIZATION=client._credentials["HTTP_AUTHORIZATION"], HTTP_X_CHANNEL=front)
        assert quote(client, wanted).json()["points_to_earn"] == earned
        order = pay(ordered(client, (sku, 1)))
        deliver_facts()
        assert Earning.objects.get(reference=f"order:{order.number}").points == earned


def test_past_orders_are_the_events_that_they_were(member, sku, django_assert_num_queries):
    client = buyer(member)
    orders = [pay(ordered(client, (sku, n))) for n in (1, 2, 3)]
    ordered(client, (sku, 1))
    since, until = orders[0].paid_at, orders[2].paid_at
    assert PAST_ORDERS.count(since=since, until=until) == 2
    with django_assert_num_queries(2):
        (events,) = PAST_ORDERS.events(since=since, until=until)
    assert [(event.worth_fen, event.is_first_order) for event in events] == [(35_050, True), (70_100, False)]
    assert events[1] == PAST_ORDERS.event(number=orders[1].number)
    assert PAST_ORDERS.event(number="unknown") is None
