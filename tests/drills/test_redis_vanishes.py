"""R12: Redis is flushed and goes away during a sale. Orders are placed and paid all the while; afterwards the outbox
drains within a minute and the workers consume again.
"""

import os
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import redis
from django.db import connections

from logistics.network.tests.factories import make_region
from members.identity.tests.factories import AddressFactory, MemberFactory, client_for
from orders.checkout.facts import OrderPaid
from orders.checkout.models import Order, OrderStatus
from orders.checkout.tests.making import items
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.events import receivers
from shop.core.invariants import violations
from shop.core.models import OutboxEntry
from shop.embedded.servers import EmbeddedServers
from shop.embedded.state import prepare_folder
from tests.drills.processes import PATIENCE_SECONDS, Process, WebServer

pytestmark = pytest.mark.django_db(transaction=True)

BUYERS, BEFORE, AWAY, AFTER = 4, 6, 10, 4
DRAINED_WITHIN_SECONDS = 60
QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat"]


class Shop:
    """Web server, worker and, if wanted, the beat, on a Redis of their own."""

    def __init__(self, sandbox, *, beat):
        folder = Path(os.environ["STATE_DIR"]) / f"redis-drill-{uuid.uuid4().hex[:8]}"
        prepare_folder(folder)
        self.sandbox = sandbox
        self.redis = EmbeddedServers(state_dir=folder, given={"DATABASE_URL": "the test's"})
        self.redis.start()
        env = {name: self.redis.urls[name] for name in ("REDIS_URL", "CACHE_URL")} | sandbox.env
        self.web = WebServer(env)
        env["BASE_URL"] = self.web.url
        worker = Process(["celery", "-A", "shop", "worker", "--concurrency", "2", *QUIET], env)
        self.processes = [self.web, worker] + [Process(["celery", "-A", "shop", "beat", "--pidfile="], env)] * beat

    def start(self):
        for process in self.processes:
            process.start()

    def stop(self):
        for process in self.processes:
            process.kill()
        self.redis.stop()

    def lose_redis(self):
        for url in (self.redis.urls["REDIS_URL"], self.redis.urls["CACHE_URL"]):
            redis.Redis.from_url(url).flushall()
        self.redis.stop()

    def buy(self, headers, body):
        """Place an order and pay it; returns its number."""
        number = self._post("orders", headers, body)["number"]
        payment = self._post(f"orders/{number}/payments", headers, {"method": "alipay"})["number"]
        self.sandbox.alipay(payment)
        return number

    def _post(self, path, headers, body):
        key = uuid.uuid4().hex
        for _ in range(PATIENCE_SECONDS):
            answer = httpx.post(
                f"{self.web.url}/api/v1/{path}", json=body, headers={**headers, "Idempotency-Key": key}, timeout=30
            )
            if answer.status_code == 201:
                return answer.json()
            # Whoever meets a locked row, or a moment without anything, comes again.
            assert answer.status_code in (409, 429, 503), answer.text
            time.sleep(0.2)
        raise TimeoutError(answer.text)


@pytest.fixture
def buyers():
    make_region("440305")
    found = []
    for member in MemberFactory.create_batch(BUYERS):
        AddressFactory(member=member)
        found.append({"Authorization": client_for(member)._credentials["HTTP_AUTHORIZATION"]})
    return found


@pytest.fixture
def shop(request, sandbox):
    running = Shop(sandbox, beat=request.param)
    running.start()
    yield running
    running.stop()


def wait_until(holds, *, seconds):
    """Seconds until it held."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s"
        time.sleep(0.2)
    return time.monotonic() - begun


def undelivered():
    return OutboxEntry.objects.filter(fact="OrderPaid").exclude(status="done").count()


def sell(shop, buyers, body, count):
    """So many orders by all buyers at once, each paid."""

    def one(index):
        try:
            return shop.buy(buyers[index % BUYERS], body)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(BUYERS) as pool:
        return list(pool.map(one, range(count)))


def sale_with_redis_lost(shop, buyers):
    """Orders before, while Redis is away, and after; returns their numbers."""
    body = {"items": items((SkuFactory(stock=1000, price_fen=100), 1))}
    numbers = sell(shop, buyers, body, BEFORE)
    lost = threading.Thread(target=shop.lose_redis)
    lost.start()
    numbers += sell(shop, buyers, body, AWAY)
    lost.join()
    wait_until(lambda: paid(numbers), seconds=PATIENCE_SECONDS)
    assert undelivered(), "everything was delivered: the drill proves nothing"
    shop.redis.start()
    return numbers


def paid(numbers):
    waiting = (OrderStatus.PENDING_PAYMENT, OrderStatus.CANCELLED)
    return not Order.objects.filter(number__in=numbers, status__in=waiting).exists()


@pytest.mark.parametrize("shop", [True], indirect=True)
def test_orders_go_on_and_what_follows_them_is_made_up_for(shop, buyers):
    numbers = sale_with_redis_lost(shop, buyers)
    drained = wait_until(lambda: not undelivered(), seconds=DRAINED_WITHIN_SECONDS)
    more = sell(shop, buyers, {"items": items((SkuFactory(stock=1000, price_fen=100), 1))}, AFTER)
    wait_until(lambda: paid(more) and not undelivered(), seconds=DRAINED_WITHIN_SECONDS)
    print(f"{len(numbers)} orders, outbox drained {drained:.1f} s after Redis came back")

    assert len(set(numbers + more)) == BEFORE + AWAY + AFTER
    assert set(Order.objects.values_list("number", flat=True)) == set(numbers + more)
    fact = OrderPaid(number="", member_id=0, payable_fen=0, at=clock.now())
    steps = sorted(each.name for each in receivers(fact))
    for number in numbers + more:
        entries = OutboxEntry.objects.filter(fact="OrderPaid", payload__number=number)
        assert sorted(entries.values_list("subscriber", flat=True)) == steps
    assert {law for law in violations() if law.startswith("orders.")} == set()


@pytest.mark.parametrize("shop", [False], indirect=True)
def test_control_without_the_sweep_what_redis_lost_is_never_delivered(shop, buyers):
    sale_with_redis_lost(shop, buyers)
    # What a worker had taken before Redis went, it still finishes.
    time.sleep(20)
    left = undelivered()
    time.sleep(10)
    assert undelivered() == left > 0
