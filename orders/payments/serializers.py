"""Bodies of the payment endpoints."""

from typing import Any

from rest_framework import serializers

from orders.payments.models import Payment, PaymentMethod, PaymentStatus
from shop.core.api.serializers import StrictSerializer


class StartPaymentIn(StrictSerializer):
    method = serializers.ChoiceField(choices=PaymentMethod.choices)
    login_code = serializers.CharField(
        required=False,
        max_length=128,
        help_text="A fresh code of wx.login. Needed to pay with WeChat by a member who signed in by phone only; "
        "with it the WeChat user behind the code pays, whoever is signed in.",
    )


class ClientParamsOut(serializers.Serializer[Any]):
    """The arguments of wx.requestPayment."""

    timeStamp = serializers.CharField()
    nonceStr = serializers.CharField()
    package = serializers.CharField()
    signType = serializers.CharField()
    paySign = serializers.CharField()


class PaymentOut(serializers.Serializer[Any]):
    number = serializers.CharField()
    order_number = serializers.CharField()
    method = serializers.ChoiceField(choices=PaymentMethod.choices)
    status = serializers.ChoiceField(choices=PaymentStatus.choices)
    amount_fen = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    succeeded_at = serializers.DateTimeField(allow_null=True)
    client_params = ClientParamsOut(allow_null=True)


class WechatResourceIn(serializers.Serializer[Any]):
    original_type = serializers.CharField()
    algorithm = serializers.CharField()
    ciphertext = serializers.CharField()
    associated_data = serializers.CharField()
    nonce = serializers.CharField()


class WechatNotificationIn(serializers.Serializer[Any]):
    """What WeChat Pay sends, with its signature in the Wechatpay-* headers."""

    id = serializers.CharField()
    create_time = serializers.DateTimeField()
    resource_type = serializers.CharField()
    event_type = serializers.CharField()
    summary = serializers.CharField()
    resource = WechatResourceIn()


def present_payment(
    payment: Payment, *, order_number: str, client_params: dict[str, str] | None = None
) -> dict[str, Any]:
    return {
        "number": payment.number,
        "order_number": order_number,
        "method": payment.method,
        "status": payment.status,
        "amount_fen": payment.amount_fen,
        "created_at": payment.created_at,
        "succeeded_at": payment.succeeded_at,
        "client_params": client_params,
    }
