"""A member with a phone, as the shop's REST API and the sandbox see one."""

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from harness import BenchError, Shop

PATIENCE_SECONDS = 120


@dataclass
class Bought:
    """One placed order; `quoted_goods_fen` is what the quote said before."""

    number: str
    goods_fen: int
    freight_fen: int
    payable_fen: int


class Refused(BenchError):
    def __init__(self, response: httpx.Response) -> None:
        super().__init__(
            f"{response.request.method} {response.request.url.path} answered {response.status_code}: "
            f"{response.text[:300]}"
        )
        self.response = response

    @property
    def code(self) -> str:
        return str(self.response.json().get("code"))


@dataclass
class Buyer:
    """Talks over a connection that it may share with the buyers before and after it, one at a time."""

    shop: Shop
    http: httpx.Client
    phone: str
    token: str = field(default="", repr=False)

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Call the shop; answers the JSON. Waits when it is told to, raises Refused for any other refusal."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            response = self.http.request(method, f"{self.shop.base_url}/api/v1/{path}", json=body, headers=headers)
            if response.status_code != 429 or time.monotonic() > deadline:
                break
            time.sleep(float(response.headers.get("Retry-After", 1)))
        if response.is_error:
            raise Refused(response)
        return response.json() if response.content else None

    def tell_sandbox(self, path: str, body: Any) -> Any:
        response = self.http.post(f"{self.shop.sandbox_url}/{path}", json=body)
        if response.is_error:
            raise Refused(response)
        return response.json()

    def sign_in(self) -> None:
        """By a code that came by SMS, then by WeChat, whose account pays."""
        self.ask("POST", "auth/sms-codes", {"phone": self.phone})
        messages = self.http.get(f"{self.shop.sandbox_url}/sms", params={"phone": self.phone}).json()
        self.ask("POST", "auth/sms-login", {"phone": self.phone, "code": messages[0]["code"]})
        codes = self.tell_sandbox("wechat/login-codes", {"phone": self.phone.removeprefix("+86")})
        given = {"login_code": codes["login_code"], "phone_code": codes["phone_code"]}
        self.token = self.ask("POST", "auth/wechat-login", given)["access"]

    def live_in(self, region_code: str) -> None:
        address = {"name": "家", "phone": self.phone, "region_code": region_code, "detail": "中山路 1 号"}
        self.ask("POST", "me/addresses", {**address, "is_default": True})

    def fill_cart(self, items: dict[int, int]) -> None:
        for sku_id, quantity in items.items():
            self.ask("POST", "cart/items", {"sku_id": sku_id, "quantity": quantity})

    def order_cart(self) -> Bought:
        """Order what the cart holds for exactly the price that the quote names."""
        wish = {"from_cart": True}
        quote = self.ask("POST", "checkout/quote", wish)
        return self.place({**wish, "expected_payable_fen": quote["payable_fen"]})

    def place(self, wish: dict[str, Any]) -> Bought:
        placed = self.ask("POST", "orders", wish, key=uuid.uuid4().hex)
        return Bought(placed["number"], placed["goods_fen"], placed["freight_fen"], placed["payable_fen"])

    def pay(self, number: str) -> None:
        """The order is paid with WeChat; the shop hears of it by the gateway's notification."""
        started = self.ask("POST", f"orders/{number}/payments", {"method": "wechat"}, key=uuid.uuid4().hex)
        prepay_id = started["client_params"]["package"].removeprefix("prepay_id=")
        self.tell_sandbox("wechat/pay", {"prepay_id": prepay_id})

    def parcels(self, number: str) -> list[dict[str, Any]]:
        return list(self.ask("GET", f"orders/{number}/shipments")["items"])


def buyer_phone(number: int) -> str:
    """A mainland mobile number for each `number` below a hundred million."""
    return f"+861{3900000000 + number}"
