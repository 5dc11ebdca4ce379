"""From nothing to a parcel in hand, as a mini-program and the outside world see it: HTTP only, nothing replaced."""

import uuid

import httpx
import pytest

from logistics.carriers import demo as carriers
from logistics.freight import demo as freight
from logistics.network import demo as warehouses
from logistics.network.models import Warehouse, WarehouseStock
from logistics.network.services import receive_stock
from shop.catalog.tests.factories import CLERK, make_sku
from shop.core import clock
from shop.core.invariants import violations
from shop.core.outbox import HAND_OVER_GRACE, deliver_due


class Front:
    """The mini-program: it knows the contract and nothing else."""

    def __init__(self, url):
        self.http = httpx.Client(base_url=f"{url}/api/v1/", timeout=30)

    def get(self, path, **params):
        return self._read(self.http.get(path, params=params))

    def post(self, path, body=None, status=200):
        answer = self.http.post(path, json=body or {}, headers={"Idempotency-Key": uuid.uuid4().hex})
        return self._read(answer, status)

    def sign_in(self, sandbox, phone):
        self.post("auth/sms-codes", {"phone": phone}, status=202)
        answer = self.post("auth/sms-login", {"phone": phone, "code": sandbox.sms_code(phone)})
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
    for load in (warehouses.load, freight.load, carriers.load):
        load(size="small", now=clock.now())
    sku = make_sku(price_fen=4800, code="TEA")
    receive_stock(
        warehouse_id=Warehouse.objects.get(code="HZ").pk,
        items={sku.pk: 5},
        reference="R1",
        actor=CLERK,
        now=clock.now(),
    )
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


def test_a_member_signs_in_buys_pays_and_receives(front, sandbox, tea):
    front.sign_in(sandbox, "13800138000")
    address = {"name": "林小满", "phone": "13800138000", "region_code": "330106", "detail": "文三路 478 号"}
    address_id = front.post("me/addresses", address, status=201)["id"]

    [found] = front.get("products", search="龙井")["items"]
    product = front.get(f"products/{found['id']}")
    assert (product["skus"][0]["price_fen"], product["skus"][0]["available"]) == (4800, 5)

    front.post("cart/items", {"sku_id": tea.pk, "quantity": 2}, status=201)
    wish = {"from_cart": True, "address_id": address_id}
    quote = front.post("checkout/quote", wish)
    # Two tins are 9,600 fen, short of the 9,900 from which freight is free: 800 fen for the first kilogram.
    assert (quote["goods_fen"], quote["freight_fen"], quote["payable_fen"]) == (9600, 800, 10400)
    assert quote["promised_at"] is not None

    order = front.post("orders", {**wish, "expected_payable_fen": 10400}, status=201)
    assert (order["status"], order["payable_fen"]) == ("pending_payment", 10400)
    assert front.get("cart")["items"] == []
    assert front.get(f"products/{found['id']}")["skus"][0]["available"] == 3

    login_code = sandbox.wechat_codes(phone="13800138000")["login_code"]
    started = front.post(
        f"orders/{order['number']}/payments", {"method": "wechat", "login_code": login_code}, status=201
    )
    paid = sandbox.pay(started["client_params"], wait=True)
    assert paid["notified"]["status"] == 204
    assert front.get(f"payments/{started['number']}")["status"] == "succeeded"
    assert front.get(f"orders/{order['number']}")["status"] == "paid"

    deliver_facts()
    assert front.get(f"orders/{order['number']}")["status"] == "allocated"
    [parcel] = front.get(f"orders/{order['number']}/shipments")["items"]
    assert parcel["tracking_number"]

    advance(sandbox, parcel["tracking_number"], "picked_up")
    assert front.get(f"orders/{order['number']}")["status"] == "shipped"
    advance(sandbox, parcel["tracking_number"], "delivered")
    assert front.get(f"orders/{order['number']}")["status"] == "delivered"

    assert front.post(f"orders/{order['number']}/receive")["status"] == "completed"
    held = WarehouseStock.objects.get(sku=tea)
    assert (held.on_hand, held.allocated) == (3, 0)
    assert violations() == {}


def test_a_member_who_gives_up_leaves_nothing_behind(front, sandbox, tea):
    front.sign_in(sandbox, "13800138001")
    front.post(
        "me/addresses",
        {"name": "周岩", "phone": "13800138001", "region_code": "310115", "detail": "张江路 665 弄"},
        status=201,
    )
    order = front.post("orders", {"items": [{"sku_id": tea.pk, "quantity": 5}]}, status=201)
    refused = front.post("orders", {"items": [{"sku_id": tea.pk, "quantity": 1}]}, status=409)
    assert refused["code"] == "out_of_stock"

    assert front.post(f"orders/{order['number']}/cancel")["status"] == "cancelled"
    deliver_facts()
    again = front.post("orders", {"items": [{"sku_id": tea.pk, "quantity": 5}]}, status=201)
    assert again["status"] == "pending_payment"
    assert violations() == {}
