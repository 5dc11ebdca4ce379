"""The mini-program API of WeChat: who the user is, the access token, the phone number.

Owns `users`, `codes` and `access_tokens`. Always: a code works once and for five minutes; the phone code is not the
login code; a newer access token leaves the older ones five minutes. As the real API does, refusals are answers with
status 200 and an `errcode`.
"""

import hmac
import re
import secrets
import time
from sqlite3 import Row

from shop.sandbox.faults import Faults
from shop.sandbox.keys import Accounts
from shop.sandbox.routing import Refused, Request, Response, Route, answer, refused
from shop.sandbox.signing import random_text
from shop.sandbox.store import Store

CODE_SECONDS = 300
TOKEN_SECONDS = 7200
OLD_TOKEN_SECONDS = 300
_PHONE = re.compile(r"1[3-9]\d{9}")
_OPENID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def errcode(code: int, message: str) -> Refused:
    """Build a refusal of the mini-program API."""
    return Refused(answer({"errcode": code, "errmsg": f"{message} rid: {secrets.token_hex(12)}"}))


class WechatLogin:
    """Login and phone-number codes, and the access token that other calls need."""

    def __init__(self, *, store: Store, accounts: Accounts, faults: Faults) -> None:
        self._store = store
        self._accounts = accounts
        self._faults = faults

    def routes(self) -> list[Route]:
        struck = ("wechat_login",)
        return [
            Route("GET", "/sns/jscode2session", self.code_to_session, struck),
            Route("GET", "/cgi-bin/token", self.access_token, struck),
            Route("POST", "/cgi-bin/token", self.access_token, struck),
            Route("POST", "/cgi-bin/stable_token", self.stable_token, struck),
            Route("POST", "/wxa/business/getuserphonenumber", self.phone_number, struck),
            Route("POST", "/wechat/login-codes", self.new_codes),
        ]

    def new_codes(self, request: Request) -> Response:
        """POST /wechat/login-codes {openid?, phone?}: a user opens the mini-program and agrees to share the number."""
        openid, phone = request.data.get("openid"), request.data.get("phone")
        if openid is not None and not (isinstance(openid, str) and _OPENID.fullmatch(openid)):
            raise refused(400, "INVALID_OPENID", "openid is 1 to 128 letters, digits, - or _.")
        if phone is not None and not (isinstance(phone, str) and _PHONE.fullmatch(phone)):
            raise refused(400, "INVALID_PHONE", "phone is a mainland mobile number of 11 digits.")
        with self._store.transaction():
            openid = self._remember_user(openid=openid, phone=phone)
            login_code, phone_code = self._new_code("login", openid), self._new_code("phone", openid)
        return answer({"login_code": login_code, "phone_code": phone_code, "openid": openid})

    def code_to_session(self, request: Request) -> Response:
        """GET /sns/jscode2session?appid=&secret=&js_code=&grant_type=authorization_code."""
        query = request.query
        self._check_app(query.get("appid", ""), query.get("secret", ""))
        if query.get("grant_type") != "authorization_code":
            raise errcode(40002, "invalid grant_type")
        if not query.get("js_code"):
            raise errcode(41008, "missing code")
        if self._faults.take("wechat_login", frozenset({"45011"})):
            raise errcode(45011, "api minute-quota reach limit, must slower, retry next minute")
        with self._store.transaction():
            openid = self._use_code("login", query["js_code"], used=errcode(40163, "code been used"))
            user = self._store.one("SELECT * FROM users WHERE openid = ?", openid)
        assert user is not None
        return answer({"session_key": user["session_key"], "openid": openid})

    def access_token(self, request: Request) -> Response:
        """GET /cgi-bin/token?grant_type=client_credential&appid=&secret=: a new token each time."""
        fields = request.query or request.data
        self._check_credential_grant(fields)
        with self._store.transaction():
            # The tokens issued before live on for a short while only.
            self._store.run(
                "UPDATE access_tokens SET expires_at = min(expires_at, ?) WHERE NOT stable",
                time.time() + OLD_TOKEN_SECONDS,
            )
            return answer(self._new_token(stable=False))

    def stable_token(self, request: Request) -> Response:
        """POST /cgi-bin/stable_token {grant_type, appid, secret, force_refresh?}: one token until it nears its end."""
        self._check_credential_grant(request.data)
        now = time.time()
        with self._store.transaction():
            current = self._store.one(
                "SELECT * FROM access_tokens WHERE stable AND expires_at > ? ORDER BY expires_at DESC",
                now + OLD_TOKEN_SECONDS,
            )
            if current is not None and request.data.get("force_refresh") is not True:
                return answer({"access_token": current["token"], "expires_in": int(current["expires_at"] - now)})
            self._store.run(
                "UPDATE access_tokens SET expires_at = min(expires_at, ?) WHERE stable", now + OLD_TOKEN_SECONDS
            )
            return answer(self._new_token(stable=True))

    def phone_number(self, request: Request) -> Response:
        """POST /wxa/business/getuserphonenumber?access_token= {code, openid?}."""
        self.check_token(request)
        if self._faults.take("wechat_login", frozenset({"45011"})):
            raise errcode(45011, "api minute-quota reach limit, must slower, retry next minute")
        with self._store.transaction():
            openid = self._use_code("phone", request.data.get("code"), used=errcode(40029, "code has been used"))
            user = self._store.one("SELECT * FROM users WHERE openid = ?", openid)
            assert user is not None
            if request.data.get("openid", openid) != openid:
                raise errcode(40013, "openid does not match the code")
        info = {
            "phoneNumber": user["phone"],
            "purePhoneNumber": user["phone"],
            "countryCode": "86",
            "watermark": {"timestamp": int(time.time()), "appid": self._accounts.app_id},
        }
        return answer({"errcode": 0, "errmsg": "ok", "phone_info": info})

    def check_token(self, request: Request) -> None:
        """Refuse a call whose `access_token` is missing, unknown or expired."""
        token = request.query.get("access_token")
        if not token:
            raise errcode(41001, "access_token missing")
        known = self._store.one("SELECT expires_at FROM access_tokens WHERE token = ?", token)
        if known is None:
            raise errcode(40001, "invalid credential, access_token is invalid or not latest")
        if known["expires_at"] <= time.time():
            raise errcode(42001, "access_token expired")

    def find_user(self, openid: object) -> Row | None:
        """Return the user of this app with that openid."""
        return self._store.one("SELECT * FROM users WHERE openid = ?", openid) if isinstance(openid, str) else None

    def _check_app(self, app_id: object, secret: object) -> None:
        if app_id != self._accounts.app_id:
            raise errcode(40013, "invalid appid")
        if not hmac.compare_digest(str(secret).encode(), self._accounts.app_secret.encode()):
            raise errcode(40125, "invalid appsecret")

    def _check_credential_grant(self, fields: dict[str, str]) -> None:
        if fields.get("grant_type") != "client_credential":
            raise errcode(40002, "invalid grant_type")
        self._check_app(fields.get("appid", ""), fields.get("secret", ""))

    def _new_token(self, *, stable: bool) -> dict[str, object]:
        now = time.time()
        self._store.run("DELETE FROM access_tokens WHERE expires_at < ?", now - TOKEN_SECONDS)
        token = f"{secrets.randbelow(90) + 10}_{random_text(126)}"
        self._store.insert("access_tokens", token=token, stable=stable, expires_at=now + TOKEN_SECONDS)
        return {"access_token": token, "expires_in": TOKEN_SECONDS}

    def _remember_user(self, *, openid: str | None, phone: str | None) -> str:
        """Find or make the user: by openid if given, else by phone, so that a number keeps its openid."""
        if openid is None and phone is not None:
            known = self._store.one("SELECT openid FROM users WHERE phone = ? ORDER BY rowid", phone)
            openid = known["openid"] if known else None
        openid = openid or "o" + random_text(27)
        if self.find_user(openid) is None:
            phone = phone or f"1{secrets.choice('3456789')}{secrets.randbelow(10**9):09d}"
            self._store.insert("users", openid=openid, session_key=random_text(22) + "==", phone=phone)
        elif phone is not None:
            self._store.run("UPDATE users SET phone = ? WHERE openid = ?", phone, openid)
        return openid

    def _new_code(self, kind: str, openid: str) -> str:
        now = time.time()
        self._store.run("DELETE FROM codes WHERE expires_at < ?", now - CODE_SECONDS)
        code = random_text(32) if kind == "login" else secrets.token_hex(32)
        self._store.insert("codes", code=code, kind=kind, openid=openid, expires_at=now + CODE_SECONDS)
        return code

    def _use_code(self, kind: str, code: object, *, used: Refused) -> str:
        known = None
        if isinstance(code, str):
            known = self._store.one("SELECT * FROM codes WHERE code = ? AND kind = ?", code, kind)
        if known is None or known["expires_at"] <= time.time():
            raise errcode(40029, "invalid code")
        if not self._store.run("UPDATE codes SET used = 1 WHERE code = ? AND NOT used", known["code"]):
            raise used
        openid: str = known["openid"]
        return openid
