"""Goods come to a store, the member hears of it, is reminded, and is called when they do not come; nothing is lost."""

from datetime import timedelta

import pytest

from logistics.network.tests.factories import make_store
from members.identity.tests.factories import MemberFactory, client_for
from members.notifications.models import Notification
from orders.checkout.models import OrderStatus
from orders.checkout.services.progress import complete_delivered
from orders.checkout.tests.making import buyer, ordered
from orders.payments.tests.factories import post
from orders.verification.models import Pickup
from orders.verification.services.pickups import keep_longer, open_pickup, remind_waiting, renew_code
from orders.verification.services.verifying import verify
from orders.verification.tests.making import arrive, clerk_of, code_of, in_store, to_be_fetched
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import Alert

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def told(member):
    rows = Notification.objects.filter(member=member, event__startswith="pickup").order_by("pk")
    return list(rows.values_list("event", flat=True))


def pickup_of(client, number):
    return client.get(f"/api/v1/orders/{number}").json()["pickup"]


def test_an_order_that_is_sent_home_has_no_pickup(member):
    order = ordered(buyer(member), (SkuFactory(), 1))
    order.status = OrderStatus.DELIVERED
    assert open_pickup(order=order, now=clock.now()) is None
    assert Pickup.objects.count() == 0


def test_nobody_else_sees_the_code(member):
    pickup = in_store(member)
    stranger = client_for(MemberFactory())
    number = pickup.order.number
    assert stranger.get(f"/api/v1/orders/{number}").status_code == 404
    assert stranger.post(f"/api/v1/orders/{number}/pickup-code").status_code == 404
    pickup.refresh_from_db()
    assert pickup.code_version == 1


def test_the_code_is_gone_once_the_goods_are(member, member_client):
    store = make_store()
    pickup = in_store(member, store)
    verify(code=code_of(pickup), clerk=clerk_of(store), now=clock.now())
    shown = pickup_of(member_client, pickup.order.number)
    assert (shown["status"], shown["code"], shown["qr"]) == ("fetched", "", "")
    assert member_client.post(f"/api/v1/orders/{pickup.order.number}/pickup-code").status_code == 404


def test_a_refunded_order_has_nothing_to_fetch(member, member_client):
    pickup = in_store(member)
    pickup.order.move_to(OrderStatus.REFUNDED, actor=Actor.staff("boss"), now=clock.now())
    assert pickup_of(member_client, pickup.order.number) is None
    assert remind_waiting(now=pickup.fetch_by + DAY) == {"reminded": 0, "expired": 0}


def test_a_member_asks_for_another_code(member, member_client):
    pickup = in_store(member)
    first = pickup_of(member_client, pickup.order.number)["code"]
    answer = member_client.post(f"/api/v1/orders/{pickup.order.number}/pickup-code")
    assert answer.status_code == 200
    assert answer.json()["code"] != first
    assert pickup_of(member_client, pickup.order.number)["code"] == answer.json()["code"]


def test_who_fetches_an_order_does_not_receive_it_by_hand_nor_by_time(member, member_client):
    order = to_be_fetched(member, make_store())
    for _ in range(2):
        answer = post(member_client, f"orders/{order.number}/receive")
        assert (answer.status_code, answer.json()["code"]) == (409, "fetched_in_store")
        order.refresh_from_db()
        arrive(order) if order.status == "shipped" else None
    assert complete_delivered(now=clock.now() + 365 * DAY) == 0
    order.refresh_from_db()
    assert order.status == "delivered"


def test_members_are_reminded_then_called_and_nothing_is_lost(member, member_client):
    store = make_store(name="武林店")
    pickup = in_store(member, store)
    end = pickup.fetch_by
    for moment, effect in (
        (end - 2 * DAY - timedelta(seconds=1), (0, 0)),
        (end - 2 * DAY, (1, 0)),
        (end - DAY, (0, 0)),
        (end - timedelta(seconds=1), (0, 0)),
        (end, (0, 1)),
        (end + 30 * DAY, (0, 0)),
    ):
        assert remind_waiting(now=moment) == {"reminded": effect[0], "expired": effect[1]}
    assert told(member) == ["pickup_ready", "pickup_soon_over", "pickup_overdue"]
    alert = Alert.objects.get(cause=f"pickups_overdue:{store.pk}")
    assert (alert.data, alert.permission) == ({"orders": 1, "store": "武林店"}, "verification.view_pickup")
    pickup.order.refresh_from_db()
    assert pickup.order.status == "delivered"

    kept = keep_longer(pickup_id=pickup.pk, days=5, now=end + 30 * DAY)
    assert kept.fetch_by == end + 35 * DAY
    remind_waiting(now=end + 31 * DAY)
    assert not Alert.objects.filter(cause__startswith="pickups_overdue").exists()
    assert remind_waiting(now=end + 33 * DAY) == {"reminded": 1, "expired": 0}
    assert told(member)[3:] == ["pickup_soon_over"]


def test_a_list_of_orders_costs_one_query_more_for_those_to_be_fetched(
    member, member_client, django_assert_num_queries
):
    store = make_store()
    for _ in range(3):
        in_store(member, store)
    with django_assert_num_queries(3):
        shown = member_client.get("/api/v1/orders").json()["items"]
    assert len({each["pickup"]["code"] for each in shown}) == 3


def test_nothing_changes_when_the_goods_arrive_again(member):
    pickup = in_store(member)
    renew_code(order_number=pickup.order.number)
    again = arrive(pickup.order)
    assert (again.pk, again.code_version) == (pickup.pk, 2)
    assert told(member) == ["pickup_ready"]
