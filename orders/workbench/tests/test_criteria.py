"""Each criterion by itself, all of them together, and values that mean nothing."""

from datetime import datetime, timedelta

import pytest
from django.utils.translation import override

from logistics.network.tests.factories import GUANGZHOU, HANGZHOU, make_warehouse
from logistics.shipments.models import Shipment
from logistics.shipments.tests.factories import make_carrier
from members.identity.tests.factories import MemberFactory
from orders.after_sales.models import AfterSale
from orders.checkout.models import Order, OrderStatus
from orders.workbench import criteria
from orders.workbench.criteria import CRITERIA, given_of, matching, sentences
from orders.workbench.tests.making import LIST, order_of, owner, pay, seated, to_ship
from promotions.checkout.models import PromotionClaim
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.clock import SHANGHAI


def found(**given):
    return set(matching(given))


@pytest.mark.django_db
def test_by_status_alone_and_all_that_is_to_ship():
    orders = {status: order_of(status=status) for status in ("paid", "allocated", "shipped", "cancelled")}
    assert found(status="shipped") == {orders["shipped"]}
    assert found(status="to_ship") == {orders["paid"], orders["allocated"]}
    assert found(status="nothing") == set()


@pytest.mark.django_db
def test_days_are_those_of_shanghai_with_both_ends():
    at = [datetime(2026, 3, 1, 23, 59, tzinfo=SHANGHAI), datetime(2026, 3, 2, 0, 0, tzinfo=SHANGHAI)]
    before, after = (order_of(placed_at=instant) for instant in at)
    assert found(placed_at_to="2026-03-01") == {before}
    assert found(placed_at_from="2026-03-02", placed_at_to="2026-03-02") == {after}
    assert found(placed_at_from="2026-02-30") == set()
    assert found(placed_at_to="9999-12-31") == set()
    assert found(paid_at_from="2026-03-01") == set()


@pytest.mark.django_db
def test_lately_moves_on_with_the_days():
    old, new = order_of(), order_of()
    Order.objects.filter(pk=old.pk).update(placed_at=clock.now() - timedelta(days=1))
    assert found(placed="today") == {new}
    assert found(placed="yesterday") == {old}
    assert found(placed="week") == {old, new}


@pytest.mark.django_db
def test_by_amount_in_yuan():
    cheap, dear = order_of((SkuFactory(price_fen=990), 1)), order_of((SkuFactory(price_fen=99900), 1))
    edge = f"{dear.payable_fen // 100}.{dear.payable_fen % 100:02d}"
    assert found(amount_from=edge) == {dear}
    assert found(amount_to=edge) == {cheap, dear}
    assert found(amount_from="-1") == found(amount_to="much") == set()


@pytest.mark.django_db
@pytest.mark.parametrize("few", [100, 1])
def test_by_sku_code_product_code_and_name(few, monkeypatch):
    monkeypatch.setattr(criteria, "FEW_PRODUCTS", few)
    tea, cup = SkuFactory(code="TEA-1", product__name="龙井茶"), SkuFactory(code="CUP-1", product__name="茶杯")
    of_tea, of_cup, of_both = order_of((tea, 1)), order_of((cup, 1)), order_of((tea, 1), (cup, 1))
    assert found(product="CUP-1") == {of_cup, of_both}
    assert found(product=tea.product.code) == {of_tea, of_both}
    assert found(product="杯") == {of_cup, of_both}
    assert found(product="茶") == {of_tea, of_cup, of_both}
    assert found(product="咖啡") == set()


@pytest.mark.django_db(transaction=True)
def test_by_warehouse_and_carrier_of_a_parcel_that_is_sent():
    here, elsewhere = make_warehouse(HANGZHOU), make_warehouse(GUANGZHOU)
    carrier = make_carrier("SF")
    [parcel] = to_ship(here)
    order = Order.objects.get(number=parcel.order_number)
    order_of()
    assert found(warehouse=str(here.pk)) == found(carrier=str(carrier.pk)) == {order}
    assert found(warehouse=str(elsewhere.pk)) == found(warehouse="1 OR 1") == found(carrier="9" * 30) == set()
    Shipment.objects.update(status="cancelled")
    assert found(warehouse=str(here.pk)) == set()


@pytest.mark.django_db
def test_by_front_remark_flag_member_and_what_paid():
    member = MemberFactory()
    marked = order_of(member=member, channel="h5", remark="请放前台", flag="red")
    noted = pay(order_of(staff_remark="赠礼盒"))
    assert found(channel="h5") == found(flag="red") == found(remark="buyer") == {marked}
    assert found(channel="unknown") == found(remark="staff") == {noted}
    assert found(member=str(member.pk)) == found(member=str(member.phone)) == {marked}
    assert found(payment="wechat") == {noted}
    assert found(payment="alipay") == found(flag="black") == found(member="nobody") == found(remark="x") == set()


@pytest.mark.django_db
def test_by_promotion():
    order, _other = order_of(), order_of()
    PromotionClaim.objects.create(order_number=order.number, mechanism="coupon", claimed_at=clock.now())
    assert found(activity="coupon") == {order}
    assert found(activity="points") == set()


@pytest.mark.django_db
def test_by_a_reward_and_sources_that_mean_nothing():
    order, _other = order_of(), order_of()
    taken = [{"kind": "reward", "id": 7, "label": "茶"}]
    PromotionClaim.objects.create(order_number=order.number, mechanism="reward", claimed_at=clock.now(), taken=taken)
    assert found(source="reward:7") == {order}
    for nothing in (
        "reward:8",
        "coupon:7",
        "reward:",
        "reward",
        ":7",
        "reward:7,8",
        "flash_sale:x",
        "reward:" + "9" * 30,
    ):
        assert found(source=nothing) == set()
    assert list(sentences({"source": "flash_sale:x"}))[0].endswith(": flash_sale:x")


@pytest.mark.django_db
def test_by_after_sale():
    quiet, asked = order_of(), order_of()
    sale = AfterSale.objects.create(
        number="AS1",
        order=asked,
        member=asked.member,
        kind="refund",
        reason="other",
        asked_by="x",
        asked_at=clock.now(),
    )
    assert found(after_sale="open") == found(after_sale="any") == {asked}
    assert found(after_sale="none") == {quiet}
    AfterSale.objects.filter(pk=sale.pk).update(status="cancelled", ended_at=clock.now())
    assert found(after_sale="open") == found(after_sale="x") == set()


@pytest.mark.django_db
def test_criteria_narrow_together():
    wanted, other = order_of(flag="red"), order_of(flag="red", status=OrderStatus.CANCELLED)
    assert found(flag="red") == {wanted, other}
    assert found(flag="red", status="pending_payment", q=wanted.number) == {wanted}


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for each in CRITERIA for name in each.parameters])
@pytest.mark.parametrize("odd", ["\0", "?" * 61, "' OR 1=1 --", "١٢"])
def test_a_value_that_means_nothing_matches_nothing(name, odd):
    order_of()
    assert found(**{name: odd}) == set()


def test_an_address_is_read_without_what_is_not_a_criterion():
    asked = {"status": " paid ", "p": "3", "o": "1", "evil": "1", "flag": "", "q": "M1"}
    assert given_of(asked) == {"q": "M1", "status": "paid"}


@pytest.mark.django_db
def test_what_was_asked_for_is_told_in_words():
    with override("en"):
        told = list(sentences({"q": "M1", "status": "paid", "amount_from": "5"}))
    assert told == [
        "Search: M1",
        "status: Paid",
        "amount (¥): 5 – ",
    ]


@pytest.mark.django_db
def test_the_list_shows_exactly_what_matches(rf):
    desk = seated(owner())
    order_of(flag="red", channel="h5"), order_of(flag="red"), order_of()
    for given in ({"flag": "red"}, {"flag": "red", "channel": "h5"}, {"amount_to": "1"}, {"placed": "today"}):
        shown = desk.get(LIST, given).context["cl"].result_list
        assert {order.pk for order in shown} == {order.pk for order in matching(given)}
