"""A sandbox process, the merchant it calls back, and the real WeChat Pay client."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

import httpx
import pytest
from wechatpayv3 import WeChatPay, WeChatPayType

from shop.sandbox.process import SandboxProcess, start_sandbox

OPTIONS = ("--retry-schedule=0.2,0.2,0.2", "--refund-delay=0.2")
_numbers = count(1)


@dataclass
class Callback:
    """One call that the merchant received."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Merchant:
    """Receives callbacks; `statuses` are answered one after another, then 204."""

    url: str = ""
    received: list[Callback] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    arrival: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, number: int, *, timeout: float = 5.0) -> list[Callback]:
        """Return what came once there are so many; fail when they do not come."""
        with self.arrival:
            assert self.arrival.wait_for(lambda: len(self.received) >= number, timeout), self.received
            return list(self.received)

    def stays_at(self, number: int, *, seconds: float = 0.5) -> bool:
        """Tell whether no further call comes for a while."""
        time.sleep(seconds)
        return len(self.received) == number


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    merchant = Merchant()

    class Receiver(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with merchant.arrival:
                merchant.received.append(Callback(self.path, dict(self.headers), body))
                status = merchant.statuses.pop(0) if merchant.statuses else 204
                merchant.arrival.notify_all()
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    merchant.url = f"http://127.0.0.1:{server.server_port}"
    yield merchant
    server.shutdown()
    server.server_close()


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


def courier_headers(key: str, body: bytes, *, timestamp: str | None = None) -> dict[str, str]:
    """Sign a courier request, written out apart from the code under test."""
    timestamp = timestamp or str(int(time.time()))
    signature = hmac.new(key.encode(), timestamp.encode() + body, hashlib.sha256).hexdigest()
    return {"X-Timestamp": timestamp, "X-Signature": signature}


def new_waybill(sandbox: SandboxProcess, merchant: Merchant) -> str:
    """Book a waybill and return its tracking number."""
    reference = f"S{time.time_ns()}{next(_numbers)}"
    waybill = {"reference": reference, "carrier": "SF", "callback_url": f"{merchant.url}/tracking"}
    body = json.dumps(waybill).encode()
    headers = courier_headers(sandbox.env["COURIER_KEY"], body)
    answer = httpx.post(f"{sandbox.url}/couriers/waybills", content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["tracking_number"]
    return number


def pay_client(env: dict[str, str], *, private_key: str | None = None, notify_url: str | None = None) -> WeChatPay:
    """The real client, pointed at the sandbox by the settings that the sandbox wrote."""
    client = WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG,
        mchid=env["WECHATPAY_MCH_ID"],
        private_key=private_key or Path(env["WECHATPAY_PRIVATE_KEY_PATH"]).read_text(),
        cert_serial_no=env["WECHATPAY_MCH_SERIAL"],
        appid=env["WECHAT_APP_ID"],
        apiv3_key=env["WECHATPAY_API_V3_KEY"],
        notify_url=notify_url,
        timeout=(5, 10),
        public_key=Path(env["WECHATPAY_PUBLIC_KEY_PATH"]).read_text(),
        public_key_id=env["WECHATPAY_PUBLIC_KEY_ID"],
    )
    client._core._gate_way = env["WECHATPAY_GATEWAY_URL"]
    return client


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
        number = f"T{time.time_ns()}{next(_numbers)}"
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
