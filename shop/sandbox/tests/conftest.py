"""A sandbox process, the merchant it calls back, and the real WeChat Pay client."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from wechatpayv3 import WeChatPay

from shop.sandbox.process import SandboxProcess, start_sandbox
from shop.sandbox.tests.clients import new_number, pay_client
from shop.sandbox.tests.merchant import Merchant, receiving

OPTIONS = ("--retry-schedule=0.2,0.2,0.2", "--refund-delay=0.2")


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    with receiving() as merchant:
        yield merchant


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    folder: Path = tmp_path_factory.mktemp("sandbox")
    process = start_sandbox(state_dir=folder, shop_url="http://127.0.0.1:8000", options=OPTIONS)
    yield process
    process.stop()


@pytest.fixture
def sandbox(sandbox_process: SandboxProcess) -> Iterator[SandboxProcess]:
    """The sandbox of this session, healed of all faults afterwards."""
    yield sandbox_process
    httpx.delete(f"{sandbox_process.url}/faults")


@pytest.fixture
def http(sandbox: SandboxProcess) -> Iterator[httpx.Client]:
    """A plain client for the sandbox's own paths."""
    with httpx.Client(base_url=sandbox.url, timeout=10) as client:
        yield client


@pytest.fixture
def client(sandbox: SandboxProcess, merchant: Merchant) -> WeChatPay:
    return pay_client(sandbox.env, notify_url=f"{merchant.url}/notify")


@pytest.fixture
def openid(http: httpx.Client) -> str:
    answer: str = http.post("/wechat/login-codes", json={}).json()["openid"]
    return answer


@pytest.fixture
def place(client: WeChatPay, openid: str) -> Callable[..., tuple[str, str]]:
    """Place a transaction of 1,234 fen and return its out_trade_no and prepay_id."""

    def placed(total: int = 1234, **more: object) -> tuple[str, str]:
        number = new_number("T")
        status, answer = client.pay(
            description="Longjing tea",
            out_trade_no=number,
            amount={"total": total, "currency": "CNY"},
            payer={"openid": openid},
            **more,
        )
        assert status == 200, answer
        return number, json.loads(answer)["prepay_id"]

    return placed


@pytest.fixture
def pay(http: httpx.Client, place: Callable[..., tuple[str, str]]) -> Callable[..., str]:
    """Place a transaction and let the user pay it; return its out_trade_no."""

    def paid(total: int = 1234) -> str:
        number, prepay_id = place(total)
        assert http.post("/wechat/pay", json={"prepay_id": prepay_id, "wait": True}).status_code == 200
        return number

    return paid
