"""Goods for goods: what came back is sold again, and the replacement travels under the after-sale's number."""

import pytest

from logistics.allocation.models import FulfilmentRequest
from orders.after_sales import services
from orders.after_sales.errors import AfterSaleMovedOn, NotThisKind, ReplacementGivenUp
from orders.after_sales.models import Kind
from orders.after_sales.services import Wanted, Wish
from orders.after_sales.tests.making import (
    CLERK,
    ask,
    assert_lawful,
    bring_parcels,
    delivered,
    money_arrives,
    received,
    send_parcels,
    sent_back,
    stocked,
)
from orders.checkout.models import Order, OrderLine
from orders.checkout.tests.making import stock
from orders.payments.models import Refund
from shop.catalog.errors import OutOfStock
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sku():
    return SkuFactory(price_fen=1_001, stock=0)


def exchange(order, other):
    wanted = Wish(Kind.EXCHANGE, [Wanted(order.lines.get().pk, 1, other.pk)], "wrong_choice")
    return services.ask(number=order.number, wish=wanted, actor=CLERK, now=clock.now())


def test_another_size_arrives_and_the_unit_may_come_back_again(member, member_client, sku):
    larger = SkuFactory(product=sku.product, price_fen=1_001, stock=0)
    stocked(sku, larger)
    order = delivered(member, (sku, 2))
    after_sale = sent_back(exchange(order, larger))
    received(after_sale, {0: 1})
    after_sale.refresh_from_db()
    assert (after_sale.status, stock(sku)) == ("replacing", (19, 0))
    send_parcels(after_sale.number)
    after_sale.refresh_from_db()
    assert (after_sale.status, stock(larger)) == ("replacement_sent", (19, 0))
    parcels = member_client.get(f"/api/v1/orders/{order.number}/shipments").json()["items"]
    assert [each["after_sale_number"] for each in parcels] == [None, after_sale.number]
    for _again in range(2):
        bring_parcels(after_sale.number)
    after_sale.refresh_from_db()
    assert (after_sale.status, Refund.objects.count()) == ("completed", 0)
    assert Order.objects.get().status == "delivered"
    assert list(OrderLine.objects.values_list("units_claimed", "units_returned")) == [(0, 0)]
    told = member.notifications.filter(event__startswith="after_sale").order_by("pk").values_list("event", flat=True)
    assert list(told) == [
        "after_sale_requested",
        "after_sale_approved",
        "after_sale_received",
        "after_sale_replacement_sent",
    ]
    ask(order, {0: 2})
    assert_lawful()


def test_without_stock_somebody_decides_and_a_refund_is_possible(member, sku):
    gone = SkuFactory(product=sku.product, price_fen=1_001, stock=0)
    stocked(sku)
    after_sale = sent_back(exchange(delivered(member, (sku, 1)), gone))
    received(after_sale, {0: 1})
    after_sale.refresh_from_db()
    assert (after_sale.status, stock(sku), stock(gone)) == ("received", (20, 0), (0, 0))
    with pytest.raises(OutOfStock):
        services.send_replacement(number=after_sale.number, actor=CLERK, now=clock.now())
    services.refund(number=after_sale.number, actor=CLERK, now=clock.now())
    money_arrives(after_sale)
    assert (after_sale.kind, after_sale.status, after_sale.refund_fen) == ("return", "completed", 1_001)
    assert Order.objects.get().status == "refunded"
    assert_lawful()


def test_a_replacement_can_be_given_up_before_it_leaves(member, sku):
    stocked(sku)
    after_sale = sent_back(ask(delivered(member, (sku, 1)), kind=Kind.EXCHANGE))
    received(after_sale, {0: 1})
    assert stock(sku)[0] == 19
    given_up = services.give_up_replacement(number=after_sale.number, actor=CLERK, now=clock.now())
    assert (given_up.status, stock(sku)) == ("received", (20, 0))
    assert FulfilmentRequest.objects.get(order_number=after_sale.number).status == "cancelled"
    with pytest.raises(ReplacementGivenUp):
        services.send_replacement(number=after_sale.number, actor=CLERK, now=clock.now())
    with pytest.raises(AfterSaleMovedOn):
        services.give_up_replacement(number=after_sale.number, actor=CLERK, now=clock.now())
    assert services.refund(number=after_sale.number, actor=CLERK, now=clock.now()).status == "refunding"
    assert_lawful()


def test_only_an_exchange_is_replaced(member, sku):
    stocked(sku)
    with pytest.raises(NotThisKind):
        services.send_replacement(number=ask(delivered(member, (sku, 1))).number, actor=CLERK, now=clock.now())


def test_what_was_sent_in_exchange_comes_back_as_what_it_is(member, sku):
    larger = SkuFactory(product=sku.product, price_fen=1_001, stock=0)
    stocked(sku, larger)
    order = delivered(member, (sku, 2))
    swapped = sent_back(exchange(order, larger))
    received(swapped, {0: 1})
    send_parcels(swapped.number)
    bring_parcels(swapped.number)
    assert (stock(sku), stock(larger)) == ((19, 0), (19, 0))
    back = sent_back(ask(order, {0: 1}))
    received(back, {0: 1})
    money_arrives(back)
    assert (stock(sku), stock(larger)) == ((19, 0), (20, 0))
    # What was bought is left.
    rest = sent_back(ask(order, {0: 1}))
    received(rest, {0: 1})
    money_arrives(rest)
    assert (stock(sku), stock(larger)) == ((20, 0), (20, 0))
    assert_lawful()


def test_the_same_again_is_the_same_as_what_came_back(member, sku):
    larger = SkuFactory(product=sku.product, price_fen=1_001, stock=0)
    stocked(sku, larger)
    order = delivered(member, (sku, 1))
    swapped = sent_back(exchange(order, larger))
    received(swapped, {0: 1})
    send_parcels(swapped.number)
    bring_parcels(swapped.number)
    wanted = Wish(Kind.EXCHANGE, [Wanted(order.lines.get().pk, 1)], "defective")
    again = sent_back(services.ask(number=order.number, wish=wanted, actor=CLERK, now=clock.now()))
    received(again, {}, {0: 1})
    services.send_replacement(number=again.number, actor=CLERK, now=clock.now())
    send_parcels(again.number)
    assert (stock(sku), stock(larger)) == ((20, 0), (18, 0))
    assert_lawful()
