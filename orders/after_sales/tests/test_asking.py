"""What can be asked for, when, and that a refusal changes nothing."""

from datetime import timedelta

import pytest

from members.identity.tests.factories import MemberFactory
from orders.after_sales import services
from orders.after_sales.errors import (
    AfterSaleWindowOver,
    GoodsNotShipped,
    NothingAsked,
    OrderLineUnknown,
    OrderNotPaid,
    ReplacementNotPossible,
    UnitsNotLeft,
)
from orders.after_sales.models import AfterSale, Kind
from orders.after_sales.services import Wanted, Wish
from orders.after_sales.tests.making import CLERK, ask, assert_lawful, delivered, paid, stocked, wish
from orders.checkout.errors import OrderNotFound
from orders.checkout.models import Order, OrderLine, OrderStatus
from orders.checkout.services.progress import complete_delivered, receive_order
from orders.checkout.tests.making import buyer, ordered
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sku():
    sku = SkuFactory(price_fen=1_001, stock=0)
    stocked(sku)
    return sku


@pytest.fixture
def order(member, sku):
    """Three units, delivered."""
    return delivered(member, (sku, 3))


def units(order):
    return list(OrderLine.objects.filter(order=order).values_list("units_claimed", "units_returned"))


def refused(error, order, wished):
    """Nothing is there afterwards that was not there before."""
    before = AfterSale.objects.count(), units(order), Order.objects.values().get(pk=order.pk)
    with pytest.raises(error) as raised:
        services.ask(number=order.number, wish=wished, actor=CLERK, now=clock.now())
    assert (AfterSale.objects.count(), units(order), Order.objects.values().get(pk=order.pk)) == before
    return raised.value


def test_a_request_holds_its_units_and_the_clock_of_its_order(order):
    after_sale = ask(order, {0: 2}, description="太大了")
    # Two of three units for 3,003 fen, rounded down.
    assert (after_sale.status, after_sale.refund_fen, after_sale.refund_points) == ("requested", 2_002, 0)
    assert after_sale.due_at == after_sale.asked_at + timedelta(days=2)
    assert units(order) == [(2, 0)]
    order.refresh_from_db()
    assert order.held_since == after_sale.asked_at
    assert [(event.status, event.actor) for event in after_sale.events.all()] == [
        ("requested", f"member:{order.member_id}")
    ]
    assert_lawful()


@pytest.mark.parametrize("quantity", [0, -1])
def test_nothing_and_less_than_nothing_is_refused(order, quantity):
    refused(NothingAsked, order, wish(order, {0: quantity}))
    refused(NothingAsked, order, Wish(Kind.RETURN, [], "unwanted"))
    line = Wanted(order.lines.get().pk, 1)
    refused(NothingAsked, order, Wish(Kind.RETURN, [line, line], "unwanted"))


def test_no_more_than_what_is_left(order):
    ask(order, {0: 2})
    refusal = refused(UnitsNotLeft, order, wish(order, {0: 2}))
    assert [(each.field, each.message) for each in refusal.details] == [("/lines/0/quantity", "1")]
    ask(order, {0: 1})
    refused(UnitsNotLeft, order, wish(order, {0: 1}))


def test_lines_of_another_order_and_orders_of_others_do_not_exist(order, sku):
    other = paid(MemberFactory(), (sku, 1))
    refused(OrderLineUnknown, order, Wish(Kind.RETURN, [Wanted(other.lines.get().pk, 1)], "unwanted"))
    with pytest.raises(OrderNotFound):
        services.ask(number=order.number, member_id=other.member_id, wish=wish(order), actor=CLERK, now=clock.now())
    with pytest.raises(OrderNotFound):
        services.preview(number=order.number, member_id=other.member_id, wish=wish(order), now=clock.now())
    assert AfterSale.objects.count() == 0


@pytest.mark.parametrize("status", [OrderStatus.PENDING_PAYMENT, OrderStatus.CANCELLED])
def test_an_order_that_was_not_paid_has_nothing_to_give_back(member, sku, status):
    order = ordered(buyer(member), (sku, 1))
    Order.objects.filter(pk=order.pk).update(status=status)
    refused(OrderNotPaid, order, wish(order, kind=Kind.REFUND))


def test_the_window_ends_some_days_after_completion(order):
    done = receive_order(number=order.number, member_id=order.member_id, now=clock.now()).completed_at
    with clock.fixed(done + timedelta(days=7)):
        refused(AfterSaleWindowOver, order, wish(order))
    with clock.fixed(done + timedelta(days=7) - timedelta(seconds=1)):
        assert ask(order).status == "requested"


def test_what_was_not_shipped_is_refunded_and_not_returned(member, sku):
    order = paid(member, (sku, 2))
    for kind in (Kind.RETURN, Kind.EXCHANGE):
        refused(GoodsNotShipped, order, wish(order, kind=kind))
    after_sale = ask(order, {0: 2}, kind=Kind.REFUND)
    assert [(line.quantity, line.units_unshipped) for line in after_sale.lines.all()] == [(2, 2)]


def test_goods_are_exchanged_for_the_same_product_at_the_same_price(order, sku):
    line = order.lines.get().pk

    def exchange(other):
        return Wish(Kind.EXCHANGE, [Wanted(line, 1, other.pk)], "wrong_choice")

    dearer = SkuFactory(product=sku.product, price_fen=1_002)
    for other in (SkuFactory(price_fen=1_001), dearer):
        refused(ReplacementNotPossible, order, exchange(other))
    larger = SkuFactory(product=sku.product, price_fen=1_001)
    asked = services.ask(number=order.number, wish=exchange(larger), actor=CLERK, now=clock.now())
    assert (asked.refund_fen, asked.lines.get().replacement_sku_id) == (0, larger.pk)
    assert_lawful()


def test_a_preview_says_what_asking_would_give_and_changes_nothing(order):
    draft = services.preview(number=order.number, member_id=order.member_id, wish=wish(order), now=clock.now())
    assert (draft.refund_fen, [line.cash_fen for line in draft.lines]) == (1_001, [1_001])
    assert (AfterSale.objects.count(), units(order)) == (0, [(0, 0)])


def test_who_was_refused_may_ask_again_with_more(order):
    first = ask(order, {0: 3})
    services.refuse(number=first.number, answer="请提供照片", actor=CLERK, now=clock.now())
    assert units(order) == [(0, 0)]
    again = ask(order, {0: 3}, description="这是照片")
    assert again.again_of == first
    assert_lawful()


def test_an_open_after_sale_stops_the_clock_that_completes_the_order(order):
    start = clock.now()

    def completed(**later):
        with clock.fixed(start + timedelta(**later)):
            return complete_delivered(now=clock.now())

    with clock.fixed(start + timedelta(days=2)):
        after_sale = ask(order)
    assert completed(days=20) == 0
    with clock.fixed(start + timedelta(days=21)):
        services.cancel(number=after_sale.number, actor=CLERK, now=clock.now())
    # Two of seven days had gone by when it stopped.
    assert completed(days=26, seconds=-1) == 0
    assert completed(days=26, seconds=1) == 1
