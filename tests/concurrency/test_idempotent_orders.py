"""R6: a client that sends its order again, at once or after a crash, has one order; a limit holds against itself."""

import uuid

import pytest
from django.db import connection

from logistics.network.tests.factories import make_region
from members.identity.tests.factories import AddressFactory, MemberFactory, client_for
from orders.checkout import offers
from orders.checkout.models import Order, OrderLine
from orders.checkout.services import placing
from orders.checkout.tests.making import items, place, stock
from shop.catalog.models import StockReservation
from shop.catalog.tests.factories import ProductFactory, SkuFactory
from shop.core.api import idempotency
from shop.core.models import IdempotencyKey
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 8


@pytest.fixture
def member():
    make_region("440305")
    member = MemberFactory()
    AddressFactory(member=member)
    return member


def clients(member):
    return [client_for(member) for _ in range(CLIENTS)]


def test_the_same_key_at_once_is_one_order(member):
    sku = SkuFactory(stock=20)
    body, key = {"items": items((sku, 1))}, uuid.uuid4().hex
    answers = run_together(*[lambda c=client: place(c, body, key=key) for client in clients(member)])
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers].count("true") == CLIENTS - 1
    assert (Order.objects.count(), stock(sku)) == (1, (19, 1))


def test_control_without_the_key_every_request_is_an_order(member, monkeypatch):
    monkeypatch.setattr(idempotency, "_claim", lambda request, key: (True, IdempotencyKey()))
    sku = SkuFactory(stock=20)
    body, key = {"items": items((sku, 1))}, uuid.uuid4().hex
    run_together(*[lambda c=client: place(c, body, key=key) for client in clients(member)])
    assert Order.objects.count() == CLIENTS


def test_the_same_key_with_another_body_is_refused(member):
    sku = SkuFactory(stock=20)
    [client] = clients(member)[:1]
    assert place(client, {"items": items((sku, 1))}, key="k").status_code == 201
    answer = place(client, {"items": items((sku, 2))}, key="k")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert (Order.objects.count(), stock(sku)) == (1, (19, 1))


def test_two_members_may_use_the_same_key(member):
    other = MemberFactory()
    AddressFactory(member=other)
    body = {"items": items((SkuFactory(), 1))}
    assert [place(client_for(each), body, key="k").status_code for each in (member, other)] == [201, 201]
    assert Order.objects.count() == 2


@pytest.mark.parametrize("step", ["_lines", "write_order", "_take_stock"])
def test_what_breaks_between_two_steps_leaves_nothing_and_can_be_sent_again(member, monkeypatch, step):
    sku = SkuFactory(stock=20)
    client, body = client_for(member), {"items": items((sku, 1))}
    original = getattr(placing, step)

    def break_after(*arguments, **named):
        original(*arguments, **named)
        raise ConnectionResetError("the process dies here")

    with monkeypatch.context() as broken:
        broken.setattr(placing, step, break_after)
        answer = place(client, body, key="k")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert Order.objects.count() == StockReservation.objects.count() == IdempotencyKey.objects.count() == 0
    assert place(client, body, key="k").status_code == 201
    assert (Order.objects.count(), stock(sku)) == (1, (19, 1))


def test_a_lost_connection_before_the_commit_leaves_nothing(member, monkeypatch):
    sku = SkuFactory(stock=20)
    client, body = client_for(member), {"items": items((sku, 1))}
    original = placing._take_stock

    def kill_after(*arguments):
        original(*arguments)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as broken:
        broken.setattr(placing, "_take_stock", kill_after)
        answer = place(client, body, key="k")
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    connection.close()
    assert (Order.objects.count(), stock(sku)) == (0, (20, 0))
    assert place(client, body, key="k").status_code == 201


@pytest.mark.parametrize(("guarded", "bought"), [(True, 3), (False, CLIENTS)])
def test_a_limit_per_member_holds_against_the_member_s_own_devices(member, monkeypatch, guarded, bought):
    sku = SkuFactory(stock=50, product=ProductFactory(limit_per_member=3))
    if not guarded:
        monkeypatch.setattr(offers, "lock_buyer", lambda **_kwargs: None)
        # Everybody has counted before anybody writes.
        count = offers.bought_before
        monkeypatch.setattr(offers, "bought_before", lambda **args: _slowly(count(**args)))
    body = {"items": items((sku, 1))}
    answers = run_together(*[lambda c=client: place(c, body) for client in clients(member)])
    assert sorted({answer.status_code for answer in answers}) == ([201, 409] if guarded else [201])
    assert sum(OrderLine.objects.values_list("quantity", flat=True)) == bought


def _slowly(counted):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.5)")
    return counted
