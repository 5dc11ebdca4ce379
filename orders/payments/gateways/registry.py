"""Finds the gateway of a payment method, as the settings have it."""

from functools import lru_cache

from django.conf import settings
from django.urls import reverse

from orders.payments.errors import PaymentMethodUnavailable
from orders.payments.gateways.alipay import AlipayGateway
from orders.payments.gateways.alipay_client import AlipayAccount
from orders.payments.gateways.base import PaymentGateway
from orders.payments.gateways.elsewhere import Elsewhere
from orders.payments.gateways.wechat import WechatPayGateway
from orders.payments.gateways.wechat_client import WechatAccount
from orders.payments.models import PaymentMethod

# Where each gateway tells of payments; WeChat Pay tells of refunds at a place of its own.
PAYMENT_DOORS = {PaymentMethod.WECHAT: "wechat-payment-notify", PaymentMethod.ALIPAY: "alipay-notify"}
REFUND_DOORS = {PaymentMethod.WECHAT: "wechat-refund-notify", PaymentMethod.ALIPAY: "alipay-notify"}


def gateway_for(method: str) -> PaymentGateway:
    """Raises PaymentMethodUnavailable for a method without a configured gateway."""
    timeout = settings.OUTBOUND_TIMEOUT_SECONDS
    if method == PaymentMethod.WECHAT:
        wechat = WechatAccount(app_id=settings.WECHAT_APP_ID, timeout=timeout, **settings.WECHATPAY)
        if wechat.complete:
            return _wechat_gateway(wechat)
    if method == PaymentMethod.ALIPAY:
        alipay = AlipayAccount(timeout=timeout, **settings.ALIPAY)
        if alipay.complete:
            return _alipay_gateway(alipay)
    if method == PaymentMethod.ELSEWHERE:
        return Elsewhere()
    raise PaymentMethodUnavailable


def payment_notify_url(method: str) -> str:
    return settings.BASE_URL + reverse(PAYMENT_DOORS[PaymentMethod(method)])


def refund_notify_url(method: str) -> str:
    """Empty for a method by which nobody tells of refunds."""
    door = REFUND_DOORS.get(PaymentMethod(method))
    return settings.BASE_URL + reverse(door) if door else ""


@lru_cache(maxsize=4)
def _wechat_gateway(account: WechatAccount) -> WechatPayGateway:
    return WechatPayGateway(account)


@lru_cache(maxsize=4)
def _alipay_gateway(account: AlipayAccount) -> AlipayGateway:
    return AlipayGateway(account)
