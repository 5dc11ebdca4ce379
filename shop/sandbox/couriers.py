"""Couriers: waybills, their journey, and the tracking events pushed to the shop.

Owns `waybills` and `tracking_events`. Always: one waybill per order reference; events of a waybill are numbered from 1
and pushed in that order; delivered, returned and cancelled are final. Requests and pushes carry `X-Timestamp` (Unix
seconds) and `X-Signature`, the HMAC-SHA256 of timestamp and body in hexadecimal.
"""

import hmac
import json
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from sqlite3 import Row
from typing import Any

from shop.sandbox.clock import china_time, parse_instant
from shop.sandbox.deliveries import Deliverer, Delivery, attempted
from shop.sandbox.keys import Accounts
from shop.sandbox.routing import Handler, Request, Response, Route, answer, refused
from shop.sandbox.signing import hmac_hex
from shop.sandbox.store import Store

WINDOW_SECONDS = 300
WAIT_SECONDS = 30.0
JOURNEY = ("created", "picked_up", "in_transit", "out_for_delivery", "delivered")
FINAL = frozenset({"delivered", "returned", "cancelled"})
# Where the journey goes on after what lies outside it.
RESUMES = {"exception": "in_transit"}
EVENTS = {
    "created": ("快递公司已接单，等待揽收", "始发地"),
    "picked_up": ("快件已揽收", "始发营业部"),
    "in_transit": ("快件运输中，已到达分拨中心", "分拨中心"),
    "out_for_delivery": ("快递员正在派送", "目的地营业部"),
    "delivered": ("快件已签收", "目的地"),
    "exception": ("派送异常：无法联系收件人", "目的地营业部"),
    "returned": ("快件已退回寄件人", "始发地"),
    "cancelled": ("运单已取消", "始发地"),
}


class Couriers:
    """One gateway to all carriers."""

    def __init__(self, *, store: Store, accounts: Accounts, deliverer: Deliverer) -> None:
        self._store = store
        self._key = accounts.courier_key
        self._deliverer = deliverer

    def routes(self) -> list[Route]:
        signed, struck = self._signed, ("couriers",)
        return [
            Route("POST", "/couriers/waybills", signed(self.create), struck),
            Route("POST", "/couriers/waybills/{tracking_number}/cancel", signed(self.cancel), struck),
            Route("POST", "/couriers/subscriptions", signed(self.subscribe), struck),
            Route("GET", "/couriers/tracks/{tracking_number}", signed(self.track), struck),
            Route("POST", "/couriers/advance", self.advance),
        ]

    def signature(self, body: str) -> dict[str, str]:
        """Return the headers of a push."""
        timestamp = str(int(time.time()))
        signature = hmac_hex(key=self._key, timestamp=timestamp, body=body.encode())
        return {"X-Timestamp": timestamp, "X-Signature": signature}

    def create(self, request: Request) -> Response:
        """POST /couriers/waybills {reference, carrier, callback_url, …}: 201, or 200 with the same waybill again."""
        data = request.data
        _check(data, (("reference", 64), ("carrier", 32)))
        fingerprint = json.dumps(data, sort_keys=True, ensure_ascii=False)
        with self._store.transaction():
            known = self._store.one("SELECT * FROM waybills WHERE reference = ?", data["reference"])
            if known is not None:
                if known["request"] != fingerprint:
                    raise refused(409, "REFERENCE_REUSED", "This reference has a waybill with other particulars.")
                return answer(_described(known))
            prefix = re.sub(r"[^A-Z]", "", data["carrier"].upper())[:4] or "EX"
            number = f"{prefix}{secrets.randbelow(10**13):013d}"
            self._book(number, reference=data["reference"], data=data, request=fingerprint)
        return answer(_described(self._require(number)), status=201)

    def cancel(self, request: Request, *, tracking_number: str) -> Response:
        """POST /couriers/waybills/{n}/cancel: possible until the parcel is picked up; again is no error."""
        with self._store.transaction():
            waybill = self._require(tracking_number)
            if waybill["state"] == "cancelled":
                return answer(_described(waybill))
            if waybill["state"] != "created":
                raise refused(409, "ALREADY_PICKED_UP", f"The parcel is {waybill['state']}; it cannot be cancelled.")
            self._store.run("UPDATE waybills SET state = 'cancelled' WHERE tracking_number = ?", tracking_number)
            self._record_event(tracking_number, "cancelled")
        return answer(_described(self._require(tracking_number)))

    def subscribe(self, request: Request) -> Response:
        """POST /couriers/subscriptions {tracking_number, carrier, callback_url, …}: pushes about a parcel whose waybill
        is from elsewhere, 201; of one that is known go to the new address from now on, 200."""
        data = request.data
        number = str(data.get("tracking_number"))
        if not re.fullmatch(r"[A-Za-z0-9-]{4,40}", number):
            raise refused(400, "INVALID_FIELD", "tracking_number has 4 to 40 letters and digits.")
        _check(data, (("carrier", 32),))
        with self._store.transaction():
            known = self._store.one("SELECT * FROM waybills WHERE tracking_number = ?", number)
            if known is None:
                self._book(number, reference=f"subscribed {number}", data=data, request="")
            elif known["carrier"] != data["carrier"]:
                raise refused(409, "OTHER_CARRIER", f"{known['carrier']} carries this parcel.")
            else:
                self._store.run(
                    "UPDATE waybills SET callback_url = ? WHERE tracking_number = ?", data["callback_url"], number
                )
        return answer(_described(self._require(number)), status=200 if known else 201)

    def track(self, request: Request, *, tracking_number: str) -> Response:
        """GET /couriers/tracks/{n}: the state and all events, oldest first."""
        waybill = self._require(tracking_number)
        events = self._store.all(
            "SELECT * FROM tracking_events WHERE tracking_number = ? ORDER BY sequence", tracking_number
        )
        return answer(_described(waybill) | {"events": [_event(event) for event in events]})

    def advance(self, request: Request) -> Response:
        """POST /couriers/advance {tracking_number, to?, wait?, at?, push?}: the parcel moves on, one push a state.

        Without `to` it takes the next step, with it all steps up to there; `wait` tells in `pushed` what the shop
        answered. `at` dates the steps back, to tell a history; with `push: false` the shop finds out when it asks.
        """
        number, to = str(request.data.get("tracking_number")), request.data.get("to")
        at, push = _moment(request.data.get("at")), request.data.get("push", True) is True
        with self._store.transaction():
            waybill = self._require(number)
            entered = [self._enter(waybill, state, at) for state in _steps(waybill["state"], to)]
            deliveries = [self._announce(waybill, event) for event in entered if push]
        for delivery in deliveries:
            self._deliverer.send(delivery)
        result = _described(self._require(number))
        if request.data.get("wait") is True:
            result["pushed"] = [attempted(delivery, timeout=WAIT_SECONDS) for delivery in deliveries]
        return answer(result)

    def _book(self, number: str, *, reference: str, data: Mapping[str, Any], request: str) -> None:
        self._store.insert(
            "waybills",
            tracking_number=number,
            reference=reference,
            carrier=data["carrier"],
            request=request,
            callback_url=data["callback_url"],
            state="created",
        )
        self._record_event(number, "created")

    def _enter(self, waybill: Row, state: str, at: float) -> Row:
        number = waybill["tracking_number"]
        self._store.run("UPDATE waybills SET state = ? WHERE tracking_number = ?", state, number)
        # A step that is dated back takes what came before it along: nothing happens before the waybill.
        self._store.run("UPDATE tracking_events SET at = min(at, ?) WHERE tracking_number = ?", at, number)
        return self._record_event(number, state, at)

    def _announce(self, waybill: Row, event: Row) -> Delivery:
        number = waybill["tracking_number"]
        body = {"tracking_number": number, "reference": waybill["reference"], "carrier": waybill["carrier"]}
        body |= _event(event)
        return self._deliverer.enqueue(
            target="courier_push", lane=number, url=waybill["callback_url"], body=json.dumps(body, ensure_ascii=False)
        )

    def _record_event(self, number: str, state: str, at: float | None = None) -> Row:
        description, location = EVENTS[state]
        event_id = f"TE{secrets.token_hex(12)}"
        self._store.run(
            "INSERT INTO tracking_events SELECT ?1, ?2, count(*) + 1, ?3, ?4, ?5, ?6"
            " FROM tracking_events WHERE tracking_number = ?2",
            event_id,
            number,
            state,
            description,
            location,
            time.time() if at is None else at,
        )
        event = self._store.one("SELECT * FROM tracking_events WHERE event_id = ?", event_id)
        assert event is not None
        return event

    def _require(self, number: str) -> Row:
        waybill = self._store.one("SELECT * FROM waybills WHERE tracking_number = ?", number)
        if waybill is None:
            raise refused(404, "UNKNOWN_WAYBILL", "There is no waybill with this tracking number.")
        return waybill

    def _signed(self, handler: Handler) -> Handler:
        """Wrap a handler so that it runs for requests with the shop's signature only."""

        def call(request: Request, **names: str) -> Response:
            timestamp = request.headers.get("X-Timestamp", "")
            if not re.fullmatch(r"[0-9]{10}", timestamp) or abs(time.time() - int(timestamp)) > WINDOW_SECONDS:
                raise refused(401, "STALE_TIMESTAMP", "X-Timestamp is missing or more than five minutes off.")
            expected = hmac_hex(key=self._key, timestamp=timestamp, body=request.body)
            if not hmac.compare_digest(request.headers.get("X-Signature", "").encode(), expected.encode()):
                raise refused(401, "INVALID_SIGNATURE", "X-Signature is not that of timestamp and body.")
            return handler(request, **names)

        return call


def _check(data: Mapping[str, Any], texts: Sequence[tuple[str, int]]) -> None:
    for name, most in texts:
        if not (isinstance(data.get(name), str) and 0 < len(data[name]) <= most):
            raise refused(400, "INVALID_FIELD", f"{name} is a text of 1 to {most} characters.")
    if not re.match(r"https?://[^/\s]+", str(data.get("callback_url"))):
        raise refused(400, "INVALID_FIELD", "callback_url is a complete URL.")


def _moment(at: object) -> float:
    """Return the instant that a request names, or the present one."""
    if at is None:
        return time.time()
    moment = parse_instant(at)
    if moment is None or moment > time.time():
        raise refused(400, "INVALID_FIELD", "at is an RFC 3339 instant with its offset, not in the future.")
    return moment


def _steps(state: str, to: object) -> list[str]:
    """Return the states a parcel enters on its way from one to another."""
    if to is not None and to not in EVENTS:
        raise refused(400, "UNKNOWN_STATE", f"to is one of: {', '.join(EVENTS)}.")
    if state in FINAL:
        raise refused(409, "JOURNEY_ENDED", f"The parcel is {state}.")
    if to in ("exception", "returned") and to != state:
        return [str(to)]
    ahead = JOURNEY[JOURNEY.index(RESUMES[state]) :] if state in RESUMES else JOURNEY[JOURNEY.index(state) + 1 :]
    if to is None:
        return [ahead[0]]
    if to not in ahead:
        raise refused(409, "NOT_AHEAD", f"The parcel is {state} already; {to} does not lie ahead.")
    return list(ahead[: ahead.index(str(to)) + 1])


def _described(waybill: Row) -> dict[str, Any]:
    return {name: waybill[name] for name in ("tracking_number", "reference", "carrier", "state")}


def _event(event: Row) -> dict[str, Any]:
    names = ("event_id", "sequence", "state", "description", "location")
    return {name: event[name] for name in names} | {"at": china_time(event["at"])}
