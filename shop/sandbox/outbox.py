"""What was sent out: SMS, WeChat subscribe messages and mail.

Owns the `messages` table, the senders' endpoints and what the mail server took, besides the control paths that show
what a phone received.
"""

import hmac
import json
import re
import time
from typing import Any

from shop.sandbox.clock import china_time
from shop.sandbox.faults import Faults
from shop.sandbox.keys import Accounts
from shop.sandbox.mail import Mail
from shop.sandbox.routing import Request, Response, Route, answer, refused
from shop.sandbox.store import Store
from shop.sandbox.wechat_login import WechatLogin, errcode

KINDS = ("subscribe", "email", "sms")
LISTED = 200
_PHONE = re.compile(r"\+?\d{5,20}")
_CODE = re.compile(r"(?<!\d)\d{4,8}(?!\d)")


class Outbox:
    """The SMS gateway, the subscribe-message call and the list of all they took."""

    def __init__(self, *, store: Store, accounts: Accounts, faults: Faults, login: WechatLogin) -> None:
        self._store = store
        self._accounts = accounts
        self._faults = faults
        self._login = login

    def routes(self) -> list[Route]:
        return [
            Route("POST", "/sms/send", self.send_sms, ("sms",)),
            Route("POST", "/cgi-bin/message/subscribe/send", self.send_subscribe, ("subscribe",)),
            Route("GET", "/sms", self.list_sms),
            Route("GET", "/outbox", self.list_messages),
        ]

    def send_sms(self, request: Request) -> Response:
        """POST /sms/send {phone, template, params, text, reference?} with `Authorization: Bearer <key>`.

        A reference that was sent before is answered as before, and sends nothing.
        """
        expected = f"Bearer {self._accounts.sms_key}"
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected.encode()):
            raise refused(401, "UNAUTHORIZED", "The key is missing or wrong.")
        data = request.data
        phone, params = data.get("phone"), data.get("params", {})
        if not (isinstance(phone, str) and _PHONE.fullmatch(phone)):
            raise refused(400, "INVALID_PHONE", "phone is a number of 5 to 20 digits.")
        if not (isinstance(data.get("template"), str) and data["template"]):
            raise refused(400, "INVALID_TEMPLATE", "template is missing.")
        if not (isinstance(data.get("text"), str) and 0 < len(data["text"]) <= 500):
            raise refused(400, "INVALID_TEXT", "text has 1 to 500 characters.")
        if not isinstance(params, dict):
            raise refused(400, "INVALID_PARAMS", "params is an object.")
        reference = data.get("reference")
        if reference is not None and not (isinstance(reference, str) and 0 < len(reference) <= 80):
            raise refused(400, "INVALID_REFERENCE", "reference has 1 to 80 characters.")
        with self._store.transaction():
            known = self._sent_as(reference) if reference else None
            return answer({"message_id": str(known or self._record("sms", _national(phone), data))})

    def send_subscribe(self, request: Request) -> Response:
        """POST /cgi-bin/message/subscribe/send?access_token= {touser, template_id, data, page?, …}."""
        self._login.check_token(request)
        data = request.data
        if self._login.find_user(data.get("touser")) is None:
            raise errcode(40003, "invalid openid")
        if not (isinstance(data.get("template_id"), str) and data["template_id"]):
            raise errcode(40037, "invalid template_id")
        content = data.get("data")
        if not isinstance(content, dict) or not all(_is_value(value) for value in content.values()):
            raise errcode(47003, "argument invalid! data must map each name to {value}")
        if self._faults.take("subscribe", frozenset({"43101"})):
            raise errcode(43101, "user refuse to accept the msg")
        return answer({"errcode": 0, "errmsg": "ok", "msgid": self._record("subscribe", data["touser"], data)})

    def take_mail(self, mail: Mail) -> None:
        """Keep a mail that the mail server took, once for each recipient."""
        for recipient in mail.recipients:
            self._record("email", recipient, mail.content())

    def list_sms(self, request: Request) -> Response:
        """GET /sms?phone=: newest first `[{phone, code, text, at}]`."""
        phone = _national(request.query["phone"]) if "phone" in request.query else None
        messages = self._newest("sms", phone)
        return answer(
            [
                {"phone": m["recipient"], "code": _code(m["body"]), "text": m["body"]["text"], "at": m["at"]}
                for m in messages
            ]
        )

    def list_messages(self, request: Request) -> Response:
        """GET /outbox?kind=subscribe|email|sms: newest first `[{id, kind, recipient, body, at}]`."""
        kind = request.query.get("kind")
        if kind is not None and kind not in KINDS:
            raise refused(400, "UNKNOWN_KIND", f"kind is one of: {', '.join(KINDS)}.")
        return answer(self._newest(kind, None))

    def _record(self, kind: str, recipient: str, body: dict[str, Any]) -> int:
        text = json.dumps(body, ensure_ascii=False)
        return self._store.insert("messages", kind=kind, recipient=recipient, body=text, at=time.time())

    def _sent_as(self, reference: str) -> int | None:
        row = self._store.one(
            "SELECT id FROM messages WHERE kind = 'sms' AND json_extract(body, '$.reference') = ?", reference
        )
        return row["id"] if row else None

    def _newest(self, kind: str | None, recipient: str | None) -> list[dict[str, Any]]:
        wanted = {name: value for name, value in (("kind", kind), ("recipient", recipient)) if value is not None}
        where = " AND ".join(f"{name} = ?" for name in wanted) or "1"
        rows = self._store.all(
            f"SELECT * FROM messages WHERE {where} ORDER BY id DESC LIMIT {LISTED}", *wanted.values()
        )
        return [{**dict(row), "body": json.loads(row["body"]), "at": china_time(row["at"])} for row in rows]


def _is_value(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("value"), str | int | float)


def _national(phone: str) -> str:
    """Reduce +86 13800138000 and its like (a plus sign in a query reads as a blank) to 13800138000."""
    digits = re.sub(r"\D", "", phone)
    return digits[2:] if len(digits) == 13 and digits.startswith("86") else digits


def _code(body: dict[str, Any]) -> str | None:
    """Return the one-time code of a message: what the template was given, else what stands in the text."""
    given = re.sub(r"\D", "", str(body.get("params", {}).get("code", "")))
    if given:
        return given
    found = _CODE.search(body["text"])
    return found.group() if found else None
