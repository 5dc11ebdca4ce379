"""Money, points and goods along the roads of a refund and a return."""

from datetime import timedelta

import pytest

from logistics.network.models import StockMovement, WarehouseStock
from logistics.shipments.models import Shipment
from orders.after_sales import services
from orders.after_sales.errors import (
    AfterSaleMovedOn,
    GoodsShipped,
    MoreReceivedThanSent,
    NothingReceived,
    SecondPersonNeeded,
    WithheldTooMuch,
)
from orders.after_sales.models import AfterSale, Kind
from orders.after_sales.services import act_in_time
from orders.after_sales.tests.making import (
    BOSS,
    CLERK,
    ask,
    assert_lawful,
    deliver_facts,
    delivered,
    money_arrives,
    paid,
    received,
    send_parcels,
    sent_back,
    stocked,
)
from orders.checkout.models import Order, OrderLine
from orders.checkout.tests.making import stock
from orders.payments.gateways.base import GatewayRefundState
from orders.payments.models import Payment, Refund
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.models import PreferenceValue
from shop.core.preferences import forget_cached

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sku():
    sku = SkuFactory(price_fen=1_001, stock=0)
    stocked(sku)
    return sku


def set_preference(key, value):
    PreferenceValue.objects.update_or_create(key=key, defaults={"value": value})
    forget_cached()


def approve(after_sale, **more):
    return services.approve(number=after_sale.number, actor=CLERK, now=clock.now(), **more)


def status(order):
    return Order.objects.values_list("status", flat=True).get(pk=order.pk)


def test_an_unshipped_order_that_is_refunded_whole_ends_and_its_goods_are_sold_again(member, sku):
    order = paid(member, (sku, 3))
    assert stock(sku) == (17, 3)
    after_sale = approve(ask(order, {0: 3}, kind=Kind.REFUND))
    assert (after_sale.status, stock(sku)) == ("refunding", (20, 0))
    assert list(Refund.objects.values_list("amount_fen", "reason", "reference")) == [
        (3_003, "after_sale", after_sale.number)
    ]
    assert status(order) == "paid"
    money_arrives(after_sale)
    assert (after_sale.status, status(order)) == ("completed", "refunded")
    assert_lawful()


def test_partial_refunds_sum_up_to_the_fen(member, sku):
    order = paid(member, (sku, 3))
    OrderLine.objects.update(payable_fen=1_000, subtotal_fen=3_003)
    Order.objects.update(discount_fen=2_003, payable_fen=1_000, paid_fen=1_000)
    Payment.objects.update(amount_fen=1_000)
    amounts = []
    for _unit in range(3):
        after_sale = approve(ask(order, kind=Kind.REFUND))
        money_arrives(after_sale)
        amounts.append(after_sale.refund_fen)
    assert amounts == [333, 333, 334]
    assert (Payment.objects.get().refunded_fen, status(order)) == (1_000, "refunded")
    assert_lawful()


def test_one_that_is_withdrawn_leaves_no_fen_behind(member, sku):
    """Two are open at once, the first is withdrawn: shares are fixed one after the other, without a hole."""
    order = paid(member, (sku, 3))
    OrderLine.objects.update(payable_fen=1_000)
    Order.objects.update(discount_fen=2_003, payable_fen=1_000, paid_fen=1_000)
    Payment.objects.update(amount_fen=1_000)
    first, second = ask(order, kind=Kind.REFUND), ask(order, kind=Kind.REFUND)
    services.cancel(number=first.number, actor=CLERK, now=clock.now())
    amounts = [approve(each).refund_fen for each in (second, ask(order, {0: 2}, kind=Kind.REFUND))]
    assert amounts == [333, 667]
    assert_lawful()


def test_what_was_shipped_meanwhile_becomes_a_return(member, sku):
    order = paid(member, (sku, 1))
    after_sale = ask(order, kind=Kind.REFUND)
    send_parcels(order.number)
    with pytest.raises(GoodsShipped):
        approve(after_sale)
    after_sale.refresh_from_db()
    assert (after_sale.status, Refund.objects.count(), after_sale.refunding_at) == ("requested", 0, None)
    turned = services.turn_into_return(number=after_sale.number, actor=CLERK, now=clock.now())
    assert (turned.kind, turned.status, turned.lines.get().units_unshipped) == ("return", "awaiting_goods", 0)
    assert_lawful()


def test_a_return_is_refunded_when_everything_came_back_sound(member, sku):
    order = delivered(member, (sku, 2))
    after_sale = sent_back(ask(order, {0: 2}))
    assert (after_sale.status, after_sale.warehouse_id) == ("under_way", WarehouseStock.objects.get().warehouse_id)
    received(after_sale, {0: 2})
    after_sale.refresh_from_db()
    assert (after_sale.status, after_sale.refund_fen, stock(sku)) == ("refunding", 2_002, (20, 0))
    for _again in range(2):
        money_arrives(after_sale)
    assert (after_sale.status, status(order)) == ("completed", "refunded")
    assert [event.status for event in after_sale.events.all()] == [
        "requested",
        "awaiting_goods",
        "under_way",
        "received",
        "refunding",
        "completed",
    ]
    assert_lawful()


def test_goods_that_came_back_broken_wait_for_a_decision(member, sku):
    order = delivered(member, (sku, 3))
    after_sale = sent_back(ask(order, {0: 3}))
    received(after_sale, {0: 1}, {0: 1})
    after_sale.refresh_from_db()
    assert (after_sale.status, stock(sku), Refund.objects.count()) == ("received", (18, 0), 0)
    booked = StockMovement.objects.filter(reference=after_sale.number).order_by("pk")
    assert list(booked.values_list("kind", "quantity")) == [("return", 2), ("damage", -1)]
    with pytest.raises(WithheldTooMuch) as refusal:
        services.refund(number=after_sale.number, actor=CLERK, now=clock.now(), withheld_fen=2_003)
    assert refusal.value.data == {"most_fen": 2_002}
    decided = services.refund(
        number=after_sale.number, actor=CLERK, now=clock.now(), withheld_fen=500, withheld_for="有划痕"
    )
    assert (decided.status, decided.refund_fen) == ("refunding", 1_502)
    money_arrives(after_sale)
    # The unit that did not come back can be asked for again.
    assert list(OrderLine.objects.values_list("units_claimed", "units_returned")) == [(2, 2)]
    assert (status(order), Order.objects.get().refunded_fen) == ("delivered", 1_502)
    assert_lawful()


def test_only_what_was_sent_can_be_received(member, sku):
    order = delivered(member, (sku, 3))
    after_sale = sent_back(ask(order, {0: 2}))
    for error, counts in ((NothingReceived, {0: 0}), (NothingReceived, {0: -1}), (MoreReceivedThanSent, {0: 3})):
        with pytest.raises(error):
            received(after_sale, counts)
    after_sale.refresh_from_db()
    assert (after_sale.status, after_sale.received_at, stock(sku)) == ("under_way", None, (17, 0))


def test_a_refund_above_the_limit_needs_two_persons(member, sku):
    set_preference("after_sales.second_approval_fen", 2_002)
    order = delivered(member, (sku, 3))
    small = approve(ask(order, kind=Kind.REFUND, reason="damaged"))
    assert (small.status, small.refund_fen) == ("refunding", 1_001)
    large = approve(ask(order, {0: 2}, kind=Kind.REFUND, reason="damaged"))
    assert (large.status, Refund.objects.count()) == ("second_approval", 1)
    with pytest.raises(SecondPersonNeeded):
        services.approve_second(number=large.number, actor=CLERK, now=clock.now())
    for _twice in range(2):
        agreed = services.approve_second(number=large.number, actor=BOSS, now=clock.now())
    assert (agreed.status, agreed.second_by, Refund.objects.count()) == ("refunding", "staff:boss", 2)
    assert_lawful()


def test_the_second_person_may_say_no(member, sku):
    set_preference("after_sales.second_approval_fen", 1)
    order = delivered(member, (sku, 2))
    kept = approve(ask(order, kind=Kind.REFUND))
    refused = services.refuse_second(number=kept.number, answer="金额不符", actor=BOSS, now=clock.now())
    assert (refused.status, refused.answer) == ("refused", "金额不符")
    back = sent_back(ask(order))
    received(back, {0: 1})
    anew = services.refuse_second(number=back.number, answer="请核对", actor=BOSS, now=clock.now())
    assert anew.status == "received"
    assert services.refund(number=back.number, actor=BOSS, now=clock.now()).status == "second_approval"
    with pytest.raises(SecondPersonNeeded):
        services.approve_second(number=back.number, actor=BOSS, now=clock.now())
    assert services.approve_second(number=back.number, actor=CLERK, now=clock.now()).status == "refunding"
    assert_lawful()


def test_money_that_does_not_arrive_keeps_it_refunding(member, sku):
    after_sale = approve(ask(paid(member, (sku, 1)), kind=Kind.REFUND))
    money_arrives(after_sale, GatewayRefundState.ABNORMAL)
    assert (after_sale.status, Refund.objects.get().status) == ("refunding", "abnormal")
    money_arrives(after_sale)
    assert after_sale.status == "completed"


def test_an_order_that_cost_nothing_gives_its_units_back_without_a_gateway(member):
    free = SkuFactory(price_fen=0, stock=0)
    stocked(free)
    order = paid(member, (free, 1))
    assert order.payable_fen == 0
    after_sale = approve(ask(order, kind=Kind.REFUND))
    assert (after_sale.status, Refund.objects.count(), status(order)) == ("completed", 0, "refunded")
    assert stock(free) == (20, 0)


def test_steps_that_were_taken_stay_as_they_were(member, sku):
    order = delivered(member, (sku, 2))
    after_sale = sent_back(ask(order))
    before = after_sale.events.count()
    sent_back(after_sale)
    assert after_sale.events.count() == before
    for step in (services.cancel, lambda **k: services.refuse(answer="不", **k)):
        with pytest.raises(AfterSaleMovedOn) as refusal:
            step(number=after_sale.number, actor=CLERK, now=clock.now())
        assert refusal.value.data == {"status": "under_way"}
    received(after_sale, {0: 1})
    received(after_sale, {0: 1})
    assert (Refund.objects.count(), stock(sku)) == (1, (19, 0))
    assert_lawful()


def test_a_dispute_ends_with_a_refusal_or_with_the_goods_received(member, sku):
    order = delivered(member, (sku, 2))
    refused, settled = (sent_back(ask(order)) for _ in range(2))
    for each in (refused, settled):
        assert services.dispute(number=each.number, answer="不是我们的商品", actor=CLERK, now=clock.now()).status == (
            "disputed"
        )
    assert services.refuse(number=refused.number, answer="已寄回", actor=CLERK, now=clock.now()).status == "refused"
    received(settled, {0: 1})
    settled.refresh_from_db()
    assert settled.status == "refunding"
    assert list(OrderLine.objects.values_list("units_claimed", "units_returned")) == [(1, 1)]
    assert_lawful()


def test_all_of_it_is_told_to_the_member(member, sku):
    after_sale = sent_back(ask(delivered(member, (sku, 1))))
    received(after_sale, {0: 1})
    money_arrives(after_sale)
    told = member.notifications.order_by("pk").values_list("event", flat=True)
    assert [event for event in told if event.startswith("after_sale")] == [
        "after_sale_requested",
        "after_sale_approved",
        "after_sale_received",
        "after_sale_refunding",
        "after_sale_refunded",
    ]
    assert AfterSale.objects.get().ended_at - clock.now() < timedelta()


def test_refunds_under_way_at_once_all_complete_and_the_last_ends_the_order(member, sku):
    order = paid(member, (sku, 2))
    first, last = (approve(ask(order, kind=Kind.REFUND)) for _ in range(2))
    money_arrives(first)
    # Nothing is left to ask for, but money is still on its way.
    assert (first.status, status(order)) == ("completed", "paid")
    money_arrives(last)
    assert (last.status, status(order)) == ("completed", "refunded")
    assert_lawful()


def turned(member):
    """One of two goods left before the refund of both was agreed to: it comes back, the other stays."""
    sent, kept = (SkuFactory(price_fen=price, stock=0) for price in (1_001, 2_000))
    for each in (sent, kept):
        stocked(each)
    order = paid(member, (sent, 1), (kept, 1))
    after_sale = ask(order, {0: 1, 1: 1}, kind=Kind.REFUND)
    deliver_facts()
    send_parcels(order.number, Shipment.objects.filter(lines__sku=sent))
    services.turn_into_return(number=after_sale.number, actor=CLERK, now=clock.now())
    after_sale.refresh_from_db()
    assert (after_sale.status, stock(sent), stock(kept)) == ("awaiting_goods", (19, 0), (20, 0))
    return order, after_sale, kept


def test_what_never_left_is_taken_out_once_and_refunded_with_what_comes_back(member):
    order, after_sale, kept = turned(member)
    received(after_sale, {0: 1})
    after_sale.refresh_from_db()
    assert (after_sale.status, after_sale.refund_fen, stock(kept)) == ("refunding", 3_001, (20, 0))
    money_arrives(after_sale)
    assert status(order) == "refunded"
    assert_lawful()


def test_what_never_left_is_refunded_when_the_rest_does_not_come_back(member):
    order, after_sale, kept = turned(member)
    assert act_in_time(now=clock.now() + timedelta(days=8))["closed"] == 1
    after_sale.refresh_from_db()
    assert (after_sale.status, after_sale.refund_fen, stock(kept)) == ("refunding", 2_000, (20, 0))
    money_arrives(after_sale)
    assert after_sale.status == "completed"
    # What the member kept can be asked for again.
    assert list(OrderLine.objects.order_by("pk").values_list("units_claimed", "units_returned")) == [(0, 0), (1, 1)]
    assert_lawful()


def test_slices_of_a_refund_count_together_for_the_second_approval(member, sku):
    set_preference("after_sales.second_approval_fen", 2_002)
    order = delivered(member, (sku, 2))
    assert [approve(ask(order, kind=Kind.REFUND, reason="damaged")).status for _slice in range(2)] == [
        "refunding",
        "second_approval",
    ]


def test_who_receives_the_goods_is_not_the_second_person(member, sku):
    set_preference("after_sales.second_approval_fen", 1)
    after_sale = sent_back(ask(delivered(member, (sku, 1))))
    counts = {after_sale.lines.get().order_line_id: (1, 0)}
    services.receive_goods(number=after_sale.number, received=counts, actor=BOSS, now=clock.now())
    with pytest.raises(SecondPersonNeeded):
        services.approve_second(number=after_sale.number, actor=BOSS, now=clock.now())
    assert Refund.objects.count() == 0
    assert services.approve_second(number=after_sale.number, actor=CLERK, now=clock.now()).status == "refunding"
    assert_lawful()


def test_goods_that_leave_before_the_second_approval_come_back_first(member, sku):
    set_preference("after_sales.second_approval_fen", 1)
    order = paid(member, (sku, 1))
    deliver_facts()
    refund = ask(order, kind=Kind.REFUND)
    services.approve(number=refund.number, actor=CLERK, now=clock.now())
    send_parcels(order.number)
    with pytest.raises(GoodsShipped):
        services.approve_second(number=refund.number, actor=BOSS, now=clock.now())
    services.turn_into_return(number=refund.number, actor=BOSS, now=clock.now())
    refund.refresh_from_db()
    assert (refund.kind, refund.status) == ("return", "awaiting_goods")
    assert_lawful()
