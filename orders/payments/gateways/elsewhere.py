"""What was paid elsewhere, before the shop was here: nothing can be asked, and money goes back by hand only."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NoReturn

from orders.payments.errors import PaymentMethodUnavailable
from orders.payments.gateways.base import GatewayRefund, GatewayRefundState, PrepayRequest, RefundRequest
from orders.payments.gateways.bills import Bill

RAW_STATE = "PAID ELSEWHERE"


class Elsewhere:
    """Implements `PaymentGateway` for refunds, each of which needs people at once."""

    def refund(self, request: RefundRequest) -> GatewayRefund:
        return GatewayRefund(
            number=request.number,
            payment_number=request.payment_number,
            state=GatewayRefundState.ABNORMAL,
            raw_state=RAW_STATE,
            amount_fen=request.amount_fen,
            payment_amount_fen=request.payment_amount_fen,
        )

    def query_refund(self, *, number: str, payment_number: str) -> None:
        return None

    def prepay(self, request: PrepayRequest, *, now: datetime) -> NoReturn:
        raise PaymentMethodUnavailable

    def client_params(self, request: PrepayRequest, *, prepay_id: str, now: datetime) -> dict[str, str]:
        raise PaymentMethodUnavailable

    def query(self, *, number: str) -> NoReturn:
        raise PaymentMethodUnavailable

    def close(self, *, number: str) -> NoReturn:
        raise PaymentMethodUnavailable

    def parse_notification(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> NoReturn:
        raise PaymentMethodUnavailable

    def download_bill(self, *, day: date) -> Bill:
        raise PaymentMethodUnavailable
