"""A prize is won, ordered and shipped: a check-in gives the chance, the wheel a lantern, and the courier brings it.

HTTP only, nothing replaced; the odds that the member sees before are those that the draw names.
"""

import hashlib
import json

import pytest

from logistics.network.models import WarehouseStock
from promotions.lottery.models import Prize, Win
from promotions.lottery.tests.making import REST, make_live_lottery
from shop.core.invariants import violations
from tests.journeys.front import advance, deliver_facts, stocked

PHONE = "13800138007"


@pytest.fixture
def lantern(transactional_db):
    return stocked(price_fen=12_800, code="LANTERN", units=5)


@pytest.fixture
def wheel(lantern):
    """Every number stands for the lantern, of which one is to be won."""
    goods = {"name": "宫灯", "kind": "goods", "sku": lantern, "stock": 1, "worth_fen": 9000, "weight": 1}
    return make_live_lottery(goods, {**REST, "weight": 0}, check_in_chances=1)


def test_a_prize_is_won_ordered_and_shipped(front, sandbox, wheel, lantern):
    front.sign_in(sandbox, PHONE)
    address = {"name": "林小满", "phone": PHONE, "region_code": "330106", "detail": "文三路 478 号"}
    address_id = front.post("me/addresses", address, status=201)["id"]
    assert front.post(f"lotteries/{wheel.pk}/draws", status=409)["code"] == "lottery_no_chances"

    front.post("points/check-in", status=201)
    deliver_facts()
    shown = front.get(f"lotteries/{wheel.pk}")
    assert (shown["my_chances"], shown["winners"]) == (1, [])
    document = shown["odds"]["document"]
    assert hashlib.sha256(document.encode()).hexdigest() == shown["odds"]["sha256"]

    won = front.post(f"lotteries/{wheel.pk}/draws", status=201)
    assert (won["prize"]["name"], won["my_chances"]) == ("宫灯", 0)
    assert (won["odds_sha256"], won["value"], won["total"]) == (shown["odds"]["sha256"], 0, 1)
    assert [each["id"] for each in json.loads(document)["prizes"] if each["weight"]] == [won["prize"]["id"]]
    assert front.post(f"lotteries/{wheel.pk}/draws", status=409)["code"] == "lottery_no_chances"
    deliver_facts()
    assert front.get("me/notifications")["items"][0]["title"] == "恭喜中奖：宫灯"
    [mine] = front.get("me/prizes")["items"]
    assert (mine["draw_id"], mine["status"], mine["order_number"]) == (won["draw_id"], "waiting", None)

    wish = {
        "items": [{"sku_id": lantern.pk, "quantity": 1}],
        "address_id": address_id,
        "activity": {"kind": "prize", "draw_id": won["draw_id"]},
    }
    quote = front.post("checkout/quote", wish)
    assert (quote["goods_fen"], quote["freight_fen"], quote["payable_fen"]) == (12_800, 0, 0)
    number = front.post("orders", {**wish, "expected_payable_fen": 0}, status=201)["number"]
    assert front.post("orders", wish, status=409)["code"] == "prize_ordered_already"
    deliver_facts()

    [parcel] = front.get(f"orders/{number}/shipments")["items"]
    for status in ("picked_up", "delivered"):
        advance(sandbox, parcel["tracking_number"], status)
    assert front.post(f"orders/{number}/receive")["status"] == "completed"
    deliver_facts()
    [mine] = front.get("me/prizes")["items"]
    assert (mine["status"], mine["order_number"]) == ("claimed", number)
    assert (Win.objects.count(), Prize.objects.get(kind="goods").left) == (1, 0)
    assert WarehouseStock.objects.get(warehouse__code="HZ", sku=lantern).on_hand == 4
    assert violations() == {}


def test_a_prize_whose_order_is_given_up_is_ordered_again(front, sandbox, wheel, lantern):
    """Freight is to be paid, so that the order waits for money."""
    front.sign_in(sandbox, PHONE)
    address = {"name": "林小满", "phone": PHONE, "region_code": "650102", "detail": "人民路 1 号"}
    address_id = front.post("me/addresses", address, status=201)["id"]
    paid = {"name": "纸灯", "kind": "goods", "sku": lantern, "stock": 1, "weight": 1, "freight_is_free": False}
    wheel = make_live_lottery(paid, {**REST, "weight": 0}, check_in_chances=1)
    front.post("points/check-in", status=201)
    deliver_facts()
    draw_id = front.post(f"lotteries/{wheel.pk}/draws", status=201)["draw_id"]
    wish = {
        "items": [{"sku_id": lantern.pk, "quantity": 1}],
        "address_id": address_id,
        "activity": {"kind": "prize", "draw_id": draw_id},
    }
    first = front.post("orders", wish, status=201)
    assert (
        first["payable_fen"]
        == front.post("checkout/quote", {"items": wish["items"], "address_id": address_id})["freight_fen"]
    )
    assert first["payable_fen"] > 0
    assert front.post(f"orders/{first['number']}/cancel")["status"] == "cancelled"
    deliver_facts()
    assert [each["status"] for each in front.get("me/prizes")["items"]] == ["waiting"]
    assert front.post("orders", wish, status=201)["number"] != first["number"]
    assert [each["status"] for each in front.get("me/prizes")["items"]] == ["ordered"]
    assert violations() == {}
