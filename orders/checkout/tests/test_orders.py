"""A member's own orders through HTTP: reading, receiving, buying again."""

import uuid
from datetime import timedelta

import pytest

from logistics.network.tests.factories import make_store
from members.identity.models import Member
from members.identity.tests.factories import MemberFactory, client_for
from orders.cart.models import CartItem
from orders.checkout.activities import activities_of
from orders.checkout.models import Order, OrderStatus
from orders.checkout.preferences import COMPLETE_AFTER_DAYS, COMPLETE_SHIPPED_DAYS
from orders.checkout.services.progress import (
    advance,
    complete_delivered,
    complete_shipped,
    hold_completion,
    resume_completion,
)
from orders.checkout.tests.making import buyer, items, ordered, place
from promotions.coupons.tests.making import make_coupon, make_live_template
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock, preferences
from shop.core.actors import Actor
from shop.core.models import PreferenceValue

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(member):
    return buyer(member)


def receive(client, order, key=None):
    headers = {"Idempotency-Key": key or uuid.uuid4().hex}
    return client.post(f"/api/v1/orders/{order.number}/receive", headers=headers)


def delivered(order, *, at):
    Order.objects.filter(pk=order.pk).update(
        status=OrderStatus.DELIVERED, paid_at=at, paid_fen=order.payable_fen, delivered_at=at
    )


def test_orders_come_newest_first_in_pages(client):
    numbers = [ordered(client, (SkuFactory(), 1)).number for _ in range(5)]
    first = client.get("/api/v1/orders?limit=3").json()
    rest = client.get(f"/api/v1/orders?limit=3&cursor={first['next_cursor']}").json()
    assert [each["number"] for each in first["items"] + rest["items"]] == numbers[::-1]
    assert rest["next_cursor"] is None


def test_orders_can_be_listed_by_status(client):
    ordered(client, (SkuFactory(), 1))
    paid = ordered(client, (SkuFactory(), 1))
    Order.objects.filter(pk=paid.pk).update(status=OrderStatus.PAID)
    assert [each["number"] for each in client.get("/api/v1/orders?status=paid").json()["items"]] == [paid.number]
    assert client.get("/api/v1/orders?status=lost").status_code == 400


def with_coupon(client, member):
    coupon = make_coupon(member, template=make_live_template(threshold_fen=0, name="秋茶券"), now=clock.now())
    answer = place(client, {"items": items((SkuFactory(price_fen=9900), 1)), "coupon_ids": [coupon.pk]})
    assert answer.status_code == 201, answer.content
    return answer.json(), coupon


def test_an_order_names_the_activities_it_came_from(client, member):
    body, coupon = with_coupon(client, member)
    [applied] = body["adjustments"]
    named = [{"kind": "coupon", "id": coupon.pk, "label": applied["label"]}]
    assert body["activities"] == named
    assert client.get(f"/api/v1/orders/{body['number']}").json()["activities"] == named
    assert client.get(f"/api/v1/orders/{ordered(client, (SkuFactory(), 1)).number}").json()["activities"] == []


def test_a_price_changed_by_staff_and_points_are_no_activity(client):
    order = ordered(client, (SkuFactory(), 1))
    order.adjustments = [
        {"kind": kind, "id": None, "label": kind, "amount_fen": -1} for kind in ("manual", "points", "spend_offer")
    ]
    assert activities_of(order) == [{"kind": "spend_offer", "id": None, "label": "spend_offer"}]


def test_orders_can_be_listed_by_the_activity_they_came_from(client, member, django_assert_num_queries):
    ordered(client, (SkuFactory(), 1))
    (first, used), (second, _other) = with_coupon(client, member), with_coupon(client, member)
    with_coupon(stranger := buyer(MemberFactory()), Member.objects.latest("pk"))
    Order.objects.filter(number=first["number"]).update(status=OrderStatus.PAID)
    with django_assert_num_queries(2):
        found = client.get("/api/v1/orders?activity=coupon").json()["items"]
    assert [each["number"] for each in found] == [second["number"], first["number"]]
    both = client.get("/api/v1/orders?activity=coupon&status=paid").json()["items"]
    assert [each["number"] for each in both] == [first["number"]]
    assert client.get("/api/v1/orders?activity=spend_offer").json()["items"] == []
    assert len(stranger.get("/api/v1/orders?activity=coupon").json()["items"]) == 1
    with django_assert_num_queries(2):
        of_one = client.get(f"/api/v1/orders?activity=coupon&activity_id={used.pk}").json()["items"]
    assert [each["number"] for each in of_one] == [first["number"]]
    assert client.get(f"/api/v1/orders?activity=timed_discount&activity_id={used.pk}").json()["items"] == []
    refused = client.get(f"/api/v1/orders?activity_id={used.pk}")
    assert (refused.status_code, refused.json()["details"][0]["field"]) == (400, "/activity")
    refused = client.get("/api/v1/orders?activity=points")
    assert (refused.status_code, refused.json()["details"][0]["field"]) == (400, "/activity")


@pytest.mark.parametrize("orders", [1, 8])
def test_a_page_takes_two_queries(client, orders, django_assert_num_queries):
    for _ in range(orders):
        ordered(client, (SkuFactory(), 1), (SkuFactory(), 2))
    with django_assert_num_queries(2):
        assert len(client.get("/api/v1/orders").json()["items"]) == orders


@pytest.mark.parametrize(
    ("method", "path"), [("get", ""), ("post", "/receive"), ("post", "/buy-again"), ("get", "/shipments")]
)
def test_another_member_s_order_does_not_exist(client, method, path):
    order = ordered(client, (SkuFactory(), 1))
    stranger = client_for(MemberFactory())
    answer = getattr(stranger, method)(f"/api/v1/orders/{order.number}{path}", headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
    assert stranger.get("/api/v1/orders").json()["items"] == []


@pytest.mark.parametrize("action", ["receive", "buy-again", "cancel"])
def test_what_takes_no_body_refuses_fields(client, action):
    order = ordered(client, (SkuFactory(), 1))
    refused = client.post(
        f"/api/v1/orders/{order.number}/{action}", {"reason": "late"}, headers={"Idempotency-Key": "k"}
    )
    assert (refused.status_code, refused.json()["details"][0]["field"]) == (400, "/reason")
    order.refresh_from_db()
    assert order.status == OrderStatus.PENDING_PAYMENT


@pytest.mark.parametrize("body", [None, b"", b"{}"])
def test_what_takes_no_body_takes_an_empty_one(client, body):
    order = ordered(client, (SkuFactory(), 1))
    answer = client.generic(
        "POST", f"/api/v1/orders/{order.number}/buy-again", body or b"", content_type="application/json"
    )
    assert answer.status_code == 200


def test_a_delivered_order_is_received_once(client, member):
    order = ordered(client, (SkuFactory(), 1))
    delivered(order, at=clock.now())
    assert receive(client, order).json()["status"] == "completed"
    assert receive(client, order).json()["status"] == "completed"
    assert list(order.events.values_list("status", "actor"))[1:] == [("completed", f"member:{member.pk}")]


def test_what_was_not_shipped_cannot_be_received(client):
    order = ordered(client, (SkuFactory(), 1))
    answer = receive(client, order)
    assert (answer.status_code, answer.json()["code"]) == (409, "order_not_receivable")
    order.refresh_from_db()
    assert order.status == OrderStatus.PENDING_PAYMENT


@pytest.mark.parametrize(("days", "seconds", "completed"), [(None, -1, 0), (None, 0, 1), (3, -1, 0), (3, 0, 1)])
def test_a_delivered_order_completes_itself(client, days, seconds, completed):
    if days is not None:
        PreferenceValue.objects.update_or_create(key=COMPLETE_AFTER_DAYS.key, defaults={"value": days})
        preferences.forget_cached()
    order = ordered(client, (SkuFactory(), 1))
    now = clock.now()
    delivered(order, at=now)
    later = now + timedelta(days=days or 7, seconds=seconds)
    assert complete_delivered(now=later) == completed
    assert complete_delivered(now=later) == 0
    order.refresh_from_db()
    assert (order.completed_at == later) is bool(completed)


def shipped(order, *, at):
    Order.objects.filter(pk=order.pk).update(
        status=OrderStatus.SHIPPED, paid_at=at, paid_fen=order.payable_fen, shipped_at=at
    )
    order.refresh_from_db()


@pytest.mark.parametrize(("days", "seconds", "completed"), [(None, -1, 0), (None, 0, 1), (3, -1, 0), (3, 0, 1)])
def test_a_shipped_order_of_which_nobody_reports_completes_itself(client, days, seconds, completed):
    if days is not None:
        PreferenceValue.objects.update_or_create(key=COMPLETE_SHIPPED_DAYS.key, defaults={"value": days})
        preferences.forget_cached()
    order = ordered(client, (SkuFactory(), 1))
    now = clock.now()
    shipped(order, at=now)
    later = now + timedelta(days=days or 15, seconds=seconds)
    assert complete_delivered(now=later) == 0
    assert complete_shipped(now=later) == completed
    assert complete_shipped(now=later) == 0
    order.refresh_from_db()
    assert (order.completed_at == later) is bool(completed)


def test_a_shipped_order_waits_while_it_is_held_and_as_much_longer(client):
    order = ordered(client, (SkuFactory(), 1))
    now = clock.now()
    shipped(order, at=now)
    hold_completion(order=order, now=now + timedelta(days=2))
    assert complete_shipped(now=now + timedelta(days=365)) == 0
    resume_completion(order=order, now=now + timedelta(days=6))
    assert complete_shipped(now=now + timedelta(days=19, seconds=-1)) == 0
    assert complete_shipped(now=now + timedelta(days=19)) == 1


def test_what_held_an_order_on_its_way_does_not_lengthen_the_days_after_delivery(client):
    order = ordered(client, (SkuFactory(), 1))
    now = clock.now()
    shipped(order, at=now)
    hold_completion(order=order, now=now + timedelta(days=1))
    resume_completion(order=order, now=now + timedelta(days=4))
    advance(order=order, target=OrderStatus.DELIVERED, actor=Actor.gateway("courier"), now=now + timedelta(days=5))
    order.refresh_from_db()
    assert order.held_for == timedelta()
    assert complete_delivered(now=now + timedelta(days=12, seconds=-1)) == 0
    assert complete_delivered(now=now + timedelta(days=12)) == 1


def test_a_shipped_order_to_be_fetched_does_not_complete_itself(client):
    order = ordered(client, (SkuFactory(), 1))
    now = clock.now()
    shipped(order, at=now)
    Order.objects.filter(pk=order.pk).update(pickup_store=make_store())
    assert complete_shipped(now=now + timedelta(days=365)) == 0


def test_buying_again_fills_the_cart(client, member):
    tea, cup = SkuFactory(price_fen=300), SkuFactory(price_fen=200)
    order = ordered(client, (tea, 2), (cup, 1))
    CartItem.objects.create(member=member, sku=cup, quantity=4, selected=False, added_at=clock.now())
    body = client.post(f"/api/v1/orders/{order.number}/buy-again").json()
    assert {line["sku_id"]: line["quantity"] for line in body["items"]} == {tea.pk: 2, cup.pk: 4}
    assert body["selected_fen"] == 2 * 300 + 4 * 200
    assert dict(CartItem.objects.values_list("sku", "seen_price_fen")) == {tea.pk: 300, cup.pk: 200}
