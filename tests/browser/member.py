"""A member at the other end of the API, so that staff have something to work on."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx

from tests.browser.demo import Shop

PATIENCE_SECONDS = 90


class Member:
    """Signed in by phone."""

    def __init__(self, shop: Shop, *, phone: str) -> None:
        self.shop, self.phone = shop, phone
        self.http = httpx.Client(base_url=f"{shop.url}/api/v1/", timeout=30)
        self.post("auth/sms-codes", {"phone": phone})
        code = httpx.get(f"{shop.sandbox_url}/sms", params={"phone": phone}).json()[0]["code"]
        tokens = self.post("auth/sms-login", {"phone": phone, "code": code})
        self.http.headers["Authorization"] = f"Bearer {tokens['access']}"

    def get(self, path: str, **query: str) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.is_success, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.http.post(path, json=body, headers={"Idempotency-Key": uuid.uuid4().hex})
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def outside(self, path: str, body: dict[str, Any]) -> Any:
        """Ask what stands for WeChat."""
        answer = httpx.post(f"{self.shop.sandbox_url}{path}", json=body, timeout=40)
        assert answer.is_success, answer.text
        return answer.json()


def buy(shop: Shop, *, phone: str, quantity: int = 1) -> dict[str, Any]:
    """Sign in, order what is in stock, pay; returns the order once its parcel can be shipped."""
    return bought(Member(shop, phone=phone), quantity=quantity)


def bought(member: Member, *, quantity: int = 1, worth_fen: int = 0) -> dict[str, Any]:
    """Order what is in stock and pay it; returns the order once its parcel can be shipped."""
    order = ordered(member, quantity=quantity, worth_fen=worth_fen)
    login_code = member.outside("/wechat/login-codes", {"phone": member.phone})["login_code"]
    payment = member.post(f"orders/{order['number']}/payments", {"method": "wechat", "login_code": login_code})
    member.outside("/wechat/pay", {"client_params": payment["client_params"], "wait": True})
    wait_until(lambda: [each for each in parcels(member, order) if each["tracking_number"]])
    return order


def ordered(member: Member, *, quantity: int = 1, worth_fen: int = 0) -> dict[str, Any]:
    """Order what is in stock and costs at least so much, to an address in Hangzhou; it is not paid yet."""
    address = {"name": "林小满", "phone": member.phone, "region_code": "330106", "detail": "文三路 478 号"}
    address_id = member.post("me/addresses", address)["id"]
    product = member.get("products", in_stock="true", min_price_fen=str(worth_fen))["items"][0]
    skus = member.get(f"products/{product['id']}")["skus"]
    sku = next(each for each in skus if each["available"] >= quantity and each["price_fen"] >= worth_fen)
    wish = {"items": [{"sku_id": sku["id"], "quantity": quantity}], "address_id": address_id}
    return member.post("orders", {**wish, "remark": "请放前台，谢谢"})


def parcels(member: Member, order: dict[str, Any]) -> list[dict[str, Any]]:
    return member.get(f"orders/{order['number']}/shipments")["items"]


def wait_until(done: Callable[[], Any]) -> Any:
    """What `done` answers once that is something."""
    for _ in range(PATIENCE_SECONDS):
        if found := done():
            return found
        time.sleep(1)
    raise TimeoutError("what was waited for did not come about")
