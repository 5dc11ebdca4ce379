"""R3: one effect per payment; R4 for what exists: paid late or twice, the money goes back."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from members.identity.tests.factories import MemberFactory
from orders.checkout.facts import OrderPaid
from orders.checkout.models import Order, OrderStatus
from orders.checkout.services.confirmation import confirm_paid
from orders.payments.gateways.base import TradeState, Transaction
from orders.payments.invariants import LAWS
from orders.payments.models import Payment, PaymentStatus, Refund, RefundStatus
from orders.payments.services.asking import refresh_payment
from orders.payments.services.closing import close_unpaid_order
from orders.payments.services.confirmation import confirm_payment
from orders.payments.services.opening import open_payment
from orders.payments.tests.factories import (
    AlipaySigner,
    Signer,
    assert_lawful,
    make_order,
    notify,
    stock_of,
    tell,
)
from shop.core import clock
from shop.core.actors import Actor
from shop.core.events import receivers
from shop.core.models import OutboxEntry
from tests.concurrency.racing import run_together

GATEWAY = Actor.gateway("wechat")


def opened(order, *, openid="oPayer", method="wechat"):
    return open_payment(
        order_number=order.number, member_id=order.member_id, method=method, openid=openid, now=clock.now()
    )


def messages(sandbox, payment):
    """Delivers the gateway's message about the payment; answers whether the gateway takes that for done."""
    if payment.method == "alipay":
        alipay = AlipaySigner(sandbox.env)
        form = alipay.body(alipay.paid(payment, trade_no=f"42000{payment.pk}"))
        return lambda: tell(form).content == b"success"
    signer = Signer(sandbox.env)
    body = signer.body(signer.paid(payment, transaction_id=f"42000{payment.pk}"))
    return lambda: notify(body, signer.headers(body)).status_code == 204


def told(payment, **changes):
    facts = {
        "number": payment.number,
        "state": TradeState.PAID,
        "raw_state": "SUCCESS",
        "amount_fen": payment.amount_fen,
        "currency": "CNY",
        "transaction_id": f"42000{payment.pk}",
        **changes,
    }
    return Transaction(**facts)


def statements(payment):
    """What one confirmation says to the database, without the savepoints of the test's own transaction."""
    with CaptureQueriesContext(connection) as queries:
        confirm_payment(transaction=told(payment), actor=GATEWAY, now=clock.now())
    return [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]


def confirm_unguarded(*, number, meet):
    """The twin without locks: it looks, decides, and acts on what it saw."""
    payment = Payment.objects.select_related("order").get(number=number)
    if payment.status == PaymentStatus.SUCCEEDED:
        return
    meet.wait(timeout=20)
    with transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(
            status=PaymentStatus.SUCCEEDED, succeeded_at=clock.now(), settles_order=True
        )
        confirm_paid(order=payment.order, actor=GATEWAY, now=clock.now())


def paid_rows(order):
    entries = OutboxEntry.objects.filter(fact="OrderPaid", payload__number=order.number)
    return sorted(entries.values_list("subscriber", flat=True))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("method", "guarded"), [("wechat", True), ("alipay", True), ("wechat", False)])
def test_twenty_notifications_and_pollers_make_one_payment(sandbox, method, guarded):
    order = make_order(MemberFactory())
    payment = opened(order, method=method)
    if guarded:
        calls = [messages(sandbox, payment)] * 20
        calls += [lambda: confirm_payment(transaction=told(payment), actor=GATEWAY, now=clock.now()) for _ in range(5)]
    else:
        meet = threading.Barrier(20)
        calls = [lambda: confirm_unguarded(number=payment.number, meet=meet) for _ in range(20)]
    answers = run_together(*calls)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    transitions = order.events.filter(status=OrderStatus.PAID).count()
    paid = OrderPaid(number=order.number, member_id=order.member_id, payable_fen=order.payable_fen, at=clock.now())
    expected_rows = sorted(each.name for each in receivers(paid))
    assert expected_rows
    if guarded:
        assert answers[:20] == [True] * 20
        assert transitions == 1
        assert paid_rows(order) == expected_rows
        assert_lawful()
    else:
        assert transitions > 1
        assert len(paid_rows(order)) > len(expected_rows)


@pytest.mark.django_db
def test_a_confirmation_costs_few_statements(member):
    payment = opened(make_order(member))
    first, again = statements(payment), statements(payment)
    # The payment, the locks of order and payment, then payment, order with history, its claims of promotions, the
    # member's first purchase, reservation; the outbox is one INSERT.
    assert len(first) <= 9, "\n".join(first)
    assert len(again) == 1


@pytest.mark.django_db
def test_money_for_a_cancelled_order_goes_back(member):
    order = make_order(member)
    payment = opened(order)
    Payment.objects.filter(pk=payment.pk).update(status=PaymentStatus.CLOSED)
    close_unpaid_order(number=order.number, actor=Actor.member(member.pk), now=clock.now())
    for _ in range(3):
        confirm_payment(transaction=told(payment), actor=GATEWAY, now=clock.now())
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.status, order.paid_fen) == (OrderStatus.CANCELLED, 0)
    assert stock_of(order) == (10, 0)
    assert (payment.status, payment.settles_order) == (PaymentStatus.SUCCEEDED, False)
    refund = Refund.objects.get()
    assert (refund.reason, refund.amount_fen, refund.status) == ("late", 9900, RefundStatus.REQUESTED)
    assert OutboxEntry.objects.filter(fact="RefundRequested").count() == 1
    assert not OutboxEntry.objects.filter(fact="OrderPaid").exists()
    assert_lawful()


@pytest.mark.django_db
def test_a_second_payment_of_a_paid_order_goes_back(member):
    order = make_order(member)
    first = opened(order)
    Payment.objects.filter(pk=first.pk).update(status=PaymentStatus.CLOSED)
    second = opened(order, openid="oFriend")
    confirm_payment(transaction=told(second), actor=GATEWAY, now=clock.now())
    confirm_payment(transaction=told(first), actor=GATEWAY, now=clock.now())
    order.refresh_from_db()
    assert (order.status, order.paid_fen) == (OrderStatus.PAID, 9900)
    refund = Refund.objects.get()
    assert (refund.payment_id, refund.reason, refund.amount_fen) == (first.pk, "duplicate", 9900)
    assert list(Payment.objects.filter(settles_order=True)) == [second]
    assert_lawful()


@pytest.mark.django_db(transaction=True)
def test_two_payments_of_one_order_at_once_settle_it_once():
    order = make_order(MemberFactory())
    first = opened(order)
    Payment.objects.filter(pk=first.pk).update(status=PaymentStatus.CLOSED)
    second = opened(order, openid="oFriend")
    answers = run_together(
        *[lambda p=p: confirm_payment(transaction=told(p), actor=GATEWAY, now=clock.now()) for p in [first, second] * 6]
    )
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert Payment.objects.filter(settles_order=True).count() == 1
    assert Refund.objects.get().reason == "duplicate"
    assert order.events.filter(status=OrderStatus.PAID).count() == 1
    assert_lawful()


@pytest.mark.django_db
def test_money_that_came_before_the_order_was_released_is_kept(member):
    order = make_order(member, expires_in=timedelta(seconds=-1))
    payment = Payment.objects.create(
        number="P-late-but-kept", order=order, method="wechat", amount_fen=9900, created_at=clock.now()
    )
    confirm_payment(transaction=told(payment), actor=GATEWAY, now=clock.now())
    order.refresh_from_db()
    assert order.status == OrderStatus.PAID
    assert not Refund.objects.exists()


@pytest.mark.django_db
def test_the_laws_notice_what_is_wrong(member):
    order = make_order(member)
    payment = opened(order)
    Order.objects.filter(pk=order.pk).update(status=OrderStatus.PAID, paid_fen=9900)
    assert [bool(law()) for law in LAWS] == [True, False, False, True, False]
    Payment.objects.filter(pk=payment.pk).update(status=PaymentStatus.SUCCEEDED, succeeded_at=clock.now())
    assert [bool(law()) for law in LAWS] == [True, True, False, False, False]
    Refund.objects.create(number="R1", payment=payment, amount_fen=9901, reason="late", created_at=clock.now())
    assert [bool(law()) for law in LAWS] == [True, True, True, True, False]


@pytest.mark.django_db(transaction=True)
def test_the_whole_way_through_the_gateway(gateway, member, member_client):
    """Pay through the sandbox: the callback arrives over HTTP and the query agrees with it."""
    member.openid = gateway.user()
    member.save()
    order = make_order(member)
    payment = opened(order, openid=member.openid)
    answer = member_client.post(
        f"/api/v1/orders/{order.number}/payments", {"method": "wechat"}, headers={"Idempotency-Key": "whole-way"}
    )
    paid = gateway.pay(answer.json()["client_params"], wait=True)
    assert paid["notified"] == {"status": 204, "attempts": 1}
    seen = member_client.get(f"/api/v1/payments/{payment.number}").json()
    assert (seen["status"], seen["client_params"]) == ("succeeded", None)
    refreshed = refresh_payment(number=payment.number, actor=GATEWAY, now=clock.now())
    assert refreshed.transaction_id == paid["transaction_id"]
    assert order.events.filter(status=OrderStatus.PAID).count() == 1
    assert_lawful()
