"""Faults on demand: what goes wrong, where, and how many times.

Owns the list of faults waiting to strike. Each strikes the next `times` occasions of its target and is then gone;
of several for one target, the oldest goes first. They live in memory: a restart heals everything.
"""

import threading
from dataclasses import asdict, dataclass
from typing import Any

from shop.sandbox.routing import Request, Response, Route, answer, refused

CALLBACK_KINDS = frozenset({"lose", "delay", "duplicate", "reorder"})
ANSWER_KINDS = frozenset({"500", "hang"})
KINDS: dict[str, frozenset[str]] = {
    "payment_notify": CALLBACK_KINDS,
    "refund_notify": CALLBACK_KINDS,
    "transfer_notify": CALLBACK_KINDS,
    "courier_push": CALLBACK_KINDS,
    "wechat_login": ANSWER_KINDS | {"45011"},
    "wechat_code": ANSWER_KINDS,
    "subscribe": ANSWER_KINDS | {"43101"},
    "shipping_info": ANSWER_KINDS | {"10060012", "10060001", "10060014"},
    "wechat_pay": ANSWER_KINDS,
    "refund": ANSWER_KINDS | {"abnormal", "not_enough"},
    "transfer": ANSWER_KINDS | {"not_enough", "fail"},
    "close": ANSWER_KINDS | {"orderpaid"},
    "bill": ANSWER_KINDS | {"amount", "missing", "extra"},
    "alipay_notify": CALLBACK_KINDS,
    "alipay": ANSWER_KINDS,
    "alipay_refund": ANSWER_KINDS | {"in_doubt", "not_enough"},
    "alipay_close": ANSWER_KINDS | {"orderpaid"},
    "alipay_bill": ANSWER_KINDS | {"amount", "missing", "extra"},
    "sms": ANSWER_KINDS,
    "email": ANSWER_KINDS | {"refuse"},
    "couriers": ANSWER_KINDS,
}
DEFAULT_SECONDS = {"delay": 3.0, "hang": 30.0, "reorder": 10.0}
# What may be written for the kinds above, as the contract words them.
SYNONYMS = {"difference": "amount", "error": "500"}
MAX_TIMES = 1_000_000
MAX_COPIES = 100
MAX_SECONDS = 600


@dataclass
class Fault:
    """What goes wrong the next `times` times.

    `seconds` is for delay, hang and reorder, `copies` for duplicate; `after` lets 500 and hang come with the work done.
    """

    target: str
    kind: str
    times: int
    seconds: float
    copies: int
    after: bool


class Faults:
    """The faults that are set, and the control path that sets them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/faults", self.list_waiting),
            Route("POST", "/faults", self.add),
            Route("DELETE", "/faults", self.clear),
        ]

    def take(self, target: str, kinds: frozenset[str]) -> Fault | None:
        """Use up one strike of the oldest fault of these kinds, if there is any."""
        if not self._waiting:
            return None
        with self._lock:
            for fault in self._waiting:
                if fault.target == target and fault.kind in kinds:
                    fault.times -= 1
                    if fault.times == 0:
                        self._waiting.remove(fault)
                    return fault
        return None

    def list_waiting(self, request: Request) -> Response:
        """GET /faults: what has yet to strike."""
        with self._lock:
            return answer([asdict(fault) for fault in self._waiting])

    def clear(self, request: Request) -> Response:
        """DELETE /faults: everything works again."""
        with self._lock:
            self._waiting.clear()
        return Response(204)

    def add(self, request: Request) -> Response:
        """POST /faults {target, kind, times?, seconds?, copies?, after?}."""
        fault = _parse(request.data)
        with self._lock:
            self._waiting.append(fault)
            return answer(asdict(fault), status=201)


def _parse(data: dict[str, Any]) -> Fault:
    unknown = data.keys() - {"target", "kind", "times", "seconds", "copies", "after"}
    if unknown:
        raise refused(400, "UNKNOWN_FIELD", f"Unknown fields: {', '.join(sorted(unknown))}.")
    target = _normal(data.get("target"))
    if target not in KINDS:
        raise refused(400, "UNKNOWN_TARGET", f"target is one of: {', '.join(KINDS)}.")
    kind = _normal(data.get("kind"))
    kind = SYNONYMS.get(kind, kind)
    if kind not in KINDS[target]:
        raise refused(400, "UNKNOWN_KIND", f"The kinds of {target} are: {', '.join(sorted(KINDS[target]))}.")
    after = data.get("after", False)
    if not isinstance(after, bool):
        raise refused(400, "INVALID_FIELD", "after is true or false.")
    return Fault(
        target=target,
        kind=kind,
        times=_whole(data, "times", default=1, most=MAX_TIMES),
        seconds=_seconds(data, default=DEFAULT_SECONDS.get(kind, 0.0)),
        copies=_whole(data, "copies", default=2, most=MAX_COPIES),
        after=after,
    )


def _normal(text: object) -> str:
    return str(text).strip().lower().replace("-", "_").replace(" ", "_")


def _whole(data: dict[str, Any], name: str, *, default: int, most: int) -> int:
    value = data.get(name, default)
    if type(value) is not int or not 1 <= value <= most:
        raise refused(400, "INVALID_FIELD", f"{name} is a whole number from 1 to {most}.")
    return value


def _seconds(data: dict[str, Any], *, default: float) -> float:
    value = data.get("seconds", default)
    if type(value) not in (int, float) or not 0 <= value <= MAX_SECONDS:
        raise refused(400, "INVALID_FIELD", f"seconds is a number from 0 to {MAX_SECONDS}.")
    return float(value)
