"""The desk of after-sales: who may do what in which status, every step from the page, asking for a member, policies."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from orders.after_sales import services
from orders.after_sales.admin.deeds import DEEDS
from orders.after_sales.models import AfterSale, Kind, Status
from orders.after_sales.policies import FREIGHT, GIFTS
from orders.after_sales.services import Wanted, Wish, act_in_time
from orders.after_sales.tests.making import (
    CLERK,
    ask,
    assert_lawful,
    bring_parcels,
    delivered,
    money_arrives,
    paid,
    received,
    send_parcels,
    sent_back,
    stocked,
)
from orders.payments.gateways.base import GatewayRefundState
from orders.payments.models import Refund
from shop.catalog.models import Sku
from shop.catalog.tests.factories import SkuFactory, make_product
from shop.core import clock
from shop.core.models import PreferenceValue, StaffUser
from shop.core.preferences import forget_cached, set_preference
from shop.core.roles import create_role_accounts, seed_roles

pytestmark = pytest.mark.django_db
LIST = "/admin/after_sales/aftersale/"


@pytest.fixture
def sku():
    sku = SkuFactory(price_fen=1_001, stock=0)
    stocked(sku)
    return sku


@pytest.fixture
def desks():
    """A signed-in window for each role."""
    seed_roles()
    found = {}
    for user in create_role_accounts(password="red-lantern-8"):
        found[user.username] = Client()
        found[user.username].force_login(user)
    return found


@pytest.fixture
def desk(desks):
    return desks["owner"]


def page(after_sale):
    return reverse("admin:after_sales_aftersale_change", args=[after_sale.pk])


def address(after_sale, deed):
    return f"{LIST}{after_sale.pk}/{deed}/"


def do(desk, after_sale, deed, **said):
    answer = desk.post(address(after_sale, deed), {"do": "go", **said})
    after_sale.refresh_from_db()
    return answer


def listed(desk, **query):
    return [row.number for row in desk.get(LIST, query).context["cl"].result_list]


def offered(desk, after_sale):
    """The deeds that the page links to."""
    shown = desk.get(page(after_sale)).content.decode()
    return {deed.path for deed in DEEDS if f'href="{address(after_sale, deed.path)}"' in shown}


def second_from(fen):
    PreferenceValue.objects.update_or_create(key="after_sales.second_approval_fen", defaults={"value": fen})
    forget_cached()


@pytest.mark.parametrize("count", [1, 5])
def test_the_list_takes_the_same_queries_however_long(desk, member, sku, count, django_assert_num_queries):
    order = paid(member, (sku, 5))
    for _each in range(count):
        ask(order, kind=Kind.REFUND)
    desk.get(LIST)
    with django_assert_num_queries(9):
        assert len(listed(desk)) == count


def test_what_waits_is_found_under_its_tab(desk, member, sku):
    order = delivered(member, (sku, 3))
    waiting, under_way, ended = (ask(order) for _each in range(3))
    sent_back(under_way)
    do(desk, ended, "refuse", answer="Worn")
    assert listed(desk, stage="ours") == [waiting.number]
    assert listed(desk, stage="goods") == [under_way.number]
    assert listed(desk, stage="ended") == [ended.number]
    assert listed(desk, stage="overdue") == []
    with clock.fixed(clock.now() + timedelta(days=11)):
        assert listed(desk, stage="overdue") == [under_way.number, waiting.number]
    assert listed(desk, stage="nonsense") == [ended.number, under_way.number, waiting.number]
    counts = {tab.link: tab.count for tab in desk.get(LIST).context["tabs"]}
    assert (counts["?stage=ours"], counts["?stage=goods"], counts["?stage=ended"]) == (1, 1, None)


def test_it_is_found_by_its_number_its_order_and_the_phone_tail(desk, member, sku):
    order = paid(member, (sku, 1))
    after_sale = ask(order, kind=Kind.REFUND)
    for term in (after_sale.number, order.number.lower(), order.phone_tail):
        assert listed(desk, q=term) == [after_sale.number]
    assert listed(desk, q="nothing") == []


def test_a_return_is_worked_through_by_those_whose_work_it_is(desks, member, sku):
    after_sale = ask(delivered(member, (sku, 2)), {0: 2})
    assert do(desks["warehouse"], after_sale, "approve").status_code == 403
    assert do(desks["service"], after_sale, "approve", answer="Please pack it well").status_code == 302
    assert (after_sale.status, after_sale.answer) == ("awaiting_goods", "Please pack it well")

    do(desks["service"], after_sale, "record-shipment", carrier="顺丰", tracking_number="SF1")
    assert (after_sale.status, after_sale.tracking_number) == ("under_way", "SF1")

    line = after_sale.lines.get()
    counted = {f"sound_{line.pk}": 1, f"damaged_{line.pk}": 1, "warehouse": after_sale.warehouse_id}
    assert do(desks["service"], after_sale, "receive", **counted).status_code == 403
    assert do(desks["warehouse"], after_sale, "receive", **counted, note="One is torn").status_code == 302
    line.refresh_from_db()
    assert (after_sale.status, line.units_sound, line.units_damaged) == ("received", 1, 1)

    assert do(desks["service"], after_sale, "refund-goods", withheld_fen="5.00").status_code == 200
    assert after_sale.status == "received"
    do(desks["service"], after_sale, "refund-goods", withheld_fen="5.00", withheld_for="Torn")
    assert (after_sale.status, after_sale.refund_fen, after_sale.withheld_fen) == ("refunding", 1_502, 500)
    money_arrives(after_sale)
    assert after_sale.status == "completed"
    assert_lawful()
    notes = LogEntry.objects.filter(content_type__model="aftersale").values_list("user__username", flat=True)
    assert list(notes.order_by("pk")) == ["service", "service", "warehouse", "service"]


def test_each_status_offers_its_own_deeds_to_those_who_may(desks, member, sku):
    order = delivered(member, (sku, 3))
    after_sale = ask(order)
    assert offered(desks["owner"], after_sale) == {"approve", "refuse", "cancel"}
    assert offered(desks["warehouse"], after_sale) == offered(desks["finance"], after_sale) == set()
    sent_back(after_sale)
    assert offered(desks["owner"], after_sale) == {"record-shipment", "receive", "dispute"}
    assert offered(desks["warehouse"], after_sale) == {"receive", "dispute"}
    assert offered(desks["analyst"], after_sale) == set()
    refund_only = ask(order, kind=Kind.REFUND)
    assert "turn-into-return" in offered(desks["service"], refund_only)


def test_a_second_person_of_finance_approves_what_is_above_the_limit(desks, member, sku):
    second_from(1_000)
    after_sale = ask(paid(member, (sku, 1)), kind=Kind.REFUND)
    do(desks["owner"], after_sale, "approve")
    assert after_sale.status == "second_approval"
    assert do(desks["service"], after_sale, "approve-second").status_code == 403
    refused = do(desks["owner"], after_sale, "approve-second")
    assert (refused.status_code, after_sale.status) == (200, "second_approval")
    assert not Refund.objects.exists()
    do(desks["finance"], after_sale, "approve-second")
    assert (after_sale.status, after_sale.second_by) == ("refunding", "staff:finance")


def test_a_page_asks_once_more_and_shows_what_goes_back(desk, member, sku):
    after_sale = ask(paid(member, (sku, 2)), kind=Kind.REFUND)
    shown = desk.get(address(after_sale, "approve"), headers={"Accept-Language": "en"}).content.decode()
    assert "¥10.01" in shown
    assert "1 × " in shown
    after_sale.refresh_from_db()
    assert after_sale.status == "requested"


def test_a_refusal_of_the_service_is_said_and_changes_nothing(desk, member, sku):
    order = paid(member, (sku, 1))
    after_sale = ask(order, kind=Kind.REFUND)
    send_parcels(order.number)
    answer = do(desk, after_sale, "approve")
    assert (answer.status_code, after_sale.status) == (200, "requested")
    do(desk, after_sale, "turn-into-return", answer="It has left: send it back, please")
    assert (after_sale.status, after_sale.kind) == ("awaiting_goods", "return")


def test_more_than_was_asked_for_is_not_received(desk, member, sku):
    after_sale = sent_back(ask(delivered(member, (sku, 2)), {0: 2}))
    line = after_sale.lines.get()
    said = {f"sound_{line.pk}": 2, f"damaged_{line.pk}": 1, "warehouse": after_sale.warehouse_id}
    assert do(desk, after_sale, "receive", **said).status_code == 200
    line.refresh_from_db()
    assert (after_sale.status, line.units_sound) == ("under_way", 0)


def test_goods_that_are_not_accepted_wait_for_both_to_agree(desk, member, sku):
    after_sale = sent_back(ask(delivered(member, (sku, 1))))
    assert do(desk, after_sale, "dispute").status_code == 200  # a reason is needed
    do(desk, after_sale, "dispute", answer="A stone in a box")
    assert after_sale.status == "disputed"
    do(desk, after_sale, "refuse", answer="A stone in a box")
    assert (after_sale.status, after_sale.answer) == ("refused", "A stone in a box")
    assert_lawful()


def test_a_refund_that_did_not_arrive_is_asked_about_again(desk, member, sku, monkeypatch):
    after_sale = ask(paid(member, (sku, 1)), kind=Kind.REFUND)
    do(desk, after_sale, "approve")
    money_arrives(after_sale, GatewayRefundState.ABNORMAL)
    asked = []
    monkeypatch.setattr("orders.after_sales.admin.deeds.refresh_refund", lambda *, number, now: asked.append(number))
    do(desk, after_sale, "refund-again")
    assert asked == [Refund.objects.get().number]
    assert "needs attention" in desk.get(page(after_sale), headers={"Accept-Language": "en"}).content.decode().lower()


def test_the_page_shows_reasons_goods_money_and_history(desk, member, sku, django_assert_max_num_queries):
    after_sale = ask(paid(member, (sku, 2)), kind=Kind.REFUND)
    do(desk, after_sale, "approve")
    with django_assert_max_num_queries(32):
        answer = desk.get(page(after_sale))
    titles = [panel.rows for panel in answer.context["panels"]]
    assert len(titles) == 3
    assert answer.context["goes_back"].rows[-1][1] == "¥10.01"
    assert answer.context["goes_back"].is_final
    assert Refund.objects.get().number in answer.content.decode()


def test_staff_open_an_after_sale_for_a_member(desks, member, sku):
    order = delivered(member, (sku, 2))
    here = f"{LIST}open-for-member/"
    assert desks["finance"].get(here).status_code == 403
    desk = desks["service"]
    assert desk.post(here, {"order": "D0"}).status_code == 200
    found = desk.post(here, {"order": order.number})
    assert found["Location"] == f"{here}?order={order.number}"
    line = order.lines.get()
    said = {"kind": "return", "reason": "damaged", "description": "By phone", f"units_{line.pk}": 1}
    looked = desk.post(found["Location"], {**said, "do": "look"})
    assert looked.context["goes_back"].rows[-1][1] == "¥10.01"
    assert not AfterSale.objects.exists()
    assert desk.post(found["Location"], {**said, f"units_{line.pk}": 3, "do": "open"}).status_code == 200
    assert desk.post(found["Location"], {**said, f"units_{line.pk}": 0, "do": "open"}).status_code == 200
    assert not AfterSale.objects.exists()
    opened = desk.post(found["Location"], {**said, "do": "open"})
    after_sale = AfterSale.objects.get()
    assert opened["Location"] == page(after_sale)
    assert (after_sale.asked_by, after_sale.description) == ("staff:service", "By phone")


def test_staff_exchange_goods_for_others_of_the_same_price(desk, member):
    red, blue = make_product(prices=[900, 900]).skus.order_by("pk")
    stocked(red, blue)
    order = delivered(member, (red, 1))
    line = order.lines.get()
    said = {"kind": "exchange", "reason": "wrong_choice", f"units_{line.pk}": 1, f"other_{line.pk}": blue.pk}
    desk.post(f"{LIST}open-for-member/?order={order.number}", {**said, "do": "open"})
    after_sale = AfterSale.objects.get()
    assert after_sale.lines.get().replacement_sku == blue
    assert desk.get(page(after_sale)).context["goes_back"] is None


def test_policies_are_tried_on_an_example_and_then_saved(desks):
    here = f"{LIST}policies/"
    desk = desks["owner"]
    said = {
        "after_sales.freight": "share",
        "after_sales.threshold": "ignore",
        "after_sales.coupons": "lines",
        "after_sales.gifts": "deduct",
        "after_sales.growth": "on",
    }
    shown = desk.get(here).context["goes_back"]
    # ¥161.43, less ¥21.43 that is no longer earned, and half of the freight, because it is the shop's fault.
    assert shown.rows[-1][1] == "¥146.00"
    tried = desk.post(here, {**said, "do": "look"}).context["goes_back"]
    # The benefit stays, the cup of ¥20 is deducted, half of the freight comes back.
    assert tried.rows[-1][1] == "¥147.43"
    assert (FREIGHT.value(), GIFTS.value()) == ("fault", "return")
    assert desk.post(here, {**said, "do": "save"}).status_code == 302
    forget_cached()
    assert (FREIGHT.value(), GIFTS.value()) == ("share", "deduct")
    assert PreferenceValue.objects.get(key="after_sales.commission").value is False
    looked = desks["service"].post(here, {**said, "after_sales.freight": "never", "do": "save"})
    assert (looked.status_code, FREIGHT.value()) == (403, "share")


def test_a_policy_holds_for_what_is_asked_for_from_then_on(member, sku):
    order = paid(member, (sku, 2))
    before = ask(order, kind=Kind.REFUND)
    set_preference(FREIGHT, "never")
    after = ask(order, kind=Kind.REFUND)
    assert (before.policy["freight"], after.policy["freight"]) == ("fault", "never")


def test_what_the_clock_did_is_in_the_history(desk, member, sku):
    after_sale = ask(paid(member, (sku, 1)), kind=Kind.REFUND)
    act_in_time(now=clock.now() + timedelta(days=3))
    after_sale.refresh_from_db()
    assert after_sale.status == Status.REFUNDING
    rows = desk.get(page(after_sale)).content.decode().split("<tr")
    assert [row for row in rows if str(after_sale.get_status_display()) in row and "商城" in row]


def test_nobody_without_the_permission_sees_anything(member, sku):
    after_sale = ask(paid(member, (sku, 1)), kind=Kind.REFUND)
    stranger = Client()
    stranger.force_login(StaffUser.objects.create_user("stranger", password="x", is_staff=True))
    for here in (LIST, page(after_sale), address(after_sale, "approve"), f"{LIST}policies/"):
        assert stranger.get(here).status_code == 403


def test_who_receives_goods_reads_what_was_sent_in_exchange_not_what_was_bought(desks, member):
    product = make_product(prices=[900, 900], name="茶杯")
    red, blue = product.skus.order_by("pk")
    Sku.objects.filter(pk=red.pk).update(options={"颜色": "朱砂"})
    Sku.objects.filter(pk=blue.pk).update(options={"颜色": "靛青"})
    red.refresh_from_db()
    stocked(red, blue)
    order = delivered(member, (red, 3))
    wanted = Wish(Kind.EXCHANGE, [Wanted(order.lines.get().pk, 1, blue.pk)], "wrong_choice")
    swapped = sent_back(services.ask(number=order.number, wish=wanted, actor=CLERK, now=clock.now()))
    form = desks["warehouse"].get(f"{LIST}{swapped.pk}/receive/").context["form"]
    line = swapped.lines.get()
    assert form[f"sound_{line.pk}"].label == f"茶杯 朱砂 ({red.code})：完好"
    assert form[f"sound_{line.pk}"].help_text == f"换出：茶杯 靛青 ({blue.code})"
    received(swapped, {0: 1})
    send_parcels(swapped.number)
    bring_parcels(swapped.number)
    back = sent_back(ask(order, {0: 2}))
    form = desks["warehouse"].get(f"{LIST}{back.pk}/receive/").context["form"]
    line = back.lines.get()
    assert form[f"sound_{line.pk}"].label == f"茶杯 朱砂 ({red.code}) × 1 + 茶杯 靛青 ({blue.code}) × 1：完好"
    assert form[f"sound_{line.pk}"].help_text == ""
    received(back, {0: 2})
    rows = desks["service"].get(page(back)).context["panels"][0].rows
    assert rows[0][0] == f"茶杯 朱砂 ({red.code}) × 1 + 茶杯 靛青 ({blue.code}) × 1"
