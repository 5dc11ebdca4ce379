"""The sandbox process for tests, and the hands of the people outside the shop."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from pytest_django.fixtures import Settings

from shop.sandbox.process import SandboxProcess, start_sandbox

OPTIONS = ("--retry-schedule=0.3,0.3,0.3", "--refund-delay=0.1")


@dataclass(frozen=True)
class Sandbox:
    """What users, gateways and misfortune do in the sandbox."""

    url: str
    env: dict[str, str]

    def user(self) -> str:
        """A WeChat user; returns the openid."""
        return self._post("/wechat/login-codes", {})["openid"]

    def wechat_codes(self, **who: str) -> dict[str, str]:
        """What the mini-program of a user gives the shop: `{login_code, phone_code, openid}`."""
        return self._post("/wechat/login-codes", who)

    def messages(self, phone: str) -> list[dict[str, Any]]:
        """The messages that a phone received, newest first."""
        return httpx.get(f"{self.url}/sms", params={"phone": phone}).json()

    def outbox(self, kind: str) -> list[dict[str, Any]]:
        """What went out by `subscribe`, `email` or `sms`, newest first."""
        return httpx.get(f"{self.url}/outbox", params={"kind": kind}).json()

    def sms_code(self, phone: str) -> str:
        return self.messages(phone)[0]["code"]

    def login_code(self, openid: str) -> str:
        return self._post("/wechat/login-codes", {"openid": openid})["login_code"]

    def pay(self, client_params: dict[str, str], **more: Any) -> dict[str, Any]:
        """The user pays, and the shop is called back; with `wait=True` the answer tells what the shop said."""
        return self._post("/wechat/pay", {"client_params": client_params, **more})

    def accept_transfer(self, package: str) -> dict[str, Any]:
        """The user accepts the money that the shop sends; the shop is told once they have it."""
        return self._post("/wechat/transfers/confirm", {"package": package})

    def expire_transfer(self, number: str) -> dict[str, Any]:
        """The user has not accepted it for a day."""
        return self._post("/wechat/transfers/expire", {"out_bill_no": number})

    def alipay(self, payment_number: str, **more: Any) -> dict[str, Any]:
        """The payer pays by Alipay; with `client_params` these are checked as Alipay would."""
        return self._post("/alipay/pay", {"out_trade_no": payment_number, **more})

    def alipay_opened(self, payment_number: str) -> None:
        """The payer looks at the payment in Alipay without paying."""
        self._post("/alipay/open", {"out_trade_no": payment_number})

    def probe(self, payment_number: str) -> dict[str, Any]:
        return self._post("/wechat/probe", {"out_trade_no": payment_number})

    def fault(self, target: str, kind: str, **more: Any) -> None:
        self._post("/faults", {"target": target, "kind": kind, **more})

    def heal(self) -> None:
        httpx.delete(f"{self.url}/faults")

    def deliveries(self, target: str, lane: str) -> list[dict[str, Any]]:
        """The callbacks of one payment, newest first."""
        listed = httpx.get(f"{self.url}/deliveries", params={"target": target}).json()
        return [delivery for delivery in listed if delivery["lane"] == lane]

    def delivered(self, target: str, lane: str, *, count: int) -> None:
        """Wait until the shop has taken so many callbacks of one payment."""
        for _ in range(100):
            taken = [each for each in self.deliveries(target, lane) if each["state"] == "delivered"]
            if len(taken) >= count:
                return
            time.sleep(0.05)
        raise TimeoutError(f"{len(taken)} of {count} callbacks were taken")

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = httpx.post(f"{self.url}{path}", json=body, timeout=40)
        assert answer.is_success, answer.text
        return answer.json()


def point_at(settings: Settings, env: dict[str, str]) -> None:
    """Have the shop use these outside services, as the demo does by its environment."""
    settings.WECHATPAY = {name: env[f"WECHATPAY_{name.upper()}"] for name in settings.WECHATPAY}
    settings.ALIPAY = {name: env[f"ALIPAY_{name.upper()}"] for name in settings.ALIPAY}
    for name in ("WECHAT_API_URL", "WECHAT_APP_ID", "WECHAT_APP_SECRET", "SMS_GATEWAY_URL", "SMS_GATEWAY_KEY"):
        setattr(settings, name, env[name])
    for name in ("COURIER_GATEWAY_URL", "COURIER_KEY", "SANDBOX_URL"):
        setattr(settings, name, env[name])
    mail = urlsplit(env["EMAIL_URL"])
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = mail.hostname, mail.port


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = start_sandbox(
        state_dir=tmp_path_factory.mktemp("sandbox"), shop_url="http://127.0.0.1:8000", options=OPTIONS
    )
    yield process
    process.stop()


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess, settings: Settings) -> Iterator[Sandbox]:
    """The sandbox, used by the shop, and healed of all faults afterwards."""
    point_at(settings, sandbox_process.env)
    outside = Sandbox(sandbox_process.url, sandbox_process.env)
    yield outside
    outside.heal()
