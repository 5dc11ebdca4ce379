"""The outer layer of Alipay: one address for all methods, RSA2 over the sorted decoded parameters, signed answers.

Always: a method acts only with the signature of the merchant's app, of the right app and within a quarter of an hour;
every answer to a known app is signed over its exact text, refusals too.
"""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

from shop.sandbox.clock import CHINA
from shop.sandbox.keys import Keys
from shop.sandbox.routing import Request, Response
from shop.sandbox.signing import rsa_matches, rsa_sign

WINDOW_SECONDS = 900
SUCCESS = {"code": "10000", "msg": "Success"}
Biz: TypeAlias = dict[str, Any]
Method: TypeAlias = Callable[[Biz, dict[str, str]], dict[str, Any]]


class AlipayRefused(Exception):
    """A call that is answered with an error: `code` of the gateway, `sub_code` of the business."""

    def __init__(self, sub_code: str, sub_msg: str, *, code: str = "40004", msg: str = "Business Failed") -> None:
        super().__init__(sub_code)
        self.answer = {"code": code, "msg": msg, "sub_code": sub_code, "sub_msg": sub_msg}


def invalid(sub_code: str, sub_msg: str) -> AlipayRefused:
    return AlipayRefused(sub_code, sub_msg, code="40002", msg="Invalid Arguments")


class Protocol:
    """Checks what the merchant signed, and signs what Alipay says."""

    def __init__(self, *, keys: Keys) -> None:
        self._app_id = keys.accounts.alipay_app_id
        self._app = keys.alipay_app.public_key()
        self._platform = keys.alipay_platform

    def answer(self, request: Request, methods: Mapping[str, Method]) -> Response:
        """Run the method that a call asks for."""
        params = parameters(request)
        name = params.get("method", "")
        try:
            self.check(params)
            if name not in methods:
                raise invalid("isv.invalid-method", "不存在的方法名")
            said = SUCCESS | methods[name](business(params), params)
        except AlipayRefused as refusal:
            said = refusal.answer
        node = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        text = f'{{"{name.replace(".", "_")}_response":{node}'
        if params.get("app_id") == self._app_id:
            text += f',"sign":"{rsa_sign(key=self._platform, message=node)}"'
        return Response(200, f"{text}}}".encode(), "text/html;charset=utf-8")

    def check(self, params: Mapping[str, str]) -> None:
        """Refuse what the merchant's app did not sign, or not now."""
        if params.get("app_id") != self._app_id:
            raise invalid("isv.invalid-app-id", "无效的AppID参数")
        if params.get("sign_type") != "RSA2" or params.get("charset", "").lower() != "utf-8":
            raise invalid("isv.invalid-signature-type", "无效的签名类型")
        if not _is_now(params.get("timestamp", "")):
            raise invalid("isv.invalid-timestamp", "无效的时间戳")
        signed = {name: value for name, value in params.items() if name != "sign" and value}
        if not rsa_matches(key=self._app, message=_sorted(signed), signature=params.get("sign", "")):
            raise invalid("isv.invalid-signature", "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配")

    def signed_form(self, params: Mapping[str, str]) -> str:
        """The body of a notification: everything but `sign` and `sign_type` is signed."""
        signature = rsa_sign(key=self._platform, message=_sorted(params).decode())
        return urlencode({**params, "sign_type": "RSA2", "sign": signature})


def parameters(request: Request) -> dict[str, str]:
    """What came in the query and in the form."""
    form = request.body.decode("utf-8", "replace") if request.method == "POST" else ""
    return {**request.query, **dict(parse_qsl(form, keep_blank_values=True))}


def business(params: Mapping[str, str]) -> Biz:
    """The business content, a JSON object."""
    try:
        content = json.loads(params.get("biz_content") or "{}")
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise invalid("isv.invalid-parameter", "biz_content格式错误")
    return content


def local(instant: float) -> str:
    """An instant as Alipay writes it."""
    return datetime.fromtimestamp(int(instant), CHINA).strftime("%Y-%m-%d %H:%M:%S")


def from_local(text: object) -> float | None:
    """Read such an instant; None when the text is not one."""
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA).timestamp()
    except ValueError:
        return None


def yuan(fen: int) -> str:
    sign, amount = ("-" if fen < 0 else ""), abs(fen)
    return f"{sign}{amount // 100}.{amount % 100:02d}"


def _is_now(text: str) -> bool:
    at = from_local(text)
    return at is not None and abs(time.time() - at) <= WINDOW_SECONDS


def _sorted(params: Mapping[str, str]) -> bytes:
    return "&".join(f"{name}={value}" for name, value in sorted(params.items())).encode()
