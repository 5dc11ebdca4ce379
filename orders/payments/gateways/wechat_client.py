"""The `wechatpayv3` client on kept-alive connections.

The SDK opens a connection for every call, lets `requests` guess the encoding of the text whose signature it checks, and
fetches certificates when a message names a serial that it does not know. Here connections are pooled, bodies are UTF-8,
and only the platform key of the settings counts. Its cryptography is used as it is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import structlog
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core
from wechatpayv3.type import RequestType
from wechatpayv3.utils import build_authorization

from orders.payments.gateways.bills import spooled
from shop.core.outbound import http_client

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class WechatAccount:
    """The merchant's account; key files are read once, when the client is made."""

    gateway_url: str
    app_id: str
    mch_id: str
    mch_serial: str
    private_key_path: str
    public_key_path: str
    public_key_id: str
    api_v3_key: str
    timeout: float

    @property
    def complete(self) -> bool:
        return all(vars(self).values())


class BadAnswer(Exception):
    """The gateway's answer carries no valid signature."""


class PooledCore(Core):
    """The SDK's core with another transport."""

    def __init__(self, *, gateway_url: str, timeout: float, **account: Any) -> None:
        super().__init__(timeout=timeout, **account)
        self._gate_way = gateway_url

    def request(
        self, path: str, method: RequestType = RequestType.GET, data: Any = None, **unused: Any
    ) -> tuple[int, str]:
        """Send a signed JSON request; returns (status, text). Raises httpx.HTTPError and BadAnswer."""
        body = "" if data is None else json.dumps(data, ensure_ascii=False)
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Wechatpay-Serial": self._public_key_id,
            "Authorization": self._authorization(path, method, body),
        }
        response = http_client().request(
            method.value, f"{self._gate_way}{path}", content=body.encode(), headers=headers, timeout=self._timeout
        )
        text = response.content.decode("utf-8", "replace")
        if response.is_success and not self._verify_signature(response.headers, text):
            raise BadAnswer(f"{method.value} {path} was answered without a valid signature")
        return response.status_code, text

    def download(self, url: str) -> IO[bytes]:
        """The file at an address that the gateway has told. Raises httpx.HTTPError and BadAnswer."""
        if not url.startswith(f"{self._gate_way}/"):
            raise BadAnswer("the download is somewhere else")
        path = url.removeprefix(self._gate_way)
        headers = {"Authorization": self._authorization(path, RequestType.GET, "")}
        with http_client().stream("GET", url, headers=headers, timeout=self._timeout) as response:
            response.raise_for_status()
            try:
                # As it is on the way: a file that is compressed in itself stays so.
                return spooled(response.iter_raw())
            except ValueError as error:
                raise BadAnswer("the download is too large") from error

    def _authorization(self, path: str, method: RequestType, body: str) -> str:
        authorization: str = build_authorization(
            path, method.value, self._mchid, self._cert_serial_no, self._private_key, data=body
        )
        return authorization

    def _verify_signature(self, headers: Mapping[str, str], body: str) -> bool:
        # An unknown serial would make the SDK call out for certificates, at the wish of whoever sent the message.
        if headers.get("Wechatpay-Serial") != self._public_key_id:
            return False
        try:
            return bool(super()._verify_signature(headers, body))
        except Exception as error:
            # The SDK lets everything escape that headers of an odd shape lead to.
            log.warning("wechatpay_signature_odd", error=str(error))
            return False


def wechat_client(account: WechatAccount) -> WeChatPay:
    """The SDK's client for this account; the platform's public key is given, so that nothing is fetched."""
    keys: dict[str, Any] = {
        "mchid": account.mch_id,
        "cert_serial_no": account.mch_serial,
        "private_key": Path(account.private_key_path).read_text(),
        "apiv3_key": account.api_v3_key,
        "public_key": Path(account.public_key_path).read_text(),
        "public_key_id": account.public_key_id,
    }
    client = WeChatPay(wechatpay_type=WeChatPayType.MINIPROG, appid=account.app_id, **keys)
    client._core = PooledCore(gateway_url=account.gateway_url, timeout=account.timeout, **keys)
    return client
