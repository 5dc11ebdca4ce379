"""WeChat Pay's merchant transfers: money to a user, who accepts it within a day or it comes back.

One bill for each number of the shop. A bill that has failed or was taken back is final; what is neither that nor paid
is never sent anew.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from orders.payments.errors import NotificationMismatch, NotificationRefused, PaymentGatewayUnavailable, PaymentRefused
from orders.payments.gateways.answers import converted
from orders.payments.gateways.wechat_client import WechatAccount
from orders.payments.gateways.wechat_merchant import WechatMerchant
from promotions.distribution.errors import PayoutRefused, PayoutUnavailable
from promotions.distribution.payouts import Payout, PayoutGateway, PayoutRequest, PayoutState

STATES = {
    "ACCEPTED": PayoutState.ACCEPTED,
    "PROCESSING": PayoutState.ACCEPTED,
    "WAIT_USER_CONFIRM": PayoutState.CONFIRMING,
    "TRANSFERING": PayoutState.SENDING,
    "CANCELING": PayoutState.SENDING,
    "SUCCESS": PayoutState.PAID,
    "FAIL": PayoutState.CLOSED,
    "CANCELLED": PayoutState.CLOSED,
}
FINISHED = "MCHTRANSFER.BILL.FINISHED"
# Commission, with what WeChat wants to know of it.
SCENE = "1005"
REPORT = (("岗位类型", "商品推广员"), ("报酬说明", "商品推广佣金"))
# What WeChat's words for a refusal or a failure mean to who decides what to do now.
REASONS = {
    "NOT_ENOUGH": _("The merchant account holds too little money."),
    "OVERDUE_CLOSE": _("Nobody accepted it within a day."),
    "ACCOUNT_FROZEN": _("The distributor's WeChat account is frozen."),
    "ACCOUNT_NOT_EXIST": _("The distributor has no such WeChat account any more."),
    "OPENID_INVALID": _("The distributor has no such WeChat account any more."),
    "REAL_NAME_CHECK_FAIL": _("The distributor has not proved who they are to WeChat Pay."),
    "PAYEE_ACCOUNT_ABNORMAL": _("The distributor's WeChat account cannot receive money."),
    "RECEIVE_ACCOUNT_NOT_PERMMIT": _("The distributor's WeChat account cannot receive money."),
    "TRANSFER_QUOTA_EXCEED": _("More than WeChat lets the distributor receive at once."),
    "DAY_RECEIVED_COUNT_EXCEED": _("More than WeChat lets the distributor receive in a day."),
    "DAY_RECEIVED_QUOTA_EXCEED": _("More than WeChat lets the distributor receive in a day."),
    "MONTH_RECEIVED_QUOTA_EXCEED": _("More than WeChat lets the distributor receive in a month."),
    "PAYER_ACCOUNT_ABNORMAL": _("The merchant account cannot pay."),
    "PRODUCT_AUTH_CHECK_FAIL": _("The merchant account has no permission for transfers."),
    "NO_AUTH": _("The merchant account has no permission for transfers."),
    "TRANSFER_RISK": _("WeChat thinks it risky and has stopped it."),
}
_UNKNOWN_CODES = {"NOT_FOUND", "RESOURCE_NOT_EXISTS"}


class _Bill(msgspec.Struct):
    out_bill_no: str
    state: str
    transfer_bill_no: str = ""
    transfer_amount: int | None = None
    package_info: str = ""
    fail_reason: str = ""
    mch_id: str = ""


class WechatTransfers(WechatMerchant):
    """Implements `PayoutGateway`."""

    def send(self, request: PayoutRequest) -> Payout:
        answer = self._asked(
            lambda: self._client.mch_transfer_bills(
                out_bill_no=request.number,
                transfer_scene_id=SCENE,
                openid=request.payee,
                transfer_amount=request.amount_fen,
                transfer_remark=request.remark,
                transfer_scene_report_infos=[{"info_type": kind, "info_content": said} for kind, said in REPORT],
                notify_url=request.notify_url,
            )
        )
        return self._told(answer, number=request.number)

    def query(self, *, number: str) -> Payout | None:
        try:
            answer = self._asked(lambda: self._client.mch_transfer_bills_query(out_bill_no=number))
        except PayoutRefused as refusal:
            if refusal.data["gateway_code"] in _UNKNOWN_CODES:
                return None
            raise
        return self._told(answer, number=number)

    def stop(self, *, number: str) -> None:
        self._asked(lambda: self._client.mch_transfer_bills_cancel(out_bill_no=number))

    def client_params(self, *, package: str) -> dict[str, str]:
        """What `wx.requestMerchantTransfer` takes."""
        return {"mchId": self._account.mch_id, "appId": self._account.app_id, "package": package}

    def explain(self, *, note: str) -> str:
        code, _space, said = note.partition(" ")
        return str(REASONS.get(code) or said or code)

    def parse_notification(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Payout:
        message = self._message(headers=headers, body=body, now=now)
        if message.get("event_type") != FINISHED:
            raise NotificationRefused(reason="event")
        try:
            bill = msgspec.convert(message["resource"], _Bill)
        except (msgspec.ValidationError, KeyError) as error:
            raise NotificationRefused(reason="shape") from error
        if bill.mch_id != self._account.mch_id:
            raise NotificationMismatch(reason="merchant")
        return _payout(bill)

    def _asked(self, send: Callable[[], tuple[int, str]]) -> dict[str, Any]:
        try:
            return self._call(send)
        except PaymentGatewayUnavailable as error:
            raise PayoutUnavailable(retry_after=error.retry_after) from error
        except PaymentRefused as refusal:
            raise PayoutRefused(**refusal.data) from refusal

    def _told(self, answer: dict[str, Any], *, number: str) -> Payout:
        try:
            bill = converted(answer, _Bill)
        except PaymentGatewayUnavailable as error:
            raise PayoutUnavailable(retry_after=error.retry_after) from error
        if bill.out_bill_no != number:
            raise PayoutUnavailable
        return _payout(bill)


def wechat_transfers() -> PayoutGateway | None:
    """None where WeChat Pay is not set up."""
    account = WechatAccount(
        app_id=settings.WECHAT_APP_ID, timeout=settings.OUTBOUND_TIMEOUT_SECONDS, **settings.WECHATPAY
    )
    return _transfers(account) if account.complete else None


@lru_cache(maxsize=4)
def _transfers(account: WechatAccount) -> WechatTransfers:
    return WechatTransfers(account)


def _payout(bill: _Bill) -> Payout:
    return Payout(
        number=bill.out_bill_no,
        # Of a state that is not known here nobody knows how it ends.
        state=STATES.get(bill.state, PayoutState.ACCEPTED),
        raw_state=bill.state,
        bill=bill.transfer_bill_no,
        amount_fen=bill.transfer_amount,
        package=bill.package_info,
        note=bill.fail_reason,
    )
