"""Everybody at the same instant: no unit is refunded twice, no fen above what was paid (R7).

Each race has a control whose guards are off, which must break what the guarded one keeps.
"""

from threading import Barrier

import pytest

from orders.after_sales import services
from orders.after_sales.errors import AfterSaleMovedOn, UnitsNotLeft
from orders.after_sales.models import AfterSale, Kind
from orders.after_sales.services import answering, asking, ending
from orders.after_sales.tests.making import CLERK, ask, assert_lawful, money_arrives, paid, stocked, wish
from orders.checkout.models import Order, OrderLine
from orders.payments.models import Payment, Refund
from orders.payments.services.refunding import request_refund
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 20


@pytest.fixture
def sku():
    sku = SkuFactory(price_fen=1_001, stock=0)
    stocked(sku, units=40)
    return sku


def agree(after_sale):
    return lambda: services.approve(number=after_sale.number, actor=CLERK, now=clock.now()).status


def test_twenty_partial_refunds_at_once_give_back_exactly_what_was_paid(member, sku):
    order = paid(member, (sku, 20))
    OrderLine.objects.update(payable_fen=10_007)
    Order.objects.update(discount_fen=20_020 - 10_007, payable_fen=10_007, paid_fen=10_007)
    Payment.objects.update(amount_fen=10_007)
    asked = [ask(order, kind=Kind.REFUND) for _unit in range(MANY)]
    answers = run_together(*[agree(each) for each in asked])
    assert answers == ["refunding"] * MANY
    refunds = list(Refund.objects.values_list("amount_fen", flat=True))
    assert (len(refunds), sum(refunds), set(refunds)) == (MANY, 10_007, {500, 501})
    assert_lawful()
    for each in asked:
        money_arrives(each)
    assert Order.objects.get().status == "refunded"
    assert_lawful()


@pytest.mark.parametrize("guarded", [True, False])
def test_the_last_units_are_asked_for_once(member, sku, monkeypatch, guarded):
    order = paid(member, (sku, 3))
    wished = wish(order, kind=Kind.REFUND)
    if not guarded:
        barrier = Barrier(MANY, timeout=60)

        def look(*, number, member_id=None):
            barrier.wait()
            return Order.objects.get(number=number)

        monkeypatch.setattr(asking, "lock_order", look)
        monkeypatch.setattr(asking, "claim", lambda lines, **_: None)

    def run():
        return services.ask(number=order.number, wish=wished, actor=CLERK, now=clock.now()).status

    answers = run_together(*[run] * MANY)
    asked = AfterSale.objects.count()
    assert answers.count("requested") == asked
    assert (asked == 3) is guarded
    if guarded:
        assert sum(isinstance(answer, UnitsNotLeft) for answer in answers) == MANY - 3
        assert_lawful()


def test_units_are_counted_even_where_the_lock_is_off(member, sku, monkeypatch):
    """Behind the order's lock stands the counter of the line."""
    order = paid(member, (sku, 2))
    wished, barrier = wish(order, kind=Kind.REFUND), Barrier(8, timeout=60)

    def look(*, number, member_id=None):
        barrier.wait()
        return Order.objects.get(number=number)

    monkeypatch.setattr(asking, "lock_order", look)

    def run():
        return services.ask(number=order.number, wish=wished, actor=CLERK, now=clock.now()).status

    assert run_together(*[run] * 8).count("requested") == AfterSale.objects.count() == 2


@pytest.mark.parametrize("guarded", [True, False])
def test_of_approval_and_withdrawal_one_has_an_effect(member, sku, monkeypatch, guarded):
    after_sale = ask(paid(member, (sku, 1)), kind=Kind.REFUND)
    if not guarded:
        barrier = Barrier(2, timeout=60)

        def look(*, number, member_id=None):
            found = AfterSale.objects.select_related("order").get(number=number)
            barrier.wait()
            return found.order, found

        monkeypatch.setattr(answering, "lock_after_sale", look)
        monkeypatch.setattr(ending, "lock_after_sale", look)
    answers = run_together(
        agree(after_sale), lambda: services.cancel(number=after_sale.number, actor=CLERK, now=clock.now()).status
    )
    done = [answer for answer in answers if isinstance(answer, str)]
    if guarded:
        assert len(done) == 1
        assert [type(answer) for answer in answers if not isinstance(answer, str)] == [AfterSaleMovedOn]
        assert Refund.objects.count() == (done == ["refunding"])
        assert_lawful()
    else:
        # Nobody is told any more: only the counters behind stop who comes second.
        assert len(done) <= 1
        assert not any(isinstance(answer, AfterSaleMovedOn) for answer in answers)


def test_an_approval_given_many_times_at_once_sends_money_once(member, sku):
    after_sale = ask(paid(member, (sku, 1)), kind=Kind.REFUND)
    assert run_together(*[agree(after_sale)] * 8) == ["refunding"] * 8
    assert Refund.objects.count() == 1
    assert_lawful()


def test_a_payment_gives_back_no_more_than_it_brought(member, sku):
    """Eight different references at once, half of the payment each: two are served."""
    order = paid(member, (sku, 2))

    def take(part):
        with unit_of_work():
            locked = Order.objects.get(pk=order.pk)
            request_refund(
                order=locked,
                amount_fen=1_001,
                reason=Refund.Reason.AFTER_SALE,
                reference=f"S{part}",
                now=clock.now(),
            )
        return "sent"

    answers = run_together(*[lambda part=part: take(part) for part in range(8)])
    assert answers.count("sent") == Refund.objects.count() == 2
    assert Payment.objects.get().refunded_fen == 2_002
