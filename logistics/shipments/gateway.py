"""The couriers' common gateway: waybills and tracks over signed HTTP. Never called inside a transaction."""

import time
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any

import httpx
import msgspec
import orjson
from django.conf import settings

from logistics.shipments.errors import CourierRefused, CourierUnavailable
from logistics.shipments.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign

KNOWN_STATES = frozenset(
    {
        "created",
        "picked_up",
        "in_transit",
        "out_for_delivery",
        "delivered",
        "exception",
        "returned",
        "cancelled",
    }
)


# PostgreSQL keeps no zero character.
Text = Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[^\x00]*$")]


class CourierEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One report about a parcel, as pushed and as answered to a poll; unknown fields are ignored."""

    event_id: Text
    sequence: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    state: Text
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    description: Text = ""
    location: Text = ""


class Push(CourierEvent, frozen=True, kw_only=True):
    """An event pushed to us, with the parcel that it is about."""

    tracking_number: Text


class _Waybill(msgspec.Struct, frozen=True):
    tracking_number: Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9-]+\Z")]


class _Track(msgspec.Struct, frozen=True):
    events: list[CourierEvent]


def is_configured() -> bool:
    return bool(settings.COURIER_GATEWAY_URL and settings.COURIER_KEY)


def create_waybill(
    *, reference: str, carrier: str, sender: Mapping[str, Any], recipient: Mapping[str, Any], weight_g: int
) -> str:
    """Ask for a waybill and return its tracking number; the same reference always gets the same waybill.

    Raises CourierUnavailable or CourierRefused, as every call here.
    """
    body = {
        "reference": reference,
        "carrier": carrier,
        "sender": dict(sender),
        "recipient": dict(recipient),
        "weight_g": weight_g,
        "callback_url": f"{settings.BASE_URL}/api/v1/couriers/notify",
    }
    return _call("POST", "/couriers/waybills", body, _Waybill).tracking_number


def cancel_waybill(*, tracking_number: str) -> None:
    _call("POST", f"/couriers/waybills/{tracking_number}/cancel", {}, _Waybill)


def subscribe(*, tracking_number: str, carrier: str, phone: str) -> None:
    """Have a parcel reported on whose waybill is not from here; some couriers want the recipient's phone for it."""
    body = {
        "tracking_number": tracking_number,
        "carrier": carrier,
        "phone": phone,
        "callback_url": f"{settings.BASE_URL}/api/v1/couriers/notify",
    }
    _call("POST", "/couriers/subscriptions", body, _Waybill)


def track(*, tracking_number: str) -> list[CourierEvent]:
    """All events of a parcel, oldest first."""
    return _call("GET", f"/couriers/tracks/{tracking_number}", None, _Track).events


def _call(method: str, path: str, body: Mapping[str, Any] | None, shape: type[Any]) -> Any:
    content = b"" if body is None else orjson.dumps(body)
    # The wire runs on the real clock, also while a history is told at a fixed one.
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        TIMESTAMP_HEADER: timestamp,
        SIGNATURE_HEADER: sign(key=settings.COURIER_KEY, timestamp=timestamp, body=content),
    }
    try:
        response = _client().request(method, settings.COURIER_GATEWAY_URL + path, content=content, headers=headers)
    except httpx.HTTPError as error:
        raise CourierUnavailable from error
    if response.status_code >= 500 or response.status_code == 429:
        raise CourierUnavailable
    if response.is_error:
        raise CourierRefused(reason=f"{response.status_code} {response.text[:120]}")
    try:
        return msgspec.json.decode(response.content, type=shape)
    except msgspec.DecodeError as error:
        raise CourierUnavailable from error


@cache
def _client() -> httpx.Client:
    return httpx.Client(timeout=settings.OUTBOUND_TIMEOUT_SECONDS, trust_env=False)
