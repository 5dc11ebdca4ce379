"""Alipay through the `python-alipay-sdk` client: announced to the gateway, then paid by code, in a page or in an app.

What the payer has in hand cannot be taken back before its time is over: a trade that nobody has opened yet is unknown
to closing, and may still be opened.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

import httpx
import msgspec
import structlog
from alipay.exceptions import AliPayException, AliPayValidationError

from orders.payments.errors import NotificationMismatch, NotificationRefused, PaymentRefused
from orders.payments.gateways.alipay_bills import read_lines
from orders.payments.gateways.alipay_client import AlipayAccount, PooledAlipay
from orders.payments.gateways.alipay_notifications import checked_form
from orders.payments.gateways.answers import converted, unavailable
from orders.payments.gateways.base import (
    CloseResult,
    GatewayRefund,
    GatewayRefundState,
    Notice,
    Prepaid,
    PrepayRequest,
    RefundMoved,
    RefundRequest,
    TradeState,
    Transaction,
)
from orders.payments.gateways.bills import Bill, fen, instant
from shop.core.clock import SHANGHAI
from shop.core.money import plain_yuan

# A code lives two hours; what is left must be enough for the payer.
PREPAY_LIFE = timedelta(hours=2) - timedelta(minutes=10)
CURRENCY = "CNY"
DONE = "10000"
REFUNDED = "REFUND_SUCCESS"
TRADE_STATES = {
    "WAIT_BUYER_PAY": TradeState.UNPAID,
    "TRADE_SUCCESS": TradeState.PAID,
    "TRADE_FINISHED": TradeState.PAID,
    "TRADE_CLOSED": TradeState.CLOSED,
}
_CURRENCY_FIELDS = ("trans_currency", "settle_currency", "pay_currency")
_UNKNOWN_CODES = {"ACQ.TRADE_NOT_EXIST"}
_OVER_CODES = {"ACQ.TRADE_HAS_SUCCESS", "ACQ.TRADE_HAS_CLOSE"}
_NOT_OPEN_CODES = {"ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID", "ACQ.REASON_ILLEGAL_STATUS"}
_BUSY_CODES = {"ACQ.SYSTEM_ERROR", "isp.unknow-error", "aop.unknow-error", "isv.app-call-limited"}
_NO_BILL_CODES = {"isp.bill_not_exist", "isv.bill_not_exist"}

log = structlog.get_logger(__name__)
Read = TypeVar("Read")


class _Announced(msgspec.Struct):
    out_trade_no: str
    qr_code: str


class _Trade(msgspec.Struct):
    out_trade_no: str
    trade_no: str
    trade_status: str
    total_amount: str
    send_pay_date: str = ""


class _Refund(msgspec.Struct):
    out_trade_no: str
    out_request_no: str
    total_amount: str
    refund_amount: str
    refund_status: str
    gmt_refund_pay: str = ""


class _BillAddress(msgspec.Struct):
    bill_download_url: str


class _Notified(msgspec.Struct):
    """A payment, or with `refund_fee`, the sum of what went back, one of its refunds."""

    seller_id: str
    out_trade_no: str
    trade_no: str
    trade_status: str
    total_amount: str
    gmt_payment: str = ""
    refund_fee: str = ""
    out_biz_no: str = ""


class AlipayGateway:
    """One merchant account; safe to share between threads."""

    def __init__(self, account: AlipayAccount) -> None:
        self._account = account
        self._client = PooledAlipay(account)

    def prepay(self, request: PrepayRequest, *, now: datetime) -> Prepaid | None:
        try:
            answer = self._call(
                lambda: self._client.api_alipay_trade_precreate(notify_url=request.notify_url, **_wanted(request))
            )
        except PaymentRefused as refusal:
            if refusal.data["gateway_code"] in _OVER_CODES:
                return None
            raise
        return Prepaid(prepay_id=converted(answer, _Announced).qr_code, valid_until=now + PREPAY_LIFE)

    def client_params(self, request: PrepayRequest, *, prepay_id: str, now: datetime) -> dict[str, str]:
        """A code to scan or open, a page for browsers, and what an app hands to Alipay's SDK or `my.tradePay`."""
        wanted = _wanted(request)
        page = self._client.api_alipay_trade_wap_pay(
            notify_url=request.notify_url, return_url=request.return_url, **wanted
        )
        return {
            "qr_code": prepay_id,
            "pay_url": f"{self._account.gateway_url}?{page}",
            "order_string": self._client.api_alipay_trade_app_pay(notify_url=request.notify_url, **wanted),
        }

    def query(self, *, number: str) -> Transaction:
        try:
            answer = self._call(lambda: self._client.api_alipay_trade_query(out_trade_no=number))
        except PaymentRefused as refusal:
            if refusal.data["gateway_code"] not in _UNKNOWN_CODES:
                raise
            return Transaction(number, TradeState.UNKNOWN, refusal.data["gateway_code"], 0, CURRENCY)
        told = converted(answer, _Trade)
        if told.out_trade_no != number:
            raise unavailable()
        state = TRADE_STATES.get(told.trade_status, TradeState.UNPAID)
        if state == TradeState.CLOSED and told.send_pay_date:
            # Closed by a refund of everything, not for want of payment.
            state = TradeState.REFUNDED
        return Transaction(
            number=told.out_trade_no,
            state=state,
            raw_state=told.trade_status,
            amount_fen=_answered(fen, told.total_amount),
            currency=CURRENCY,
            transaction_id=told.trade_no,
            paid_at=_answered(instant, told.send_pay_date) if told.send_pay_date else None,
        )

    def close(self, *, number: str) -> CloseResult:
        try:
            self._call(lambda: self._client.api_alipay_trade_close(out_trade_no=number))
        except PaymentRefused as refusal:
            code = refusal.data["gateway_code"]
            if code in _UNKNOWN_CODES:
                return CloseResult.UNKNOWN
            if code not in _NOT_OPEN_CODES:
                raise
            return self._why_not_open(number=number)
        return CloseResult.CLOSED

    def _why_not_open(self, *, number: str) -> CloseResult:
        state = self.query(number=number).state
        if state in (TradeState.PAID, TradeState.REFUNDED):
            return CloseResult.PAID
        if state == TradeState.CLOSED:
            return CloseResult.CLOSED
        raise unavailable()

    def refund(self, request: RefundRequest) -> GatewayRefund:
        self._call(
            lambda: self._client.api_alipay_trade_refund(
                plain_yuan(request.amount_fen),
                out_trade_no=request.payment_number,
                out_request_no=request.number,
                refund_reason=request.reason,
            )
        )
        # The answer tells the sum of all refunds, and not whether this one has arrived.
        told = self.query_refund(number=request.number, payment_number=request.payment_number)
        return told or GatewayRefund(
            number=request.number,
            payment_number=request.payment_number,
            state=GatewayRefundState.PROCESSING,
            raw_state="",
            amount_fen=request.amount_fen,
            payment_amount_fen=request.payment_amount_fen,
        )

    def query_refund(self, *, number: str, payment_number: str) -> GatewayRefund | None:
        try:
            answer = self._call(
                lambda: self._client.api_alipay_trade_fastpay_refund_query(number, out_trade_no=payment_number)
            )
        except PaymentRefused as refusal:
            if refusal.data["gateway_code"] in _UNKNOWN_CODES:
                return None
            raise
        if answer.get("refund_status") != REFUNDED:
            return None
        told = converted(answer, _Refund)
        if (told.out_trade_no, told.out_request_no) != (payment_number, number):
            raise unavailable()
        return GatewayRefund(
            number=number,
            payment_number=payment_number,
            state=GatewayRefundState.SUCCEEDED,
            raw_state=told.refund_status,
            amount_fen=_answered(fen, told.refund_amount),
            payment_amount_fen=_answered(fen, told.total_amount),
            succeeded_at=_answered(instant, told.gmt_refund_pay) if told.gmt_refund_pay else None,
        )

    def download_bill(self, *, day: date) -> Bill:
        query = {"bill_type": "trade", "bill_date": day.isoformat()}
        try:
            answer = self._call(
                lambda: self._client.server_api("alipay.data.dataservice.bill.downloadurl.query", query)
            )
        except PaymentRefused as refusal:
            if refusal.data["gateway_code"] in _NO_BILL_CODES:
                return Bill(day=day)
            raise
        try:
            file = self._client.download(converted(answer, _BillAddress).bill_download_url)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            log.warning("bill_download_failed", day=day.isoformat(), error=f"{type(error).__name__}: {error}")
            raise unavailable() from error
        return Bill(day=day, file=file, read=read_lines, suffix=".zip")

    def parse_notification(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        form, signature = checked_form(body=body, app_id=self._account.app_id, now=now)
        try:
            genuine = self._client.verify(dict(form), signature)
        except Exception as error:
            # The SDK lets whatever its parsing met escape.
            raise NotificationRefused(reason="sdk") from error
        if not genuine:
            raise NotificationRefused(reason="signature")
        try:
            told = msgspec.convert(form, _Notified)
            if told.seller_id != self._account.seller_id:
                raise NotificationMismatch(reason="seller")
            if told.refund_fee:
                return RefundMoved(number=told.out_biz_no, payment_number=told.out_trade_no)
            return Transaction(
                number=told.out_trade_no,
                state=TRADE_STATES.get(told.trade_status, TradeState.UNPAID),
                raw_state=told.trade_status,
                amount_fen=fen(told.total_amount),
                currency=_currency(form),
                transaction_id=told.trade_no,
                paid_at=instant(told.gmt_payment) if told.gmt_payment else None,
            )
        except (msgspec.ValidationError, ValueError) as error:
            raise NotificationRefused(reason="shape") from error

    def _call(self, send: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Send and read the answer. Raises PaymentGatewayUnavailable, PaymentRefused(gateway_code, gateway_message)."""
        try:
            answer = send()
        except (httpx.HTTPError, AliPayException, AliPayValidationError, ValueError, AttributeError) as error:
            # Unsigned, signed by somebody else, or of another shape: nothing is known.
            log.warning("payment_gateway_failed", error=f"{type(error).__name__}: {error}")
            raise unavailable() from error
        if not isinstance(answer, dict):
            raise unavailable()
        if answer.get("code") == DONE:
            return answer
        code, message = str(answer.get("sub_code") or answer.get("code")), str(answer.get("sub_msg", ""))
        # A trade that nobody has opened yet is unknown; that is no fault of anybody's.
        tell = log.debug if code in _UNKNOWN_CODES else log.warning
        tell("payment_gateway_refused", gateway_code=code, gateway_message=message)
        if answer.get("code") == "20000" or code in _BUSY_CODES:
            raise unavailable()
        raise PaymentRefused(gateway_code=code, gateway_message=message)


def _wanted(request: PrepayRequest) -> dict[str, str]:
    """The same words wherever the trade is announced or opened."""
    return {
        "subject": request.description,
        "out_trade_no": request.number,
        "total_amount": plain_yuan(request.amount_fen),
        "time_expire": f"{request.expires_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
    }


def _currency(form: Mapping[str, str]) -> str:
    """Any that is not ours; where none is named, it is ours."""
    named = [form[name] for name in _CURRENCY_FIELDS if name in form]
    return next((name for name in named if name != CURRENCY), CURRENCY)


def _answered(read: Callable[[str], Read], text: str) -> Read:
    try:
        return read(text)
    except ValueError as error:
        raise unavailable() from error
