"""What distribution asks of whoever pays money out, and what that tells, without any of its own words for it.

`settings.PAYOUT_GATEWAY` names a function by dotted path that answers the gateway, or None where none is set up: orders
know the merchant's account. Every call goes over the network, is bounded in time, and is never made inside a database
transaction. Each raises PayoutUnavailable when nothing can be known, and PayoutRefused when the gateway says no.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class PayoutState(StrEnum):
    """CLOSED is final, and so is PAID: of all others nobody knows yet how they end."""

    ACCEPTED = "accepted"
    CONFIRMING = "confirming"
    SENDING = "sending"
    PAID = "paid"
    CLOSED = "closed"


@dataclass(frozen=True)
class PayoutRequest:
    """The same number always comes with the same request: the gateway pays once for each."""

    number: str
    payee: str
    amount_fen: int
    remark: str
    notify_url: str


@dataclass(frozen=True)
class Payout:
    """As the gateway has it. `number` is the shop's; `raw_state` is the gateway's own word, `package` for the front."""

    number: str
    state: PayoutState
    raw_state: str
    bill: str = ""
    amount_fen: int | None = None
    package: str = ""
    note: str = ""


class PayoutGateway(Protocol):
    def send(self, request: PayoutRequest) -> Payout:
        """Safe to repeat with the same number."""
        ...

    def query(self, *, number: str) -> Payout | None:
        """None when the gateway has never heard of it; sending it again is safe."""
        ...

    def stop(self, *, number: str) -> None:
        """Before the payee has accepted it. How it ends is asked for afterwards."""
        ...

    def client_params(self, *, package: str) -> dict[str, str]:
        """What the front hands over for the payee to accept the money; no call is made."""
        ...

    def explain(self, *, note: str) -> str:
        """What it says of a refusal or an end, in the reader's language as far as it is known; no call is made."""
        ...

    def parse_notification(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Payout:
        """Without calling anybody. Raises a DomainError of status 401 unless it is genuine."""
        ...


def payout_gateway() -> PayoutGateway | None:
    found: PayoutGateway | None = import_string(settings.PAYOUT_GATEWAY)()
    return found
