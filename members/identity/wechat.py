"""WeChat's mini-program API: who signs in, and the phone number that they agreed to share.

Not to be called inside a transaction. Codes are single use, so no call is repeated except after a refused access token.
Refusals come as status 200 with an `errcode`.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, overload

import httpx
import redis
import structlog
from django.conf import settings
from django.core.cache import cache

from members.identity.errors import WechatLoginCodeInvalid, WechatPhoneCodeInvalid, WechatUnavailable
from members.identity.phones import parse_phone
from shop.core.outbound import http_client

log = structlog.get_logger(__name__)

# invalid, used, missing, and a user whom WeChat holds for a risk
_BAD_CODE = {40029, 40163, 41008, 40226}
_BAD_TOKEN = {40001, 40014, 42001}
_TOKEN_MARGIN_SECONDS = 300
_REFRESHER_SECONDS = 15


@dataclass(frozen=True)
class WechatAccount:
    openid: str
    unionid: str


def exchange_login_code(code: str) -> WechatAccount:
    """Raises WechatLoginCodeInvalid or WechatUnavailable."""
    answer = _call(
        "GET",
        "/sns/jscode2session",
        params={
            "appid": settings.WECHAT_APP_ID,
            "secret": settings.WECHAT_APP_SECRET,
            "js_code": code,
            "grant_type": "authorization_code",
        },
    )
    if answer.get("errcode") in _BAD_CODE:
        raise WechatLoginCodeInvalid
    return WechatAccount(openid=_expect(answer, "openid", str), unionid=str(answer.get("unionid") or ""))


def phone_number(code: str) -> str:
    """The E.164 number behind a phone code. Raises WechatPhoneCodeInvalid or WechatUnavailable."""
    answer = post_with_token("/wxa/business/getuserphonenumber", {"code": code})
    if answer.get("errcode") in _BAD_CODE:
        raise WechatPhoneCodeInvalid
    info = _expect(answer, "phone_info", dict)
    phone = parse_phone(f"+{info.get('countryCode')}{info.get('purePhoneNumber')}")
    if phone is None:
        raise WechatPhoneCodeInvalid
    return phone


def unlimited_code(*, scene: str, page: str) -> bytes:
    """The picture of a mini-program code that opens `page` with `scene` (32 characters at most); WeChat keeps it alive
    for ever. Raises WechatUnavailable.
    """
    token = access_token()
    answer = _ask_code(scene, page, token)
    if isinstance(answer, dict) and answer.get("errcode") in _BAD_TOKEN:
        answer = _ask_code(scene, page, access_token(stale=token))
    if isinstance(answer, dict):
        log.warning("wechat_refused", errcode=answer.get("errcode"))
        raise WechatUnavailable(retry_after=1)
    return answer


def post_with_token(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """WeChat's answer to a call that needs the access token, refusals included. Raises WechatUnavailable."""
    token = access_token()
    answer = _call("POST", path, params={"access_token": token}, json=body)
    if answer.get("errcode") in _BAD_TOKEN:
        answer = _call("POST", path, params={"access_token": access_token(stale=token)}, json=body)
    return answer


def access_token(*, stale: str | None = None) -> str:
    """The app's access token, other than `stale`; shared in Redis, where one process at a time fetches a new one.

    Without Redis each process asks WeChat, whose stable token is the same for all who ask. Raises WechatUnavailable.
    """
    try:
        return _shared_token(stale)
    except redis.RedisError as error:
        log.warning("wechat_token_not_shared", error=type(error).__name__)
        return _fetch_token(stale)[0]


def _shared_token(stale: str | None) -> str:
    key = f"wechat:access-token:{settings.WECHAT_APP_ID}"
    give_up = time.monotonic() + _REFRESHER_SECONDS
    while True:
        held = cache.get(key)
        if held and held != stale:
            return held
        if cache.add(f"{key}:refresher", 1, _REFRESHER_SECONDS):
            break
        if time.monotonic() > give_up:
            raise WechatUnavailable(retry_after=1)
        time.sleep(0.05)
    try:
        # Somebody may have finished between the look and the lock.
        held = cache.get(key)
        if held and held != stale:
            return held
        token, seconds = _fetch_token(stale)
        cache.set(key, token, max(seconds - _TOKEN_MARGIN_SECONDS, 1))
        return token
    finally:
        cache.delete(f"{key}:refresher")


def _fetch_token(stale: str | None) -> tuple[str, int]:
    """The stable token and its remaining seconds; a fresh one is forced only when WeChat still holds on to `stale`."""
    token, seconds = _ask_token(force=False)
    return _ask_token(force=True) if token == stale else (token, seconds)


def _ask_token(*, force: bool) -> tuple[str, int]:
    answer = _call(
        "POST",
        "/cgi-bin/stable_token",
        json={
            "grant_type": "client_credential",
            "appid": settings.WECHAT_APP_ID,
            "secret": settings.WECHAT_APP_SECRET,
            "force_refresh": force,
        },
    )
    return _expect(answer, "access_token", str), _expect(answer, "expires_in", int)


def _ask_code(scene: str, page: str, token: str) -> bytes | dict[str, Any]:
    # A page that is published later, or not yet, is no reason for WeChat to refuse.
    body = {"scene": scene, "page": page, "check_path": False, "width": 430}
    return _call("POST", "/wxa/getwxacodeunlimit", image=True, params={"access_token": token}, json=body)


@overload
def _call(method: str, path: str, *, image: Literal[False] = False, **parts: Any) -> dict[str, Any]: ...
@overload
def _call(method: str, path: str, *, image: Literal[True], **parts: Any) -> bytes | dict[str, Any]: ...
def _call(method: str, path: str, *, image: bool = False, **parts: Any) -> bytes | dict[str, Any]:
    """What WeChat answers; with `image` it may be a picture, where a refusal is JSON as always."""
    try:
        answer = http_client().request(
            method, f"{settings.WECHAT_API_URL}{path}", timeout=settings.OUTBOUND_TIMEOUT_SECONDS, **parts
        )
        if image and answer.is_success and answer.headers.get("Content-Type", "").startswith("image/"):
            return answer.content
        body = answer.json() if answer.is_success else None
    except (httpx.HTTPError, ValueError) as error:
        log.warning("wechat_call_failed", path=path, error=type(error).__name__)
        raise WechatUnavailable(retry_after=1, reason=_reason(error)) from None
    if not isinstance(body, dict):
        log.warning("wechat_call_failed", path=path, status=answer.status_code)
        raise WechatUnavailable(retry_after=1, reason=f"http_{answer.status_code}")
    return body


def _reason(error: Exception) -> str:
    """Short, for logs of deliveries: an error's own words may hold the access token."""
    return "timeout" if isinstance(error, httpx.TimeoutException) else "unreachable"


def _expect(answer: dict[str, Any], name: str, kind: type) -> Any:
    value = answer.get(name)
    if answer.get("errcode") or not isinstance(value, kind):
        log.warning("wechat_refused", errcode=answer.get("errcode"))
        raise WechatUnavailable(retry_after=1, reason=str(answer.get("errcode")))
    return value
