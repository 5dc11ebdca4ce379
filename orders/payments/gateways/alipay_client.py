"""The `python-alipay-sdk` client on kept-alive connections.

The SDK opens a connection for every call and signs the local time of the process. Here connections are pooled, every
call has a time limit, and the time is that of China. Its cryptography is used as it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
from alipay import AliPay

from orders.payments.gateways.bills import spooled
from shop.core import clock
from shop.core.clock import SHANGHAI
from shop.core.outbound import http_client


@dataclass(frozen=True)
class AlipayAccount:
    """The merchant's account; key files are read once, when the client is made."""

    gateway_url: str
    app_id: str
    seller_id: str
    private_key_path: str
    public_key_path: str
    timeout: float

    @property
    def complete(self) -> bool:
        return all(vars(self).values())


class PooledAlipay(AliPay):
    """The SDK's client with another transport."""

    def __init__(self, account: AlipayAccount) -> None:
        super().__init__(
            appid=account.app_id,
            app_private_key_string=Path(account.private_key_path).read_text(),
            alipay_public_key_string=Path(account.public_key_path).read_text(),
        )
        self._gateway = account.gateway_url
        self._timeout = account.timeout

    def build_body(self, method: str, biz_content: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        body: dict[str, Any] = super().build_body(method, biz_content, **more)
        return body | {"timestamp": f"{clock.now().astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"}

    def verified_sync_response(self, data: dict[str, Any], response_type: str) -> dict[str, Any]:
        """The signed answer to a call. Raises httpx.HTTPError, and what the SDK lets escape."""
        response = http_client().post(
            self._gateway,
            content=self.sign_data(data),
            headers={"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"},
            timeout=self._timeout,
        )
        response.raise_for_status()
        answer: dict[str, Any] = self._verify_and_return_sync_response(response.content.decode(), response_type)
        return answer

    def download(self, url: str) -> IO[bytes]:
        """The file at an address that a signed answer has told. Raises httpx.HTTPError and ValueError."""
        with http_client().stream("GET", url, timeout=self._timeout) as response:
            response.raise_for_status()
            return spooled(_bytes(response))


def _bytes(response: httpx.Response) -> Iterator[bytes]:
    # As it is on the way: a file that is compressed in itself stays so.
    return response.iter_raw()
