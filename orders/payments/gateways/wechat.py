"""WeChat Pay v3 for mini-programs (JSAPI), through the `wechatpayv3` client."""

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta

import httpx
import msgspec
import structlog

from orders.payments.errors import (
    BillUnreadable,
    NotificationMismatch,
    NotificationRefused,
    PaymentRefused,
)
from orders.payments.gateways.answers import converted, unavailable
from orders.payments.gateways.base import (
    CloseResult,
    GatewayRefund,
    GatewayRefundState,
    Notice,
    Prepaid,
    PrepayRequest,
    RefundRequest,
    TradeState,
    Transaction,
)
from orders.payments.gateways.bills import Bill
from orders.payments.gateways.wechat_bills import has_digest, read_lines
from orders.payments.gateways.wechat_client import BadAnswer
from orders.payments.gateways.wechat_merchant import WechatMerchant
from shop.core.clock import SHANGHAI

# A prepay_id lives two hours; what is left must be enough for the payer.
PREPAY_LIFE = timedelta(hours=2) - timedelta(minutes=10)

TRADE_STATES = {
    "SUCCESS": TradeState.PAID,
    "REFUND": TradeState.REFUNDED,
    "NOTPAY": TradeState.UNPAID,
    "USERPAYING": TradeState.UNPAID,
    # The payer may try again until the transaction is closed.
    "PAYERROR": TradeState.UNPAID,
    "CLOSED": TradeState.CLOSED,
    "REVOKED": TradeState.CLOSED,
}
REFUND_STATES = {
    "PROCESSING": GatewayRefundState.PROCESSING,
    "SUCCESS": GatewayRefundState.SUCCEEDED,
    "ABNORMAL": GatewayRefundState.ABNORMAL,
    "CLOSED": GatewayRefundState.ABNORMAL,
}
_UNKNOWN_CODES = {"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS", "RESOURCE_NOT_EXIST"}
_CLOSED_CODES = {"ORDER_CLOSED", "ORDERCLOSED", "TRADE_CLOSED"}
PAID_CODE = "ORDERPAID"
_OVER_CODES = {PAID_CODE, "ORDER_CLOSED"}
_NO_BILL_CODE = "NO_STATEMENT_EXIST"
_BILL_NOT_READY_CODE = "STATEMENT_CREATING"

log = structlog.get_logger(__name__)


class _Amount(msgspec.Struct):
    total: int = 0
    currency: str = "CNY"


class _Transaction(msgspec.Struct):
    appid: str
    mchid: str
    out_trade_no: str
    trade_state: str
    amount: _Amount | None = None
    transaction_id: str = ""
    success_time: datetime | None = None


class _RefundAmount(msgspec.Struct):
    total: int
    refund: int


class _Refund(msgspec.Struct):
    out_trade_no: str
    out_refund_no: str
    refund_id: str
    amount: _RefundAmount
    status: str = ""
    refund_status: str = ""
    mchid: str = ""
    success_time: datetime | None = None


class _BillAddress(msgspec.Struct):
    download_url: str
    hash_value: str


class WechatPayGateway(WechatMerchant):
    """What buyers pay to the merchant's account, and what goes back to them."""

    def prepay(self, request: PrepayRequest, *, now: datetime) -> Prepaid | None:
        try:
            answer = self._call(
                lambda: self._client.pay(
                    description=request.description,
                    out_trade_no=request.number,
                    amount={"total": request.amount_fen, "currency": "CNY"},
                    payer={"openid": request.openid},
                    time_expire=request.expires_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
                    notify_url=request.notify_url,
                )
            )
        except PaymentRefused as refusal:
            if refusal.data["gateway_code"] in _OVER_CODES:
                return None
            raise
        prepay_id = answer.get("prepay_id")
        if not isinstance(prepay_id, str) or not prepay_id:
            raise unavailable()
        return Prepaid(prepay_id=prepay_id, valid_until=now + PREPAY_LIFE)

    def client_params(self, request: PrepayRequest, *, prepay_id: str, now: datetime) -> dict[str, str]:
        """What `wx.requestPayment` takes."""
        timestamp, nonce, package = str(int(now.timestamp())), secrets.token_hex(16), f"prepay_id={prepay_id}"
        signature = self._client.sign(data=[self._account.app_id, timestamp, nonce, package])
        return {
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": signature,
        }

    def query(self, *, number: str) -> Transaction:
        try:
            answer = self._call(lambda: self._client.query(out_trade_no=number))
        except PaymentRefused as refusal:
            if refusal.data["gateway_code"] not in _UNKNOWN_CODES:
                raise
            return Transaction(number, TradeState.UNKNOWN, refusal.data["gateway_code"], 0, "CNY")
        transaction = self._transaction(converted(answer, _Transaction))
        if transaction.number != number:
            raise unavailable()
        return transaction

    def close(self, *, number: str) -> CloseResult:
        try:
            self._call(lambda: self._client.close(out_trade_no=number))
        except PaymentRefused as refusal:
            code = refusal.data["gateway_code"]
            if code == PAID_CODE:
                return CloseResult.PAID
            if code not in _UNKNOWN_CODES | _CLOSED_CODES:
                raise
        return CloseResult.CLOSED

    def refund(self, request: RefundRequest) -> GatewayRefund:
        amount = {"refund": request.amount_fen, "total": request.payment_amount_fen, "currency": "CNY"}
        answer = self._call(
            lambda: self._client.refund(
                out_refund_no=request.number,
                out_trade_no=request.payment_number,
                amount=amount,
                reason=request.reason,
                notify_url=request.notify_url,
            )
        )
        return self._refund(converted(answer, _Refund))

    def query_refund(self, *, number: str, payment_number: str) -> GatewayRefund | None:
        try:
            answer = self._call(lambda: self._client.query_refund(out_refund_no=number))
        except PaymentRefused as refusal:
            if refusal.data["gateway_code"] in _UNKNOWN_CODES:
                return None
            raise
        return self._refund(converted(answer, _Refund))

    def download_bill(self, *, day: date) -> Bill:
        try:
            answer = self._call(lambda: self._client.trade_bill(bill_date=day.isoformat()))
        except PaymentRefused as refusal:
            if refusal.data["gateway_code"] == _NO_BILL_CODE:
                return Bill(day=day)
            if refusal.data["gateway_code"] == _BILL_NOT_READY_CODE:
                raise unavailable() from refusal
            raise
        address = converted(answer, _BillAddress)
        try:
            file = self._client._core.download(address.download_url)
        except (httpx.HTTPError, BadAnswer) as error:
            log.warning("bill_download_failed", day=day.isoformat(), error=f"{type(error).__name__}: {error}")
            raise unavailable() from error
        if not has_digest(file, sha1=address.hash_value):
            file.close()
            raise BillUnreadable(day=day)
        return Bill(day=day, file=file, read=read_lines, suffix=".csv.gz")

    def parse_notification(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        message = self._message(headers=headers, body=body, now=now)
        event = str(message.get("event_type", ""))
        try:
            if event == "TRANSACTION.SUCCESS":
                return self._transaction(msgspec.convert(message["resource"], _Transaction))
            if event.startswith("REFUND."):
                return self._notified_refund(msgspec.convert(message["resource"], _Refund))
        except (msgspec.ValidationError, KeyError) as error:
            raise NotificationRefused(reason="shape") from error
        raise NotificationRefused(reason="event")

    def _notified_refund(self, refund: _Refund) -> GatewayRefund:
        if refund.mchid != self._account.mch_id:
            raise NotificationMismatch(reason="merchant")
        return self._refund(refund)

    def _transaction(self, told: _Transaction) -> Transaction:
        if told.mchid != self._account.mch_id or told.appid != self._account.app_id:
            raise NotificationMismatch(reason="account")
        amount = told.amount or _Amount()
        return Transaction(
            number=told.out_trade_no,
            state=TRADE_STATES.get(told.trade_state, TradeState.UNPAID),
            raw_state=told.trade_state,
            amount_fen=amount.total,
            currency=amount.currency,
            transaction_id=told.transaction_id,
            paid_at=told.success_time,
        )

    def _refund(self, told: _Refund) -> GatewayRefund:
        raw = told.status or told.refund_status
        return GatewayRefund(
            number=told.out_refund_no,
            payment_number=told.out_trade_no,
            state=REFUND_STATES.get(raw, GatewayRefundState.ABNORMAL),
            raw_state=raw,
            amount_fen=told.amount.refund,
            payment_amount_fen=told.amount.total,
            refund_id=told.refund_id,
            succeeded_at=told.success_time,
        )
