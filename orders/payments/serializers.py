"""Bodies of the payment endpoints."""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from orders.payments.models import Part, Payment, PaymentMethod, PaymentStatus
from shop.core.api.serializers import StrictBooleanField, StrictSerializer

# What a front can ask for: nobody pays elsewhere through the shop.
ASKABLE = [each for each in PaymentMethod.choices if each[0] != PaymentMethod.ELSEWHERE]


class StartPaymentIn(StrictSerializer):
    method = serializers.ChoiceField(choices=ASKABLE)
    login_code = serializers.CharField(
        required=False,
        max_length=128,
        help_text="A fresh code of wx.login. Needed to pay with WeChat by a member who signed in by phone only; "
        "with it the WeChat user behind the code pays, whoever is signed in.",
    )


class CancelIn(StrictSerializer):
    give_up_deposit = StrictBooleanField(
        required=False, default=False, help_text="The member knows that the deposit does not come back."
    )


class WechatParamsOut(serializers.Serializer[Any]):
    """The arguments of wx.requestPayment."""

    timeStamp = serializers.CharField()
    nonceStr = serializers.CharField()
    package = serializers.CharField()
    signType = serializers.CharField()
    paySign = serializers.CharField()


class AlipayParamsOut(serializers.Serializer[Any]):
    """Three ways to the same payment, for whatever the front is."""

    qr_code = serializers.CharField(help_text="To scan with Alipay, or to open on a phone that has it.")
    pay_url = serializers.CharField(help_text="For H5: the page that a browser is sent to.")
    order_string = serializers.CharField(help_text="For Alipay's SDK in an app, and as orderStr for my.tradePay.")


class PaymentOut(serializers.Serializer[Any]):
    number = serializers.CharField()
    order_number = serializers.CharField()
    method = serializers.ChoiceField(choices=PaymentMethod.choices)
    status = serializers.ChoiceField(choices=PaymentStatus.choices)
    part = serializers.ChoiceField(choices=Part.choices, help_text="Of the order, what it pays.")
    amount_fen = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    succeeded_at = serializers.DateTimeField(allow_null=True)
    client_params = PolymorphicProxySerializer(
        component_name="ClientParams",
        serializers=[WechatParamsOut, AlipayParamsOut],
        resource_type_field_name=None,
        allow_null=True,
    )


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


class AlipayNotificationIn(serializers.Serializer[Any]):
    """What Alipay sends, with its signature over all fields but `sign` and `sign_type`."""

    notify_time = serializers.CharField()
    notify_id = serializers.CharField()
    app_id = serializers.CharField()
    seller_id = serializers.CharField()
    out_trade_no = serializers.CharField()
    trade_no = serializers.CharField()
    trade_status = serializers.CharField()
    total_amount = serializers.CharField()
    gmt_payment = serializers.CharField(required=False)
    refund_fee = serializers.CharField(required=False)
    out_biz_no = serializers.CharField(required=False)
    charset = serializers.CharField()
    sign_type = serializers.CharField()
    sign = serializers.CharField()


def present_payment(
    payment: Payment, *, order_number: str, client_params: dict[str, str] | None = None
) -> dict[str, Any]:
    return {
        "number": payment.number,
        "order_number": order_number,
        "method": payment.method,
        "status": payment.status,
        "part": payment.part,
        "amount_fen": payment.amount_fen,
        "created_at": payment.created_at,
        "succeeded_at": payment.succeeded_at,
        "client_params": client_params,
    }
