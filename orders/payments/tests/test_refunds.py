"""Money that came for nothing goes back once, whatever the gateway does in between."""

from datetime import timedelta

import pytest

from orders.checkout.models import Order, OrderStatus
from orders.payments.errors import PaymentGatewayUnavailable, PaymentRefused
from orders.payments.gateways.registry import gateway_for
from orders.payments.models import Payment, PaymentStatus, Refund, RefundStatus
from orders.payments.services.refunding import record_refund, refresh_due_refunds, refresh_refund, send_refund
from orders.payments.tests.factories import Signer, assert_lawful, deliver_outbox, make_order, notify, post, start
from shop.core import clock
from shop.core.models import Alert, OutboxEntry
from tests.concurrency.racing import run_together


@pytest.fixture
def late(sandbox, member, member_client):
    """A refund that is due: the user paid at the very end of an order that the shop had then given up."""
    return make_late(sandbox, member, member_client)


def make_late(sandbox, member, member_client):
    member.openid = sandbox.user()
    member.save()
    order = make_order(member)
    begun = start(member_client, order)
    sandbox.fault("payment_notify", "lose")
    sandbox.pay(begun["client_params"])
    # As if the gateway had answered "closed" while the money was on its way.
    Payment.objects.update(status=PaymentStatus.CLOSED, query_at=None)
    post(member_client, f"orders/{order.number}/cancel")
    signer = Signer(sandbox.env)
    payment = Payment.objects.get(number=begun["number"])
    transaction = gateway_for("wechat").query(number=payment.number)
    body = signer.body(signer.paid(payment, transaction_id=transaction.transaction_id))
    assert notify(body, signer.headers(body)).status_code == 204
    return Refund.objects.get()


def soon(**delta):
    return clock.now() + timedelta(**delta)


def settle(refund):
    """Ask until the gateway has settled it."""
    for _ in range(50):
        refund = refresh_refund(number=refund.number, now=clock.now())
        if refund.status != RefundStatus.PROCESSING:
            break
    return refund


@pytest.mark.django_db(transaction=True)
def test_late_money_goes_back_by_itself(gateway, member, member_client):
    """Through outbox and callback, without anybody asking."""
    refund = make_late(gateway, member, member_client)
    assert (refund.status, refund.reason, refund.amount_fen) == (RefundStatus.REQUESTED, "late", 9900)
    assert deliver_outbox() >= 1
    for _ in range(100):
        refund.refresh_from_db()
        if refund.status == RefundStatus.SUCCEEDED:
            break
        gateway.deliveries("refund_notify", refund.payment.number)
    assert refund.status == RefundStatus.SUCCEEDED
    assert refund.gateway_refund_id
    assert refund.succeeded_at is not None
    order = Order.objects.get()
    assert (order.status, order.paid_fen) == (OrderStatus.CANCELLED, 0)
    assert_lawful()


@pytest.mark.django_db
def test_sent_again_under_the_same_number_it_is_paid_back_once(late):
    answers = [send_refund(number=late.number, now=clock.now()) for _ in range(3)]
    assert len({answer.gateway_refund_id for answer in answers}) == 1
    assert Refund.objects.count() == 1
    assert settle(late).status == RefundStatus.SUCCEEDED


@pytest.mark.django_db
@pytest.mark.parametrize("fault", [{"kind": "500"}, {"kind": "500", "after": True}, {"kind": "hang", "seconds": 3}])
def test_an_unanswered_refund_is_retried_with_the_same_number(sandbox, late, settings, fault):
    settings.OUTBOUND_TIMEOUT_SECONDS = 0.5
    sandbox.fault("refund", **fault)
    with pytest.raises(PaymentGatewayUnavailable):
        send_refund(number=late.number, now=clock.now())
    late.refresh_from_db()
    assert late.status == RefundStatus.REQUESTED
    send_refund(number=late.number, now=clock.now())
    assert settle(late).status == RefundStatus.SUCCEEDED
    assert_lawful()


@pytest.mark.django_db
def test_a_refund_that_the_outbox_could_not_send_is_sent_by_the_job(sandbox, late):
    sandbox.fault("refund", "500")
    deliver_outbox()
    entry = OutboxEntry.objects.get(fact="RefundRequested")
    assert (entry.status, entry.attempts) == ("pending", 1)
    assert refresh_due_refunds(now=soon(seconds=59))["asked"] == 0
    assert refresh_due_refunds(now=soon(seconds=70)) == {"asked": 1, "succeeded": 0, "failed": 0}
    late.refresh_from_db()
    assert late.status == RefundStatus.PROCESSING
    assert settle(late).status == RefundStatus.SUCCEEDED
    assert refresh_due_refunds(now=soon(days=1))["asked"] == 0


@pytest.mark.django_db
def test_a_merchant_without_money_is_told_and_the_refund_waits(sandbox, late):
    sandbox.fault("refund", "not_enough")
    with pytest.raises(PaymentRefused):
        send_refund(number=late.number, now=clock.now())
    late.refresh_from_db()
    assert late.status == RefundStatus.REQUESTED
    assert "NOT_ENOUGH" in late.gateway_note
    alert = Alert.objects.get()
    assert alert.data["number"] == late.number
    send_refund(number=late.number, now=clock.now())
    assert not Alert.objects.exists()
    assert settle(late).gateway_note == ""


@pytest.mark.django_db
def test_an_abnormal_refund_is_seen_watched_and_not_final(sandbox, late):
    sandbox.fault("refund", "abnormal")
    send_refund(number=late.number, now=clock.now())
    abnormal = settle(late)
    assert (abnormal.status, abnormal.gateway_note) == (RefundStatus.ABNORMAL, "ABNORMAL")
    assert Alert.objects.get().link.endswith(f"/payments/refund/{late.pk}/change/")
    assert refresh_due_refunds(now=soon(minutes=50))["asked"] == 0
    # Staff send it to another card in the gateway's console.
    client = gateway_for("wechat")._client
    status, _text = client.abnormal_refund(
        refund_id=abnormal.gateway_refund_id, out_refund_no=late.number, type="MERCHANT_BANK_CARD"
    )
    assert status == 200
    refresh_due_refunds(now=soon(minutes=61))
    settled = settle(late)
    assert (settled.status, settled.gateway_note) == (RefundStatus.SUCCEEDED, "")
    assert not Alert.objects.exists()


@pytest.fixture
def processing(sandbox, late):
    send_refund(number=late.number, now=clock.now())
    late.refresh_from_db()
    return late


def told(refund, **changes):
    return {
        "mchid": changes.pop("mchid"),
        "out_trade_no": refund.payment.number,
        "transaction_id": refund.payment.transaction_id,
        "out_refund_no": refund.number,
        "refund_id": refund.gateway_refund_id,
        "refund_status": "SUCCESS",
        "success_time": "2026-11-20T12:00:00+08:00",
        "user_received_account": "支付用户零钱",
        "amount": {"total": 9900, "refund": 9900, "payer_total": 9900, "payer_refund": 9900},
        **changes,
    }


def notify_refund(signer, resource, *, event="REFUND.SUCCESS"):
    body = signer.body(resource, event=event, kind="refund")
    return notify(body, signer.headers(body), path="payments/wechat/refund-notify")


@pytest.mark.django_db
def test_a_refund_message_takes_effect_once(sandbox, processing):
    signer = Signer(sandbox.env)
    resource = told(processing, mchid=sandbox.env["WECHATPAY_MCH_ID"])
    assert [notify_refund(signer, resource).status_code for _ in range(3)] == [204] * 3
    processing.refresh_from_db()
    assert processing.status == RefundStatus.SUCCEEDED
    assert processing.succeeded_at.isoformat() == "2026-11-20T04:00:00+00:00"
    # An older message that arrives later does not undo it.
    resource["refund_status"] = "ABNORMAL"
    assert notify_refund(signer, resource, event="REFUND.ABNORMAL").status_code == 204
    processing.refresh_from_db()
    assert processing.status == RefundStatus.SUCCEEDED
    assert not Alert.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"amount": {"total": 9900, "refund": 9899}}, 409),
        ({"amount": {"total": 1, "refund": 9900}}, 409),
        ({"amount": {}}, 401),
        ({"out_trade_no": "P0"}, 409),
        ({"out_refund_no": "R0"}, 404),
        ({"mchid": "1600000000"}, 409),
    ],
)
def test_a_refund_message_of_other_facts_is_refused(sandbox, processing, changes, status):
    resource = told(processing, **{"mchid": sandbox.env["WECHATPAY_MCH_ID"], **changes})
    assert notify_refund(Signer(sandbox.env), resource).status_code == status
    processing.refresh_from_db()
    assert processing.status == RefundStatus.PROCESSING


@pytest.mark.django_db(transaction=True)
def test_twenty_messages_and_pollers_make_one_refund(sandbox, member, member_client):
    refund = make_late(sandbox, member, member_client)
    send_refund(number=refund.number, now=clock.now())
    refund.refresh_from_db()
    signer = Signer(sandbox.env)
    resource = told(refund, mchid=sandbox.env["WECHATPAY_MCH_ID"])
    seen = gateway_for("wechat").query_refund(number=refund.number, payment_number=refund.payment.number)
    answers = run_together(
        *[lambda: notify_refund(signer, resource).status_code] * 20,
        *[lambda: record_refund(told=seen, now=clock.now())] * 5,
    )
    assert [answer for answer in answers if isinstance(answer, Exception)] == []
    refund.refresh_from_db()
    assert refund.status == RefundStatus.SUCCEEDED
    assert_lawful()
