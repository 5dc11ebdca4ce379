"""Prices that staff change: exact to the fen, closed at the gateway first, told, undone, agreed on, and raced with."""

import time

import httpx
import pytest
from django.contrib.admin.models import LogEntry
from django.db.models import F

from members.identity.tests.factories import MemberFactory, client_for
from members.notifications.models import Notification
from orders.checkout.invariants import order_totals_are_the_sums_of_their_lines
from orders.checkout.models import Order
from orders.fulfilment.tests.test_parcels import deliver_facts
from orders.payments.invariants import LAWS as PAYMENT_LAWS
from orders.payments.models import Payment, PaymentStatus
from orders.payments.services.closing import close_unpaid_order
from orders.payments.tests.conftest import gateway as gateway
from orders.payments.tests.factories import post, start
from orders.workbench.errors import (
    PriceBelowZero,
    PriceChangeDecided,
    PriceChangeOvertaken,
    PriceNotChangeable,
    PriceUnchanged,
    SecondPersonDecides,
)
from orders.workbench.models import PriceChange
from orders.workbench.repricing import OwnPrice, spread_over
from orders.workbench.services.pricing import ask_price, decide_price
from orders.workbench.tests.making import LIST, STAFF, clerk, order_of, owner, pay, seated
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import Alert
from tests.concurrency.racing import run_together

OTHER = Actor.staff("other")
CHANGES = "/admin/workbench/pricechange/"


@pytest.fixture
def order(db):
    """Two lines of ¥30.00 and ¥10.00; freight stands on top."""
    return order_of((SkuFactory(price_fen=1500), 2), (SkuFactory(price_fen=1000), 1))


def ask(order, taken_off=None, freight=None, actor=STAFF, reason="老客户"):
    return ask_price(
        number=order.number,
        taken_off=taken_off or {},
        freight_fen=order.freight_fen if freight is None else freight,
        reason=reason,
        actor=actor,
        now=clock.now(),
    )


def prices(order):
    order.refresh_from_db()
    return [line.payable_fen for line in order.lines.all()], order.freight_fen, order.payable_fen


def settled(payment_number, *statuses):
    """The gateway tells of a payment a moment later."""
    for _ in range(100):
        payment = Payment.objects.get(number=payment_number)
        if payment.status in (statuses or (PaymentStatus.SUCCEEDED, PaymentStatus.CLOSED)):
            return payment
        time.sleep(0.1)
    raise AssertionError("the gateway has not told of the payment")


def assert_lawful():
    laws = [order_totals_are_the_sums_of_their_lines, *PAYMENT_LAWS]
    assert [each for law in laws for each in law()] == []


def test_a_discount_is_split_over_the_lines_to_the_fen():
    own = OwnPrice({1: 3000, 2: 1000, 3: 0}, 500)
    assert spread_over(own, 999) == {1: 749, 2: 250}
    assert spread_over(own, 4000) == {1: 3000, 2: 1000}
    assert spread_over(own, 0) == {}
    with pytest.raises(PriceBelowZero):
        spread_over(own, 4001)


@pytest.mark.django_db(transaction=True)
def test_lines_and_freight_get_a_price_of_their_own_and_the_member_is_told(order):
    freight = order.freight_fen
    before = order.payable_fen
    change = ask(order, {0: 500}, freight + 300)
    assert (change.status, change.before_fen, change.after_fen) == ("applied", before, before - 200)
    assert prices(order) == ([2500, 1000], freight + 300, before - 200)
    assert order.discount_fen == 500
    [line] = [line for line in order.lines.all() if line.position == 0]
    assert [(each["kind"], each["amount_fen"]) for each in line.adjustments] == [("manual", -500)]
    assert [(each["kind"], each["amount_fen"]) for each in order.adjustments] == [("manual", -200)]
    event = order.events.last()
    assert (event.status, event.actor) == ("pending_payment", "staff:owner")
    assert "老客户" in event.note
    assert Notification.objects.get(event="order_price_changed").member_id == order.member_id
    assert_lawful()


@pytest.mark.django_db(transaction=True)
def test_another_change_takes_the_place_of_the_first_and_the_last_undoes_all(order):
    plain = prices(order)
    ask(order, {0: 500})
    ask(order, {1: 100})
    assert prices(order)[0] == [3000, 900]
    ask(order, {})
    assert prices(order) == plain
    assert (order.adjustments, [line.adjustments for line in order.lines.all()]) == ([], [[], []])
    assert PriceChange.objects.filter(status="applied").count() == 3
    assert_lawful()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("taken_off", "freight", "refusal"),
    [
        ({0: 3001}, 0, PriceBelowZero),
        ({0: -1}, 0, PriceBelowZero),
        ({9: 1}, 0, PriceBelowZero),
        ({}, -1, PriceBelowZero),
    ],
)
def test_no_line_goes_below_nothing_or_above_the_shop_s_own_price(order, taken_off, freight, refusal):
    before = prices(order)
    with pytest.raises(refusal):
        ask(order, taken_off, freight)
    assert prices(order) == before
    assert not PriceChange.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_price_and_a_paid_order_are_refused(order):
    with pytest.raises(PriceUnchanged):
        ask(order)
    pay(order)
    with pytest.raises(PriceNotChangeable):
        ask(order, {0: 1})
    assert not PriceChange.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_much_waits_for_a_second_person(order):
    big = order_of((SkuFactory(price_fen=50_000), 1))
    before = prices(big)
    change = ask(big, {0: 10_001})
    assert (change.status, prices(big)) == ("waiting", before)
    assert Alert.objects.get().permission == "workbench.change_pricechange"
    with pytest.raises(SecondPersonDecides):
        decide_price(change_id=change.pk, approve=True, actor=STAFF, now=clock.now())
    assert prices(big) == before
    decide_price(change_id=change.pk, approve=True, actor=OTHER, now=clock.now())
    assert prices(big)[0] == [39_999]
    assert not Alert.objects.exists()
    with pytest.raises(PriceChangeDecided):
        decide_price(change_id=change.pk, approve=False, actor=OTHER, now=clock.now())
    again = ask(big, {0: 10_000})  # within what one person may give, counted from the shop's own price
    assert again.status == "applied"


@pytest.mark.django_db(transaction=True)
def test_a_change_that_was_overtaken_or_declined_changes_nothing():
    order = order_of((SkuFactory(price_fen=50_000), 1))
    waiting = ask(order, {0: 20_000})
    ask(order, {0: 1})
    with pytest.raises(PriceChangeOvertaken):
        decide_price(change_id=waiting.pk, approve=True, actor=OTHER, now=clock.now())
    decide_price(change_id=waiting.pk, approve=False, actor=OTHER, now=clock.now())
    assert prices(order)[0] == [49_999]
    assert not Alert.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "ends", [pay, lambda order: close_unpaid_order(number=order.number, actor=STAFF, now=clock.now())]
)
def test_a_change_that_waits_ends_when_its_order_is_paid_or_cancelled(ends):
    order, other = order_of((SkuFactory(price_fen=50_000), 1)), order_of((SkuFactory(price_fen=50_000), 1))
    waiting, left = ask(order, {0: 20_000}), ask(other, {0: 20_000})
    ends(order)
    before = prices(order)
    deliver_facts()
    waiting.refresh_from_db()
    left.refresh_from_db()
    assert (waiting.status, waiting.decided_by, waiting.decided_at is None) == ("lapsed", "", False)
    assert left.status == "waiting"
    assert [alert.data["number"] for alert in Alert.objects.filter(cause__startswith="workbench.price.")] == [
        other.number
    ]
    with pytest.raises(PriceChangeDecided):
        decide_price(change_id=waiting.pk, approve=True, actor=OTHER, now=clock.now())
    assert prices(order) == before


@pytest.fixture
def payer(sandbox):
    return MemberFactory(openid=sandbox.user())


@pytest.mark.django_db(transaction=True)
def test_an_open_payment_is_closed_at_the_gateway_and_the_new_price_is_paid(gateway, payer):
    order = order_of((SkuFactory(price_fen=3000), 1), member=payer)
    client = client_for(payer)
    begun = start(client, order)
    ask(order, {0: 1000})
    refused = httpx.post(f"{gateway.url}/wechat/pay", json={"client_params": begun["client_params"]})
    assert refused.json()["code"] == "ORDER_CLOSED"
    again = start(client, order)
    assert again["amount_fen"] == prices(order)[2]
    httpx.post(f"{gateway.url}/wechat/pay", json={"client_params": again["client_params"]}).raise_for_status()
    settled(again["number"])
    order.refresh_from_db()
    assert (order.status, order.paid_fen) == ("paid", order.payable_fen)
    assert_lawful()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("taken_off", "freight", "price"), [({0: 1000}, 0, 2000), ({}, 500, 3500)])
def test_who_pays_the_old_price_by_a_link_still_in_hand_gets_it_back(gateway, payer, taken_off, freight, price):
    """What Alipay was not yet told of cannot be closed there: it neither settles the order for less nor for more."""
    order = order_of((SkuFactory(price_fen=3000), 1), member=payer)
    old = start(client_for(payer), order, method="alipay")
    ask(order, taken_off, freight)
    gateway.alipay(old["number"], client_params=old["client_params"])
    payment = settled(old["number"], PaymentStatus.SUCCEEDED)
    order.refresh_from_db()
    assert (order.status, order.paid_fen, payment.settles_order) == ("pending_payment", 0, False)
    assert list(payment.refunds.values_list("reason", "amount_fen")) == [("repriced", 3000)]
    again = start(client_for(payer), order, method="alipay")
    assert again["amount_fen"] == prices(order)[2] == price
    gateway.alipay(again["number"], client_params=again["client_params"])
    assert settled(again["number"]).settles_order
    order.refresh_from_db()
    assert (order.status, order.paid_fen) == ("paid", price)
    assert_lawful()


@pytest.mark.django_db(transaction=True)
def test_who_has_paid_meanwhile_keeps_the_old_price(gateway, payer):
    order = order_of((SkuFactory(price_fen=3000), 1), member=payer)
    begun = start(client_for(payer), order)
    httpx.post(f"{gateway.url}/wechat/pay", json={"client_params": begun["client_params"]}).raise_for_status()
    with pytest.raises(PriceNotChangeable):
        ask(order, {0: 1000})
    order.refresh_from_db()
    assert (order.status, order.paid_fen, order.discount_fen) == ("paid", order.payable_fen, 0)
    assert_lawful()


@pytest.mark.django_db(transaction=True)
def test_to_nothing_and_then_nothing_is_to_be_paid(order):
    ask(order, {0: 3000, 1: 1000}, 0)
    assert prices(order) == ([0, 0], 0, 0)
    answer = post(client_for(order.member), f"orders/{order.number}/payments", {"method": "balance_free"})
    assert answer.status_code == 201
    order.refresh_from_db()
    assert order.status == "paid"
    assert_lawful()


def unguarded(order):
    """A price changed in one statement, past the order's lock and its open payment."""
    Order.objects.filter(pk=order.pk).update(payable_fen=F("payable_fen") - 1000, discount_fen=F("discount_fen") + 1000)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_paying_and_changing_the_price_at_once_never_disagree(guarded, gateway, payer):
    order = order_of((SkuFactory(price_fen=3000), 1), member=payer)
    begun = start(client_for(payer), order)

    def pay_now():
        return httpx.post(f"{gateway.url}/wechat/pay", json={"client_params": begun["client_params"]}).status_code

    if guarded:
        run_together(pay_now, lambda: ask(order, {0: 1000}))
    else:
        unguarded(order)
        pay_now()
    payment = settled(begun["number"])
    order.refresh_from_db()
    agree = payment.status == PaymentStatus.CLOSED or (order.paid_fen == order.payable_fen == payment.amount_fen)
    assert agree is guarded


@pytest.mark.django_db(transaction=True)
def test_staff_change_a_price_in_the_admin_and_a_second_one_agrees():
    order = order_of((SkuFactory(price_fen=50_000), 1))
    user = clerk("add_pricechange", "view_pricechange", "view_order")
    desk, page = seated(user), f"{LIST}{order.pk}/price/"
    form = {"discount": "10.01", "freight": f"{order.freight_fen / 100:.2f}", "reason": "老客户", "line_0": "500.00"}
    assert "¥500.00 without changes" in desk.get(page).content.decode()
    assert desk.post(page, form).url == f"{LIST}{order.pk}/change/"
    assert prices(order)[0] == [48_999]
    assert "That is the price already." in desk.post(page, form).content.decode()
    assert desk.post(page, {**form, "discount": "", "line_0": "100"}).status_code == 302
    waiting = PriceChange.objects.get(status="waiting")
    assert desk.post(f"{CHANGES}{waiting.pk}/decide/", {"do": "approve"}).status_code == 403
    boss = seated(owner())
    assert "老客户" in boss.get(f"{CHANGES}{waiting.pk}/decide/").content.decode()
    boss.post(f"{CHANGES}{waiting.pk}/decide/", {"do": "approve"})
    assert prices(order)[0] == [10_000]
    assert LogEntry.objects.count() == 3
    assert seated(clerk("view_order", name="viewer")).post(page, form).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_price_lowered_to_nothing_pays_the_order_at_once():
    order = order_of((SkuFactory(price_fen=1500), 1))
    ask(order, {0: 1500}, freight=0)
    deliver_facts()
    order.refresh_from_db()
    assert (order.payable_fen, order.status in ("pending_payment", "cancelled")) == (0, False)
    assert order.payments.get().method == "balance_free"
