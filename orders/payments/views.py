"""Paying for an order, giving it up, and what the gateway calls."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from members.identity.api import MemberAPIView, MemberRequest
from orders.checkout.presenters import present_order
from orders.checkout.serializers import OrderOut
from orders.payments.errors import NotificationRefused
from orders.payments.gateways.base import GatewayRefund, Notice, RefundMoved, Transaction
from orders.payments.gateways.registry import gateway_for
from orders.payments.models import PaymentMethod
from orders.payments.queries import member_payment
from orders.payments.serializers import (
    AlipayNotificationIn,
    CancelIn,
    PaymentOut,
    StartPaymentIn,
    WechatNotificationIn,
    present_payment,
)
from orders.payments.services.asking import ask_if_waiting, take_notice
from orders.payments.services.closing import close_unpaid_order
from orders.payments.services.confirmation import confirm_payment
from orders.payments.services.opening import start_payment
from orders.payments.services.refunding import expect_refund, record_refund
from shop.core import clock
from shop.core.actors import Actor
from shop.core.api.idempotency import idempotent
from shop.core.api.serializers import ErrorOut, validated


class OrderPaymentsView(MemberAPIView):
    @extend_schema(
        summary="Start to pay an order",
        request=StartPaymentIn,
        responses={
            201: PaymentOut,
            400: ErrorOut,
            401: ErrorOut,
            403: ErrorOut,
            404: ErrorOut,
            409: ErrorOut,
            422: ErrorOut,
            503: ErrorOut,
        },
    )
    @idempotent(resumable=True)
    def post(self, request: MemberRequest, number: str) -> Response:
        """One payment is open at a time: asked again, the same one is answered, ready for the payer.

        `balance_free` pays an order that costs nothing, at once. Refusals: `payment_method_unavailable`,
        `order_not_payable`, `order_expired`, `balance_not_due`, `wechat_openid_required` (send `login_code`),
        `payment_refused`.
        """
        asked = validated(StartPaymentIn, request)
        started = start_payment(
            member_id=request.member.pk,
            order_number=number,
            method=asked["method"],
            login_code=asked.get("login_code"),
            now=clock.now(),
        )
        return Response(
            present_payment(started.payment, order_number=number, client_params=started.client_params), status=201
        )


class OrderCancelView(MemberAPIView):
    @extend_schema(
        summary="Cancel an unpaid order",
        request=CancelIn,
        responses={
            200: OrderOut,
            400: ErrorOut,
            401: ErrorOut,
            404: ErrorOut,
            409: ErrorOut,
            422: ErrorOut,
            503: ErrorOut,
        },
    )
    @idempotent(resumable=True)
    def post(self, request: MemberRequest, number: str) -> Response:
        """The open payment is closed at the gateway first; one that turns out to be paid keeps the order.

        A deposit that does not come back is `deposit_stays`, with its amount, until `give_up_deposit` is sent.
        """
        asked = validated(CancelIn, request)
        member_id = request.member.pk
        order = close_unpaid_order(
            number=number,
            member_id=member_id,
            actor=Actor.member(member_id),
            now=clock.now(),
            gives_up_deposit=asked["give_up_deposit"],
        )
        return Response(present_order(order))


class PaymentView(MemberAPIView):
    @extend_schema(summary="A payment of mine", responses={200: PaymentOut, 401: ErrorOut, 404: ErrorOut})
    def get(self, request: MemberRequest, number: str) -> Response:
        """While it waits, the gateway is asked every few seconds, so that a lost notification holds nobody up."""
        payment = member_payment(number=number, member_id=request.member.pk)
        payment = ask_if_waiting(payment=payment, now=clock.now())
        return Response(present_payment(payment, order_number=payment.order.number))


class _WechatNotifyView(APIView):
    """For the gateway only: 204 once the message has taken effect or had done so before, 4xx for what is not genuine.

    The gateway sends again whatever was answered otherwise, so a failure to store is a 5xx.
    """

    authentication_classes = ()

    def notice(self, request: Request) -> Notice:
        return gateway_for(PaymentMethod.WECHAT).parse_notification(
            headers=request.headers, body=request.body, now=clock.now()
        )


class WechatPaymentNotifyView(_WechatNotifyView):
    @extend_schema(
        summary="WeChat Pay: a payment succeeded",
        request=WechatNotificationIn,
        responses={204: None, 401: ErrorOut, 404: ErrorOut, 409: ErrorOut, 413: ErrorOut, 503: ErrorOut},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        transaction = self.notice(request)
        if not isinstance(transaction, Transaction):
            raise NotificationRefused(reason="event")
        confirm_payment(transaction=transaction, actor=Actor.gateway(PaymentMethod.WECHAT), now=clock.now())
        return Response(status=204)


class WechatRefundNotifyView(_WechatNotifyView):
    @extend_schema(
        summary="WeChat Pay: the outcome of a refund",
        request=WechatNotificationIn,
        responses={204: None, 401: ErrorOut, 404: ErrorOut, 409: ErrorOut, 413: ErrorOut, 503: ErrorOut},
        auth=[],
    )
    def post(self, request: Request) -> Response:
        refund = self.notice(request)
        if not isinstance(refund, GatewayRefund):
            raise NotificationRefused(reason="event")
        record_refund(told=refund, now=clock.now())
        return Response(status=204)


class AlipayNotifyView(APIView):
    """For the gateway only: exactly `success` once the message has taken effect or had done so before.

    Whatever else is answered, it sends the message again.
    """

    authentication_classes = ()

    @extend_schema(
        summary="Alipay: a payment succeeded, was closed or went back",
        request={"application/x-www-form-urlencoded": AlipayNotificationIn},
        responses={
            (200, "text/plain"): OpenApiTypes.STR,
            401: ErrorOut,
            404: ErrorOut,
            409: ErrorOut,
            413: ErrorOut,
            503: ErrorOut,
        },
        auth=[],
    )
    def post(self, request: Request) -> HttpResponse:
        now, actor = clock.now(), Actor.gateway(PaymentMethod.ALIPAY)
        notice = gateway_for(PaymentMethod.ALIPAY).parse_notification(
            headers=request.headers, body=request.body, now=now
        )
        if isinstance(notice, RefundMoved):
            expect_refund(moved=notice, now=now)
        elif isinstance(notice, Transaction):
            take_notice(transaction=notice, actor=actor, now=now)
        else:
            raise NotificationRefused(reason="event")
        return HttpResponse("success", content_type="text/plain")
