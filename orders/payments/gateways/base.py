"""What the shop asks of a payment gateway, and what a gateway tells, without any of its own words for it.

Every call goes over the network, is bounded in time, and is never made inside a database transaction. Each raises
PaymentGatewayUnavailable when nothing can be known, and PaymentRefused when the gateway says no.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from orders.payments.gateways.bills import Bill

# A job that asks about one thing after the other ends early when it meets a gateway out of order.
MAX_FAILURES = 5


class TradeState(StrEnum):
    UNPAID = "unpaid"
    PAID = "paid"
    REFUNDED = "refunded"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Transaction:
    """A payment as the gateway has it. `number` is the shop's; `raw_state` is the gateway's own word."""

    number: str
    state: TradeState
    raw_state: str
    amount_fen: int
    currency: str
    transaction_id: str = ""
    paid_at: datetime | None = None


class GatewayRefundState(StrEnum):
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    ABNORMAL = "abnormal"


@dataclass(frozen=True)
class GatewayRefund:
    """A refund as the gateway has it. `number` and `payment_number` are the shop's."""

    number: str
    payment_number: str
    state: GatewayRefundState
    raw_state: str
    amount_fen: int
    payment_amount_fen: int
    refund_id: str = ""
    succeeded_at: datetime | None = None


@dataclass(frozen=True)
class RefundMoved:
    """Word that a refund has taken effect, without its amount: that must be asked for. Both numbers are the shop's."""

    number: str
    payment_number: str


class CloseResult(StrEnum):
    """UNKNOWN: the gateway has never heard of it, yet what the payer has in hand is good until its time is over."""

    CLOSED = "closed"
    PAID = "paid"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class PrepayRequest:
    """What is to be paid, by whom, until when. The same number always comes with the same request.

    `openid` is for gateways that must know the payer, `return_url` for those that lead a browser away and back.
    """

    number: str
    description: str
    amount_fen: int
    openid: str
    expires_at: datetime
    notify_url: str
    return_url: str = ""


@dataclass(frozen=True)
class RefundRequest:
    number: str
    payment_number: str
    amount_fen: int
    payment_amount_fen: int
    reason: str
    notify_url: str


@dataclass(frozen=True)
class Prepaid:
    prepay_id: str
    valid_until: datetime


Notice = Transaction | GatewayRefund | RefundMoved


class PaymentGateway(Protocol):
    def prepay(self, request: PrepayRequest, *, now: datetime) -> Prepaid | None:
        """None when it is over: paid or closed."""
        ...

    def client_params(self, request: PrepayRequest, *, prepay_id: str, now: datetime) -> dict[str, str]:
        """What the front hands to the payment client, signed; no call is made."""
        ...

    def query(self, *, number: str) -> Transaction:
        """State UNKNOWN when the gateway has never heard of it."""
        ...

    def close(self, *, number: str) -> CloseResult: ...

    def refund(self, request: RefundRequest) -> GatewayRefund:
        """Safe to repeat with the same number: the gateway pays back once."""
        ...

    def query_refund(self, *, number: str, payment_number: str) -> GatewayRefund | None:
        """None when the gateway has never heard of it; sending it again is safe."""
        ...

    def parse_notification(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Read a message of the gateway without calling anybody. Raises NotificationRefused unless it is genuine."""
        ...

    def download_bill(self, *, day: date) -> Bill:
        """What the gateway says of a Shanghai day, empty where nothing moved; of a day just past it may not be ready
        yet, which is PaymentGatewayUnavailable. The caller closes it.
        """
        ...
