"""The outer layer of WeChat Pay v3: who calls, and the signature on what is answered.

Owns the `nonces` table. Always: a request acts only with the merchant's valid signature over method, path with query,
timestamp, nonce and body, within five minutes and with a nonce not seen before; every answer carries the platform's
signature, refusals too.
"""

import re
import time
from collections.abc import Mapping

from shop.sandbox.keys import Keys
from shop.sandbox.routing import Handler, Refused, Request, Response, refused
from shop.sandbox.signing import random_text, rsa_matches, rsa_sign
from shop.sandbox.store import Store

SCHEME = "WECHATPAY2-SHA256-RSA2048"
WINDOW_SECONDS = 300
_FIELD = re.compile(r'(\w+)="([^"]*)"')
_FIELDS = {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}


class WechatPayAuth:
    """Checks requests with the merchant's key and signs answers and notifications with the platform's."""

    def __init__(self, *, store: Store, keys: Keys) -> None:
        self._store = store
        self._accounts = keys.accounts
        self._merchant = keys.merchant.public_key()
        self._platform = keys.platform

    def endpoint(self, handler: Handler) -> Handler:
        """Wrap a handler so that it runs for the merchant only and its answer is signed."""

        def call(request: Request, **names: str) -> Response:
            try:
                self._check(request)
                response = handler(request, **names)
            except Refused as refusal:
                response = refusal.response
            return Response(
                response.status, response.body, response.content_type, self.signature(response.body.decode())
            )

        return call

    def file_endpoint(self, handler: Handler) -> Handler:
        """Wrap a handler that answers a file: the real gateway signs no downloads."""

        def call(request: Request, **names: str) -> Response:
            self._check(request)
            return handler(request, **names)

        return call

    def signature(self, body: str) -> dict[str, str]:
        """Return the headers that prove a body comes from the platform."""
        timestamp, nonce = str(int(time.time())), random_text(32)
        return {
            "Request-ID": random_text(32),
            "Wechatpay-Serial": self._accounts.public_key_id,
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature-Type": SCHEME,
            "Wechatpay-Signature": rsa_sign(key=self._platform, message=f"{timestamp}\n{nonce}\n{body}\n"),
        }

    def probe_signature(self, body: str) -> dict[str, str]:
        """Return headers with a wrong signature of the kind the real gateway probes merchants with."""
        headers = self.signature(body)
        return headers | {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"]}

    def pays_with(self, params: Mapping[str, object]) -> bool:
        """Tell whether the merchant signed these parameters of `wx.requestPayment`."""
        names = ("timeStamp", "nonceStr", "package")
        signed = [self._accounts.app_id, *(str(params.get(name, "")) for name in names)]
        message = "".join(f"{part}\n" for part in signed).encode()
        return params.get("signType") == "RSA" and rsa_matches(
            key=self._merchant, message=message, signature=str(params.get("paySign", ""))
        )

    def _check(self, request: Request) -> None:
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        fields = dict(_FIELD.findall(rest))
        if scheme != SCHEME or not fields.keys() >= _FIELDS:
            raise refused(401, "SIGN_ERROR", "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
        if fields["mchid"] != self._accounts.mch_id or fields["serial_no"] != self._accounts.mch_serial:
            raise refused(401, "SIGN_ERROR", "商户证书序列号有误，请使用签名私钥匹配的证书序列号")
        timestamp = fields["timestamp"]
        if not re.fullmatch(r"[0-9]{10}", timestamp) or abs(time.time() - int(timestamp)) > WINDOW_SECONDS:
            raise refused(401, "SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
        head = f"{request.method}\n{request.target}\n{timestamp}\n{fields['nonce_str']}\n"
        message = head.encode() + request.body + b"\n"
        if not rsa_matches(key=self._merchant, message=message, signature=fields["signature"]):
            raise _signature_refused(request, head=head, length=len(message))
        self._use_nonce(fields["nonce_str"])

    def _use_nonce(self, nonce: str) -> None:
        now = time.time()
        with self._store.transaction():
            self._store.run("DELETE FROM nonces WHERE at < ?", now - 2 * WINDOW_SECONDS)
            if not self._store.run("INSERT OR IGNORE INTO nonces (nonce, at) VALUES (?, ?)", nonce, now):
                raise refused(401, "SIGN_ERROR", "Http头Authorization中的nonce_str重复，请求已被受理过")


def _signature_refused(request: Request, *, head: str, length: int) -> Refused:
    return refused(
        401,
        "SIGN_ERROR",
        "错误的签名，验签失败",
        detail={
            "field": "signature",
            "issue": "sign not match",
            "location": "authorization",
            "sign_information": {
                "method": request.method,
                "url": request.target,
                "truncated_sign_message": head + request.body[:10].decode(errors="replace"),
                "sign_message_length": length,
            },
        },
    )
