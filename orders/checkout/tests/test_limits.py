"""What is limited per member: the cart says what the quote would refuse."""

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from members.identity.tests.factories import MemberFactory
from orders.checkout.locks import lock_order
from orders.checkout.services.cancellation import cancel_unpaid
from orders.checkout.tests.making import buyer, items, ordered, quote
from shop.catalog.tests.factories import ProductFactory, SkuFactory
from shop.core import clock
from shop.core.actors import Actor

pytestmark = pytest.mark.django_db


def add(client, sku):
    assert client.post("/api/v1/cart/items", {"sku_id": sku.pk, "quantity": 1}).status_code == 201


@pytest.mark.parametrize(("bought", "valid"), [(1, True), (2, False)])
def test_a_limit_per_member_counts_what_was_bought_before_as_the_quote_does(
    member, bought, valid, django_assert_num_queries: DjangoAssertNumQueries
):
    client = buyer(member)
    first = SkuFactory(product=ProductFactory(limit_per_member=2), price_fen=700)
    second, other = SkuFactory(product=first.product, price_fen=700), SkuFactory(price_fen=500)
    ordered(client, (first, bought))
    add(client, second)
    add(client, other)
    with django_assert_num_queries(3):
        body = client.get("/api/v1/cart", headers={"Accept-Language": "en"}).json()
    lines = {line["sku_id"]: line for line in body["items"]}
    limit = [] if valid else [{"code": "limit", "message": "At most 2 per member."}]
    assert (lines[second.pk]["valid"], lines[second.pk]["reasons"]) == (valid, limit)
    assert (lines[other.pk]["valid"], body["selected_fen"]) == (True, 1200 if valid else 500)
    asked = quote(client, {"items": items((second, 1)), "coupon_ids": [], "points_to_use": 0})
    assert (asked.status_code, asked.json().get("code")) == ((200, None) if valid else (409, "limit_exceeded"))


def test_what_was_cancelled_or_bought_by_others_does_not_count(member):
    client, sku = buyer(member), SkuFactory(product=ProductFactory(limit_per_member=1))
    ordered(buyer(MemberFactory()), (sku, 1))
    order = ordered(client, (sku, 1))
    add(client, sku)
    assert not client.get("/api/v1/cart").json()["items"][0]["valid"]
    with transaction.atomic():
        locked = lock_order(number=order.number)
        cancel_unpaid(order=locked, actor=Actor.member(member.pk), now=clock.now())
    assert client.get("/api/v1/cart").json()["items"][0]["valid"]
