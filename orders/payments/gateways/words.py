"""What gateways say in codes, in words for people; the code stands behind in brackets, for whoever asks the gateway."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy as _

# Not a gateway's: the payment was refunded in its own console.
REFUNDED_ELSEWHERE = "refunded_elsewhere"
_NOT_THERE = _("The gateway does not know it")
_NO_BILL = _("The gateway has no bill of this day")
_BUSY = _("The gateway is out of order or too busy")
_NOT_ALLOWED = _("The gateway account may not do this: look at its permissions")
_SIGNATURE = _("The gateway does not accept our signature: look at the keys in the settings")
_MALFORMED = _("The gateway does not accept the request")
_TOO_LITTLE = _("The gateway account holds too little money")

WORDS: Mapping[str, Any] = {
    # States of payments.
    "SUCCESS": _("Succeeded"),
    "REFUND": _("Paid, and refunded in part or whole"),
    "NOTPAY": _("Not paid yet"),
    "USERPAYING": _("The payer is typing the password"),
    "CLOSED": _("Closed unpaid"),
    "REVOKED": _("Taken back unpaid"),
    "PAYERROR": _("Paying failed"),
    "WAIT_BUYER_PAY": _("Not paid yet"),
    "TRADE_SUCCESS": _("Paid"),
    "TRADE_FINISHED": _("Paid, nothing can be refunded any more"),
    "TRADE_CLOSED": _("Closed: unpaid, or refunded in whole"),
    REFUNDED_ELSEWHERE: _("Refunded outside the shop"),
    # States of refunds.
    "PROCESSING": _("The refund is under way"),
    "ABNORMAL": _("The refund did not reach the payer: pay it back in the gateway's console, or by hand"),
    "CHANGE": _("The refund did not reach the payer: pay it back in the gateway's console, or by hand"),
    "FAIL": _("The refund failed"),
    "REFUND_SUCCESS": _("Refunded"),
    # Kinds of lines on Alipay's bill.
    "交易": _("Payment"),
    "退款": _("Refund"),
    # Refusals.
    "ORDERPAID": _("It is paid already"),
    "ORDER_CLOSED": _("It is closed already"),
    "ORDER_NOT_EXIST": _NOT_THERE,
    "RESOURCE_NOT_EXISTS": _NOT_THERE,
    "ACQ.TRADE_NOT_EXIST": _NOT_THERE,
    "NOT_ENOUGH": _TOO_LITTLE,
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": _TOO_LITTLE,
    "USER_ACCOUNT_ABNORMAL": _("The payer's account takes no money"),
    "NO_STATEMENT_EXIST": _NO_BILL,
    "isp.bill_not_exist": _NO_BILL,
    "isv.bill_not_exist": _NO_BILL,
    "STATEMENT_CREATING": _("The gateway is still drawing up the bill"),
    "NO_AUTH": _NOT_ALLOWED,
    "isv.insufficient-isv-permissions": _NOT_ALLOWED,
    "SIGN_ERROR": _SIGNATURE,
    "isv.invalid-signature": _SIGNATURE,
    "APPID_MCHID_NOT_MATCH": _("App and merchant number do not belong together: look at the settings"),
    "PARAM_ERROR": _MALFORMED,
    "INVALID_REQUEST": _MALFORMED,
    "ACQ.INVALID_PARAMETER": _MALFORMED,
    "FREQUENCY_LIMITED": _BUSY,
    "SYSTEM_ERROR": _BUSY,
    "ACQ.SYSTEM_ERROR": _BUSY,
    "isp.unknow-error": _BUSY,
    "isv.app-call-limited": _BUSY,
    # Our own findings.
    "payment_gateway_unavailable": _("The gateway does not answer"),
    "payment_refused": _("The gateway refuses"),
    "bill_unreadable": _("The bill has another shape than agreed on"),
}


def in_words(said: str) -> str:
    """`NOTPAY` → `Not paid yet (NOTPAY)`; a code that has no words here stays as it was said."""
    code, _space, _more = said.partition(" ")
    return f"{WORDS[code]} ({said})" if code in WORDS else said


def in_shop_language(said: str) -> str:
    """For what is written once for all readers."""
    with translation.override(settings.LANGUAGE_CODE):
        return in_words(said)
