"""From nothing to a parcel in hand, as a mini-program and the outside world see it: HTTP only, nothing replaced."""

from logistics.network.models import WarehouseStock
from shop.core.invariants import violations
from tests.journeys.front import advance, deliver_facts


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
