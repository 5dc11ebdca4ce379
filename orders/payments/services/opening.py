"""A member starts to pay: one open payment per order, prepaid at the gateway."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from members.identity.queries import active_member
from members.identity.wechat import exchange_login_code
from orders.checkout.errors import OrderNotFound
from orders.checkout.locks import lock_order
from orders.checkout.models import Order, OrderStatus
from orders.checkout.services.confirmation import confirm_paid
from orders.payments.errors import (
    BalanceNotDue,
    OrderExpired,
    OrderNotPayable,
    PaymentGatewayUnavailable,
    PaymentMethodUnavailable,
    WechatOpenidRequired,
)
from orders.payments.gateways.base import PrepayRequest
from orders.payments.gateways.registry import gateway_for, payment_notify_url
from orders.payments.models import Part, Payment, PaymentMethod, PaymentStatus
from orders.payments.services.asking import FIRST_QUERY_AFTER
from orders.payments.services.closing import close_payment, last_moment
from shop.catalog.preferences import SHOP_NAME
from shop.core.actors import Actor
from shop.core.numbers import new_number
from shop.core.prepared import Prepared, columns
from shop.core.transactions import use_case

# An open payment of other terms is closed first; each round settles one, and nobody opens them that fast.
MAX_ROUNDS = 3
# Written out, because every order is paid.
_SEEN = Prepared("order_of_member", f"SELECT {columns(Order)} FROM checkout_order WHERE number = %s AND member_id = %s")
_OPEN = Prepared(
    "open_payment",
    f"SELECT {columns(Payment)} FROM payments_payment WHERE order_id = %s AND status IN ('created', 'pending')",
)
_COLUMNS = [field.attname for field in Payment._meta.concrete_fields if not field.primary_key]
_WRITE = Prepared(
    "write_payment",
    f"""
INSERT INTO payments_payment ({", ".join(_COLUMNS)}) VALUES ({", ".join(f"%({name})s" for name in _COLUMNS)})
RETURNING id
""",
)
_READY = Prepared(
    "payment_ready",
    """
UPDATE payments_payment SET prepay_id = %(prepay_id)s, prepay_until = %(prepay_until)s, status = %(status)s,
    asked_at = %(asked_at)s, query_at = %(query_at)s
WHERE id = %(id)s AND status IN ('created', 'pending') RETURNING id
""",
)


@dataclass(frozen=True)
class StartedPayment:
    """`client_params` is for the payment client of the front; None where there is nothing to do there."""

    payment: Payment
    client_params: dict[str, str] | None


def start_payment(
    *, member_id: int, order_number: str, method: str, login_code: str | None, now: datetime
) -> StartedPayment:
    """Open the order's payment, or take up the open one, ready for the payer.

    Talks to the gateway, so it is never called inside a transaction. Raises OrderNotFound, OrderNotPayable,
    OrderExpired, BalanceNotDue, PaymentMethodUnavailable, WechatOpenidRequired, PaymentGatewayUnavailable,
    PaymentRefused.
    """
    if method == PaymentMethod.BALANCE_FREE:
        return StartedPayment(settle_free_order(member_id=member_id, order_number=order_number, now=now), None)
    # Looked at before a login code is spent, and again under the lock.
    _check_payable(_SEEN.first(Order, [order_number, member_id]), now=now)
    gateway_for(method)
    openid = _payer(member_id=member_id, login_code=login_code) if method == PaymentMethod.WECHAT else ""
    actor = Actor.member(member_id)
    for _round in range(MAX_ROUNDS):
        payment = open_payment(order_number=order_number, member_id=member_id, method=method, openid=openid, now=now)
        same = (payment.method, payment.payer_openid) == (method, openid) and payment.is_of_what_is_due(payment.order)
        if same and (ready := _prepaid(payment, actor=actor, now=now)):
            return ready
        close_payment(number=payment.number, actor=actor, now=now)
    raise PaymentGatewayUnavailable(retry_after=1)


@use_case
def open_payment(*, order_number: str, member_id: int, method: str, openid: str, now: datetime) -> Payment:
    """The order's one open payment, made if there is none; it may be of other terms. Calls nobody."""
    order = lock_order(number=order_number, member_id=member_id)
    _check_payable(order, now=now)
    if order.due_fen == 0:
        raise PaymentMethodUnavailable
    payment = _OPEN.first(Payment, [order.pk])
    if payment is None:
        payment = Payment(
            number=new_number("P", now),
            order=order,
            method=method,
            part=Part.due(order),
            amount_fen=order.due_fen,
            payer_openid=openid,
            created_at=now,
        )
        [(payment.pk,)] = _WRITE.run(vars(payment))
    payment.order = order
    return payment


@use_case
def settle_free_order(*, member_id: int, order_number: str, now: datetime) -> Payment:
    """Pay an order that costs nothing; asked again, the same payment. Raises PaymentMethodUnavailable if it costs."""
    order = lock_order(number=order_number, member_id=member_id)
    known = Payment.objects.filter(order=order, method=PaymentMethod.BALANCE_FREE, settles_order=True).first()
    if known is not None:
        return known
    _check_payable(order, now=now)
    if order.payable_fen:
        raise PaymentMethodUnavailable
    return _settle_free(order, now=now)


@use_case
def settle_if_free(*, order_number: str, now: datetime) -> None:
    """Pay an order that costs nothing without being asked; one that was paid, or given up before, stays as it is."""
    order = lock_order(number=order_number)
    if order.status == OrderStatus.PENDING_PAYMENT and order.payable_fen == 0:
        _settle_free(order, now=now)


def _settle_free(order: Order, *, now: datetime) -> Payment:
    payment = Payment.objects.create(
        number=new_number("P", now),
        order=order,
        method=PaymentMethod.BALANCE_FREE,
        status=PaymentStatus.SUCCEEDED,
        amount_fen=0,
        settles_order=True,
        created_at=now,
        succeeded_at=now,
    )
    confirm_paid(order=order, actor=Actor.member(order.member_id), now=now)
    return payment


def _payer(*, member_id: int, login_code: str | None) -> str:
    """The openid that pays: of the WeChat user behind a fresh login code, else the member's own."""
    member = active_member(member_id=member_id)
    openid = exchange_login_code(login_code).openid if login_code else member.openid
    if not openid:
        raise WechatOpenidRequired
    return openid


def _prepaid(payment: Payment, *, actor: Actor, now: datetime) -> StartedPayment | None:
    """The payment with its prepay id, asked for if needed; None when the gateway has closed it meanwhile."""
    gateway, request = gateway_for(payment.method), _prepay_request(payment)
    if not payment.prepay_until or payment.prepay_until <= now:
        prepaid = gateway.prepay(request, now=now)
        if prepaid is None:
            return None
        payment.prepay_id, payment.prepay_until = prepaid.prepay_id, prepaid.valid_until
        payment.status, payment.asked_at, payment.query_at = PaymentStatus.PENDING, now, now + FIRST_QUERY_AFTER
        # It may have been closed, or even paid, while the gateway was asked.
        if not _READY.run({**vars(payment), "status": str(payment.status)}):
            raise OrderNotPayable
    return StartedPayment(payment, gateway.client_params(request, prepay_id=payment.prepay_id, now=now))


def _prepay_request(payment: Payment) -> PrepayRequest:
    return PrepayRequest(
        number=payment.number,
        description=f"{SHOP_NAME.value()} {payment.order.number}",
        amount_fen=payment.amount_fen,
        openid=payment.payer_openid,
        expires_at=last_moment(payment.order),
        notify_url=payment_notify_url(payment.method),
        return_url=settings.FRONT_URL,
    )


def _check_payable(order: Order | None, *, now: datetime) -> None:
    if order is None:
        raise OrderNotFound
    if order.status != OrderStatus.PENDING_PAYMENT:
        raise OrderNotPayable
    if order.expires_at <= now:
        raise OrderExpired
    if order.waits_for_balance and now < order.deposit.balance_from:
        raise BalanceNotDue(balance_from=order.deposit.balance_from)
