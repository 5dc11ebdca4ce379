"""Before an order or a quote through an activity comes to anything that costs: the activity's own gate.

The gate is asked with what the request itself says, before the session is looked up and the order's key is claimed.
What cannot be understood passes, for the view to refuse as it refuses it from anybody.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from members.identity.tokens import read_access_token
from promotions.checkout.mechanism import Activity, Knock
from promotions.checkout.mechanisms import ACTIVITIES
from shop.core.api.idempotency import sent_key
from shop.core.api.reads import refused
from shop.core.errors import DomainError, NotSignedIn


def through_gate(request: HttpRequest, answer: Callable[[], HttpResponseBase], *, now: datetime) -> HttpResponseBase:
    """`answer` for whom the gate lets in, and what it says to the others."""
    try:
        found = _knock(request)
        ticket = found[0].admit(found[1], now) if found and found[1].key else None
    except (DomainError, RequestDataTooBig) as refusal:
        return refused(request, refusal)
    if not found or ticket is None:
        return answer()
    placed, code = False, None
    try:
        response = answer()
        placed, code = response.status_code < 400, _code_of(response)
    finally:
        found[0].settle(ticket, placed, code)
    return response


def past_gate(request: HttpRequest, answer: Callable[[], HttpResponseBase], *, now: datetime) -> HttpResponseBase:
    """`answer` for whom the gate would let in, who takes nothing yet, and what it says to the others."""
    try:
        found = _knock(request)
        if found:
            found[0].look(found[1], now)
    except (DomainError, RequestDataTooBig) as refusal:
        return refused(request, refusal)
    return answer()


def _knock(request: HttpRequest) -> tuple[Activity, Knock] | None:
    """Who wants how much of which activity; None where that has no gate or the request does not say it."""
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return None
    asked = body.get("activity") if isinstance(body, dict) else None
    if not isinstance(asked, dict) or type(asked.get("id")) is not int:
        return None
    activity, units = ACTIVITIES.get(str(asked.get("kind"))), _units(body)
    key, member_id = sent_key(request), _member_id(request)
    if activity is None or not activity.has_gate or units is None or member_id is None:
        return None
    return activity, Knock(member_id, asked["id"], units, key)


def _member_id(request: HttpRequest) -> int | None:
    scheme, _space, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    try:
        return read_access_token(token.strip())[0] if scheme.lower() == "bearer" else None
    except NotSignedIn:
        return None


def _units(body: Mapping[str, Any]) -> int | None:
    """Those of the one item that an activity's order has; of the cart, which is not known here, at least one."""
    if body.get("from_cart") is True:
        return 1
    items = body.get("items")
    if not (isinstance(items, list) and len(items) == 1 and isinstance(items[0], dict)):
        return None
    units = items[0].get("quantity")
    return units if type(units) is int and 0 < units < 2**31 else None


def _code_of(response: HttpResponseBase) -> str | None:
    data = getattr(response, "data", None)
    return data.get("code") if isinstance(data, dict) else None
