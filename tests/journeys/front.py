"""The mini-program and the people around it, as journeys need them: HTTP only, nothing replaced."""

import uuid

import httpx
import pytest

from logistics.carriers import demo as carriers
from logistics.freight import demo as freight
from logistics.network import demo as warehouses
from logistics.network.models import Warehouse
from logistics.network.services import receive_stock
from shop.catalog.tests.factories import CLERK, make_sku
from shop.core import clock
from shop.core.outbox import HAND_OVER_GRACE, deliver_due


class Front:
    """The mini-program on one device: it knows the contract and nothing else."""

    def __init__(self, url):
        self.http = httpx.Client(
            base_url=f"{url}/api/v1/", timeout=30, headers={"X-Device-Id": uuid.uuid4().hex, "Accept-Language": "en"}
        )

    def get(self, path, status=200, **params):
        return self._read(self.http.get(path, params=params), status)

    def post(self, path, body=None, status=200):
        answer = self.http.post(path, json=body or {}, headers={"Idempotency-Key": uuid.uuid4().hex})
        return self._read(answer, status)

    def put(self, path, body):
        return self._read(self.http.put(path, json=body))

    def sign_in(self, sandbox, phone):
        self.post("auth/sms-codes", {"phone": phone}, status=202)
        return self.enter(self.post("auth/sms-login", {"phone": phone, "code": sandbox.sms_code(phone)}))

    def enter(self, answer):
        self.http.headers["Authorization"] = f"Bearer {answer['access']}"
        return answer

    @staticmethod
    def _read(answer, status=200):
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def front(live_server, sandbox, settings):
    settings.BASE_URL = live_server.url
    return Front(live_server.url)


@pytest.fixture
def tea(transactional_db):
    """A tin of tea at ¥48, five of which lie in Hangzhou and none elsewhere."""
    return stocked(price_fen=4800, code="TEA", units=5)


def stocked(*, price_fen, code, units):
    """Something to buy that lies in Hangzhou, with the carriers and freight rules of the demo."""
    for load in (warehouses.load, freight.load, carriers.load):
        load(size="small", now=clock.now())
    sku = make_sku(price_fen=price_fen, code=code)
    hangzhou = Warehouse.objects.get(code="HZ").pk
    receive_stock(warehouse_id=hangzhou, items={sku.pk: units}, reference="R1", actor=CLERK, now=clock.now())
    return sku


def deliver_facts():
    while deliver_due(now=clock.now() + HAND_OVER_GRACE):
        pass


def advance(sandbox, tracking_number, to):
    answer = httpx.post(
        f"{sandbox.url}/couriers/advance",
        json={"tracking_number": tracking_number, "to": to, "wait": True},
        timeout=40,
    )
    assert {push["status"] for push in answer.json()["pushed"]} == {204}, answer.text
    deliver_facts()
