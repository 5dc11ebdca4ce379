"""What an after-sale takes back and gives back besides money: points, growth, what campaigns count."""

import pytest

from members.tiers.models import GrowthEntry
from orders.after_sales import services
from orders.after_sales.models import Kind
from orders.after_sales.tests.making import (
    BOSS,
    CLERK,
    ask,
    assert_lawful,
    deliver_facts,
    delivered,
    money_arrives,
    received,
    sent_back,
    settle_payment,
    stocked,
)
from orders.after_sales.tests.test_refunds import set_preference
from orders.checkout.models import Order
from orders.checkout.services.progress import receive_order
from orders.checkout.tests.making import buyer, items, place
from orders.payments.models import Refund
from points.ledger.queries import balance_of
from points.ledger.services import grant
from points.rules.invariants import LAWS as EARNING_LAWS
from points.rules.spec import Goods, Multiplier
from points.rules.tests.making import spec
from points.rules.tests.publishing import publish
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)


def points(member):
    found = balance_of(member_id=member.pk, now=clock.now())
    return found.available, found.pending


def refunded(order, units=None):
    after_sale = ask(order, units, kind=Kind.REFUND, reason="damaged")
    services.approve(number=after_sale.number, actor=CLERK, now=clock.now())
    money_arrives(after_sale)
    deliver_facts()
    return after_sale


def pay_with_points(member, sku, units, used):
    now = clock.now()
    with unit_of_work():
        grant(
            reference="welcome",
            member_id=member.pk,
            points=used,
            source="campaign",
            now=now,
            matures_at=now,
            expires_at=None,
        )
    answer = place(buyer(member), {"items": items((sku, units)), "points_to_use": used})
    assert answer.status_code == 201, answer.content
    order = settle_payment(Order.objects.get(number=answer.json()["number"]))
    deliver_facts()
    return order


def test_points_that_paid_come_back_line_by_line_to_the_point(member):
    sku = SkuFactory(price_fen=1_000, stock=0)
    stocked(sku)
    order = pay_with_points(member, sku, 3, 1_000)
    assert points(member)[0] == 0
    back = []
    for _unit in range(3):
        refunded(order)
        back.append(points(member)[0])
    assert back == [333, 666, 1_000]
    order.refresh_from_db()
    assert (order.refunded_points, order.status) == (1_000, "refunded")
    assert_lawful()


def test_an_order_paid_in_points_alone_gives_them_back_without_a_gateway(member):
    set_preference("points.deduction_cap_bp", 10_000)
    sku = SkuFactory(price_fen=1_000, stock=0)
    stocked(sku)
    order = pay_with_points(member, sku, 2, 2_000)
    assert order.payable_fen == 0
    refunded(order)
    assert (points(member)[0], Refund.objects.count()) == (1_000, 0)
    refunded(order)
    order.refresh_from_db()
    assert (points(member)[0], order.status) == (2_000, "refunded")
    assert_lawful()


@pytest.fixture
def tea_and_cups(member):
    """Delivered: two units at ten times the points and two plain ones, for ¥100 each."""
    tea, cups = SkuFactory(price_fen=10_000, stock=0), SkuFactory(price_fen=10_000, stock=0)
    stocked(tea, cups)
    publish(spec(Multiplier(100_000), conditions=(Goods(category_ids=(tea.product.category_id,)),)))
    order = delivered(member, (tea, 2), (cups, 2))
    assert points(member) == (0, 2_000 + 200)
    return order


@pytest.mark.parametrize(
    ("returns", "left"),
    [
        ([{0: 2}, {1: 2}], [200, 0]),
        ([{1: 2}, {0: 2}], [2_000, 0]),
        ([{0: 1}, {1: 1}, {0: 1}, {1: 1}], [1_200, 1_100, 100, 0]),
        ([{0: 1, 1: 1}, {0: 1, 1: 1}], [1_100, 0]),
    ],
)
def test_goods_take_along_the_points_that_they_have_earned(member, tea_and_cups, returns, left):
    kept = []
    for units in returns:
        refunded(tea_and_cups, units)
        kept.append(points(member)[1])
    assert kept == left
    assert_lawful()
    assert [law() for law in EARNING_LAWS if law()] == []


def test_goods_come_back_with_their_points_whatever_is_withheld_for_them(member, tea_and_cups):
    after_sale = sent_back(ask(tea_and_cups, {0: 2}))
    received(after_sale, {0: 1}, {0: 1})
    services.refund(number=after_sale.number, actor=CLERK, now=clock.now(), withheld_fen=5_000, withheld_for="Torn")
    assert points(member) == (0, 2_200)
    money_arrives(after_sale)
    deliver_facts()
    assert (points(member), Refund.objects.get().amount_fen) == ((0, 200), 15_000)
    assert_lawful()


def test_points_and_growth_that_the_order_brought_follow_what_is_still_paid(member):
    sku = SkuFactory(price_fen=10_000, stock=0)
    stocked(sku)
    order = delivered(member, (sku, 2))
    receive_order(number=order.number, member_id=member.pk, now=clock.now())
    deliver_facts()
    assert points(member) == (0, 200)
    refunded(order)
    assert points(member) == (0, 100)
    assert list(GrowthEntry.objects.order_by("pk").values_list("amount", flat=True)) == [200, -100]
    set_preference("after_sales.growth", False)
    refunded(order)
    assert points(member) == (0, 0)
    assert list(GrowthEntry.objects.order_by("pk").values_list("amount", flat=True)) == [200, -100]
    order.refresh_from_db()
    assert order.status == "refunded"
    assert_lawful()


def test_points_count_at_their_worth_for_the_second_approval(member):
    set_preference("points.deduction_cap_bp", 10_000)
    # 100 points are worth a yuan: 2,000 of them twenty.
    set_preference("after_sales.second_approval_fen", 2_000)
    sku = SkuFactory(price_fen=2_000, stock=0)
    stocked(sku)
    order = pay_with_points(member, sku, 1, 2_000)
    assert order.payable_fen == 0
    refund = ask(order, kind=Kind.REFUND)
    services.approve(number=refund.number, actor=CLERK, now=clock.now())
    refund.refresh_from_db()
    assert (refund.status, refund.refund_points) == ("second_approval", 2_000)
    services.approve_second(number=refund.number, actor=BOSS, now=clock.now())
    deliver_facts()
    refund.refresh_from_db()
    assert refund.status == "completed"
    assert_lawful()
