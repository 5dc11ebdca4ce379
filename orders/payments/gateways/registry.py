"""Finds the gateway of a payment method, as the settings have it."""

from functools import lru_cache

from django.conf import settings

from orders.payments.errors import PaymentMethodUnavailable
from orders.payments.gateways.base import PaymentGateway
from orders.payments.gateways.wechat import WechatPayGateway
from orders.payments.gateways.wechat_client import WechatAccount
from orders.payments.models import PaymentMethod


def gateway_for(method: str) -> PaymentGateway:
    """Raises PaymentMethodUnavailable for a method without a configured gateway."""
    if method != PaymentMethod.WECHAT:
        raise PaymentMethodUnavailable
    account = WechatAccount(
        app_id=settings.WECHAT_APP_ID, timeout=settings.OUTBOUND_TIMEOUT_SECONDS, **settings.WECHATPAY
    )
    if not account.complete:
        raise PaymentMethodUnavailable
    return _wechat_gateway(account)


@lru_cache(maxsize=4)
def _wechat_gateway(account: WechatAccount) -> WechatPayGateway:
    return WechatPayGateway(account)
