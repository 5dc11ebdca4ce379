"""A member who buys through the API, so that staff have an order to work on."""

import time
import uuid
from typing import Any

import httpx

from tests.browser.demo import Shop

PATIENCE_SECONDS = 90


def buy(shop: Shop, *, phone: str, quantity: int = 1) -> dict[str, Any]:
    """Sign in by phone, order what is in stock, pay; returns the order once its parcel can be shipped."""
    http = httpx.Client(base_url=f"{shop.url}/api/v1/", timeout=30)

    def post(path: str, body: dict[str, Any]) -> Any:
        answer = http.post(path, json=body, headers={"Idempotency-Key": uuid.uuid4().hex})
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def outside(path: str, body: dict[str, Any]) -> Any:
        answer = httpx.post(f"{shop.sandbox_url}{path}", json=body, timeout=40)
        assert answer.is_success, answer.text
        return answer.json()

    post("auth/sms-codes", {"phone": phone})
    code = httpx.get(f"{shop.sandbox_url}/sms", params={"phone": phone}).json()[0]["code"]
    http.headers["Authorization"] = f"Bearer {post('auth/sms-login', {'phone': phone, 'code': code})['access']}"
    address = {"name": "林小满", "phone": phone, "region_code": "330106", "detail": "文三路 478 号"}
    address_id = post("me/addresses", address)["id"]
    product = http.get("products", params={"in_stock": "true"}).json()["items"][0]
    sku = next(each for each in http.get(f"products/{product['id']}").json()["skus"] if each["available"] >= quantity)
    wish = {"items": [{"sku_id": sku["id"], "quantity": quantity}], "address_id": address_id}
    order = post("orders", {**wish, "remark": "请放前台，谢谢"})
    login_code = outside("/wechat/login-codes", {"phone": phone})["login_code"]
    payment = post(f"orders/{order['number']}/payments", {"method": "wechat", "login_code": login_code})
    outside("/wechat/pay", {"client_params": payment["client_params"], "wait": True})
    for _ in range(PATIENCE_SECONDS):
        parcels = http.get(f"orders/{order['number']}/shipments").json()["items"]
        if parcels and all(parcel["tracking_number"] for parcel in parcels):
            return order
        time.sleep(1)
    raise TimeoutError(f"order {order['number']} has no parcel to ship")
