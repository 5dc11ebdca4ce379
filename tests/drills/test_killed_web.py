"""R6: a web server killed with -9 among requests loses no answered order and doubles none; clients just try again."""

import random
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from logistics.network.tests.factories import make_region
from members.identity.tests.factories import AddressFactory, MemberFactory, client_for
from orders.checkout.models import Order
from orders.checkout.tests.making import items, stock
from shop.catalog.tests.factories import SkuFactory
from shop.core.invariants import violations
from shop.core.models import IdempotencyKey
from tests.drills.processes import PATIENCE_SECONDS, WebServer

SEED, BUYERS, ORDERS_EACH, KILLS = 6, 8, 12, 3


@pytest.fixture
def web():
    server = WebServer()
    server.start()
    yield server
    server.kill()


def order_until_answered(url, headers, body, interrupted):
    """What a front does: the same request with the same key until there is an answer."""
    key = uuid.uuid4().hex
    for _ in range(PATIENCE_SECONDS * 5):
        try:
            answer = httpx.post(
                f"{url}/api/v1/orders", json=body, headers={**headers, "Idempotency-Key": key}, timeout=20
            )
        except httpx.HTTPError:
            interrupted.append(key)
            time.sleep(0.2)
            continue
        if answer.status_code == 201:
            return answer.json()["number"]
        assert answer.status_code in (409, 503), answer.text
        time.sleep(0.2)
    raise TimeoutError("the order was never answered")


@pytest.mark.django_db(transaction=True)
def test_orders_survive_a_web_server_killed_among_them(web):
    make_region("440305")
    sku = SkuFactory(stock=1000, price_fen=100)
    members = MemberFactory.create_batch(BUYERS)
    headers = []
    for member in members:
        AddressFactory(member=member)
        headers.append({"Authorization": client_for(member)._credentials["HTTP_AUTHORIZATION"]})
    body, interrupted, answered = {"items": items((sku, 1))}, [], threading.Semaphore(0)

    def shop(index):
        numbers = []
        for _ in range(ORDERS_EACH):
            numbers.append(order_until_answered(web.url, headers[index], body, interrupted))
            answered.release()
        return numbers

    dice = random.Random(SEED)
    with ThreadPoolExecutor(BUYERS) as pool:
        shopping = [pool.submit(shop, index) for index in range(BUYERS)]
        for _ in range(KILLS):
            # Some orders into it, with the others under way.
            for _ in range(dice.randint(8, 16)):
                answered.acquire(timeout=PATIENCE_SECONDS)
            web.kill()
            web.start()
        numbers = [number for each in shopping for number in each.result(timeout=PATIENCE_SECONDS)]

    wanted = BUYERS * ORDERS_EACH
    assert interrupted, "nothing was under way when the server was killed: the drill proves nothing"
    assert len(set(numbers)) == wanted
    assert set(Order.objects.values_list("number", flat=True)) == set(numbers)
    assert stock(sku) == (1000 - wanted, wanted)
    assert IdempotencyKey.objects.filter(body__isnull=True).count() == 0
    assert {law for law in violations() if law.startswith("orders.")} == set()
