"""The order desk: who may see it, finding orders, the page of one, cancelling, printing, remarks, the home's panels."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import RequestFactory
from django.urls import reverse

from logistics.network.tests.factories import HANGZHOU, make_warehouse
from logistics.network.tests.factories import stock as receive
from logistics.shipments.models import Shipment
from members.identity.models import Member
from members.identity.phones import mask_phone, show_phone
from orders.checkout import dashboard
from orders.checkout.models import Order, OrderStatus
from orders.checkout.tests.making import stock
from orders.fulfilment.tests.test_parcels import deliver_facts
from orders.workbench.admin import orders
from orders.workbench.tests.making import LIST, clerk, order_of, owner, pay, seated
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.models import StaffUser
from shop.core.roles import create_role_accounts, seed_roles


@pytest.fixture
def boss():
    return owner()


@pytest.fixture
def desk(boss):
    return seated(boss)


def page(order):
    return reverse("admin:checkout_order_change", args=[order.pk])


def numbers(answer):
    return [order.number for order in answer.context["cl"].result_list]


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 12])
def test_the_list_takes_the_same_queries_however_long(desk, count, django_assert_num_queries):
    make_warehouse(HANGZHOU)
    for _ in range(count):
        order_of()
    desk.get(LIST)
    with django_assert_num_queries(10):
        assert len(numbers(desk.get(LIST))) == count


@pytest.mark.django_db
def test_orders_are_found_by_number_and_phone_tail(desk):
    wanted, other = order_of(phone_tail="4321"), order_of(phone_tail="9876")
    assert numbers(desk.get(LIST, {"q": wanted.number})) == [wanted.number]
    assert numbers(desk.get(LIST, {"q": wanted.number[:8]})) == [other.number, wanted.number]
    assert numbers(desk.get(LIST, {"q": "4321"})) == [wanted.number]
    assert numbers(desk.get(LIST, {"q": "0000"})) == []
    assert numbers(desk.get(LIST, {"q": show_phone(other.member.phone)})) == [other.number]


@pytest.mark.django_db
def test_orders_are_found_by_the_phone_of_who_gets_them(desk):
    gift = order_of(phone_tail="5678")
    other = order_of()
    Order.objects.filter(pk=gift.pk).update(recipient={**gift.recipient, "phone": "+8613912345678"})
    assert numbers(desk.get(LIST, {"q": "13912345678"})) == [gift.number]
    assert numbers(desk.get(LIST, {"q": "13912345679"})) == []
    Member.objects.filter(pk=other.member_id).update(phone=None)
    assert numbers(desk.get(LIST, {"q": "00000000000"})) == []


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["finance", "analyst", "operator"])
def test_who_may_not_see_phones_sees_no_phone_no_street_and_prints_nothing(role):
    order = order_of()
    seed_roles()
    create_role_accounts(password="secretsecret")
    limited = seated(StaffUser.objects.get(username=role))
    html = limited.get(page(order)).content.decode()
    to = order.recipient
    assert mask_phone(to["phone"]) in html
    assert f"{to['region_path']} {to['detail'][:2]}***" in html
    for hidden in (to["phone"], show_phone(to["phone"]), to["detail"], "/print/"):
        assert hidden not in html
    assert limited.get(f"{LIST}{order.pk}/print/").status_code == 403
    printed = limited.post(LIST, {"action": "print_selected", "_selected_action": [order.pk]}, follow=True)
    assert to["detail"] not in printed.content.decode()


@pytest.mark.django_db
def test_who_may_see_phones_sees_them_as_people_write_them(desk):
    order = order_of()
    phone = show_phone(order.recipient["phone"])
    for html in (desk.get(page(order)).content.decode(), desk.get(f"{LIST}{order.pk}/print/").content.decode()):
        assert phone in html
        assert order.recipient["phone"] not in html


@pytest.mark.django_db
def test_more_orders_than_are_printed_together_are_refused_and_told(desk, monkeypatch):
    monkeypatch.setattr(orders, "MOST_PRINTED", 1)
    chosen = {"action": "print_selected", "_selected_action": [order_of().pk, order_of().pk]}
    html = desk.post(LIST, chosen, follow=True).content.decode()
    assert "At most 1 orders are printed together; none was printed." in html
    assert "<section>" not in html


@pytest.mark.django_db
def test_orders_are_filtered_by_status_and_day(desk):
    old, new = order_of(), order_of(status=OrderStatus.CANCELLED)
    Order.objects.filter(pk=old.pk).update(placed_at=clock.now() - timedelta(days=9))
    assert numbers(desk.get(LIST, {"status": "cancelled"})) == [new.number]
    week = (clock.now() - timedelta(days=7)).strftime("%Y-%m-%d")
    assert numbers(desk.get(LIST, {"placed_at_from": week})) == [new.number]


@pytest.mark.django_db(transaction=True)
def test_a_shipped_order_is_found_by_tracking_number_and_warehouse_and_shows_it_all(desk, django_assert_num_queries):
    sku = SkuFactory(stock=0, price_fen=4990, product__name="龙井")
    here, elsewhere = make_warehouse(HANGZHOU), make_warehouse("440111")
    receive(here, {sku.pk: 5})
    order = order_of((sku, 1))
    pay(order)
    deliver_facts()
    Shipment.objects.filter(order_number=order.number).update(tracking_number="SF1234567890")
    order_of()
    assert numbers(desk.get(LIST, {"q": "SF1234567890"})) == [order.number]
    assert numbers(desk.get(LIST, {"warehouse": here.pk})) == [order.number]
    assert numbers(desk.get(LIST, {"warehouse": elsewhere.pk})) == []
    desk.get(page(order))  # what a process looks up once (content types) is known from here on
    with django_assert_num_queries(14):
        html = desk.get(page(order)).content.decode()
    for shown in ("龙井", "¥49.90", f"P{order.number}", "SF1234567890", "Payment service", order.recipient["detail"]):
        assert shown in html


@pytest.mark.django_db
def test_nothing_of_an_order_can_be_typed_over_but_the_remark(desk):
    order = order_of()
    answer = desk.post(page(order), {"staff_remark": "赠礼盒", "payable_fen": "1", "status": "paid", "number": "X"})
    assert answer.status_code == 302
    before, order = order, Order.objects.get(pk=order.pk)
    assert order.staff_remark == "赠礼盒"
    assert (order.number, order.status, order.payable_fen) == (before.number, before.status, before.payable_fen)
    assert LogEntry.objects.get().get_change_message() == "Changed Staff remark."
    assert desk.get(f"{LIST}add/").status_code == 403
    assert desk.post(f"{LIST}{order.pk}/delete/").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_an_unpaid_order_is_cancelled_from_its_page_and_gives_its_stock_back(desk):
    sku = SkuFactory(stock=5)
    order = order_of((sku, 1))
    assert "Cancel the order" in desk.get(f"{LIST}{order.pk}/cancel/").content.decode()
    assert Order.objects.get(pk=order.pk).status == "pending_payment"
    assert desk.post(f"{LIST}{order.pk}/cancel/").status_code == 302
    order.refresh_from_db()
    assert (order.status, order.events.last().actor, stock(sku)) == ("cancelled", "staff:owner", (5, 0))


@pytest.mark.django_db
def test_orders_are_printed_one_by_one_and_together(desk):
    first, second = order_of(), order_of()
    one = desk.get(f"{LIST}{first.pk}/print/").content.decode()
    assert first.number in one
    assert second.number not in one
    both = desk.post(LIST, {"action": "print_selected", "_selected_action": [first.pk, second.pk]}).content.decode()
    assert all(shown in both for shown in (first.number, second.number, "龙井", "¥49.90", "科技园路 1 号"))


@pytest.mark.django_db
def test_shipping_leads_to_the_order_s_parcels(desk):
    order = order_of()
    answer = desk.get(f"{LIST}{order.pk}/ship/")
    assert answer.url == f"/admin/shipments/shipment/?q={order.number}"


@pytest.mark.django_db
@pytest.mark.parametrize("action", ["cancel", "print", "ship"])
@pytest.mark.parametrize("odd", ["abc", "0", "9" * 30, "1%00"])
def test_an_address_that_names_no_order_is_not_there(desk, action, odd):
    assert desk.get(f"{LIST}{odd}/{action}/").status_code == 404


@pytest.mark.django_db
def test_staff_see_only_what_they_may(client):
    order = order_of()
    client.force_login(clerk("view_order"))
    assert client.get(page(order)).status_code == 200
    assert client.post(f"{LIST}{order.pk}/cancel/").status_code == 403
    client.force_login(StaffUser.objects.create_user("packer", password="secret", is_staff=True))
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}{order.pk}/print/").status_code == 403


@pytest.fixture
def home(boss):
    request = RequestFactory().get("/admin/")
    request.user = boss
    return request


@pytest.mark.django_db
def test_the_home_shows_today_s_real_figures(home, django_assert_num_queries):
    order_of()
    paid, yesterday = order_of(), order_of()
    pay(paid)
    pay(yesterday)
    start, _end = clock.day_bounds(clock.business_day(clock.now()))
    Order.objects.filter(pk=yesterday.pk).update(
        placed_at=start - timedelta(seconds=1), paid_at=start - timedelta(seconds=1)
    )
    with django_assert_num_queries(3):
        panel = dashboard.today_panel(home)
    assert [figure.value for figure in panel.figures] == ["2", "¥49.90", "2", "1"]
    placed, revenue = dashboard.month_orders_panel(home), dashboard.month_revenue_panel(home)
    [counts], [yuan] = placed.series.values(), revenue.series.values()
    assert (len(counts), counts[-2:], sum(counts)) == (30, [1, 1], 2)
    assert (yuan[-2:], sum(yuan)) == ([49.9, 49.9], 99.8)
    assert placed.labels[-1] == f"{clock.business_day(clock.now()):%m-%d}"


@pytest.mark.django_db
def test_the_home_hides_orders_from_those_who_may_not_see_them(home):
    home.user = clerk("view_product")
    assert (
        dashboard.today_panel(home) is dashboard.month_orders_panel(home) is dashboard.month_revenue_panel(home) is None
    )
