"""R1: a crowd buys the last units over HTTP: exactly those are sold, nobody sees a server error or a deadlock."""

import random
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.db.models import F

from logistics.network.tests.factories import make_region
from members.identity.tests.factories import AddressFactory, MemberFactory, client_for
from orders.checkout.models import Order, OrderLine
from orders.checkout.services import placing
from shop.catalog.models import SkuStock, StockReservation
from shop.catalog.tests.factories import SkuFactory
from shop.core.invariants import violations

BUYERS, AT_ONCE, STOCK, SEED = 400, 40, 37, 20_261_121

pytestmark = pytest.mark.django_db(transaction=True)


def crowd(requests):
    """Answer each (client, body) by POST orders, AT_ONCE at a time; returns the status codes with their error codes."""

    def buy(request):
        client, body = request
        try:
            answer = client.post("/api/v1/orders", body, headers={"Idempotency-Key": uuid.uuid4().hex})
            return answer.status_code, answer.json().get("code")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(buy, requests))


@pytest.fixture
def buyers():
    make_region("440305")
    clients = []
    for _ in range(BUYERS):
        member = MemberFactory()
        AddressFactory(member=member)
        clients.append(client_for(member))
    return clients


@pytest.fixture
def skus():
    return [SkuFactory(stock=STOCK, price_fen=100 * n) for n in (1, 2, 3)]


def baskets(buyers, skus):
    """Every buyer wants one of each SKU, named in an order of their own."""
    order = random.Random(SEED)
    return [
        (buyer, {"items": [{"sku_id": sku.pk, "quantity": 1} for sku in order.sample(skus, len(skus))]})
        for buyer in buyers
    ]


def sold(sku):
    return sum(OrderLine.objects.filter(sku=sku).values_list("quantity", flat=True))


def test_a_crowd_buys_exactly_what_there_is(buyers, skus):
    answers = crowd(baskets(buyers, skus))
    assert sorted(set(answers)) == [(201, None), (409, "out_of_stock")], set(answers)
    assert answers.count((201, None)) == STOCK
    assert [sold(sku) for sku in skus] == [STOCK] * 3
    assert list(SkuStock.objects.order_by("pk").values_list("available", "reserved")) == [(0, STOCK)] * 3
    assert StockReservation.objects.count() == Order.objects.count() * 3 == STOCK * 3
    found = {law: each for law, each in violations().items() if not law.startswith("logistics.network")}
    assert found == {}, f"seed {SEED}"


def look_then_take(*, reference, items, expires_at):
    """The guard as a naive shop would write it: read, compare, write what was computed."""
    stocks = {row.pk: row for row in SkuStock.objects.filter(pk__in=items)}
    for sku_id, units in sorted(items.items()):
        if stocks[sku_id].available < units:
            raise placing.OutOfStock(sku_ids=[sku_id])
        SkuStock.objects.filter(pk=sku_id).update(
            available=stocks[sku_id].available - units, reserved=stocks[sku_id].reserved + units
        )
        StockReservation.objects.create(reference=reference, sku_id=sku_id, quantity=units, expires_at=expires_at)


def test_control_without_the_guard_the_same_crowd_buys_too_much(buyers, skus, monkeypatch):
    monkeypatch.setattr(placing, "reserve_stock", look_then_take)
    crowd(baskets(buyers, skus))
    assert max(sold(sku) for sku in skus) > STOCK


def in_the_basket_s_order(*, reference, items, expires_at):
    """The guard with rows locked as each basket names them, instead of in one order for all."""
    for sku_id, units in items.items():
        taken = SkuStock.objects.filter(pk=sku_id, available__gte=units).update(
            available=F("available") - units, reserved=F("reserved") + units
        )
        if not taken:
            raise placing.OutOfStock(sku_ids=[sku_id])
        StockReservation.objects.create(reference=reference, sku_id=sku_id, quantity=units, expires_at=expires_at)
        time.sleep(0.01)


def test_control_without_one_order_of_locks_the_crowd_runs_into_itself(buyers, skus, monkeypatch):
    monkeypatch.setattr(placing, "reserve_stock", in_the_basket_s_order)
    answers = crowd(baskets(buyers, skus)[:AT_ONCE])
    assert [status for status, _code in answers if status >= 500]
