"""Refunds that need people: finance sends them again under their number, or pays them past the gateway, and says so."""

from time import sleep

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from orders.payments.errors import PaymentRefused
from orders.payments.gateways.base import GatewayRefund, GatewayRefundState
from orders.payments.models import Payment, Refund, RefundStatus
from orders.payments.services.asking import refresh_payment
from orders.payments.services.refunding import record_refund, refresh_due_refunds, refresh_refund, send_refund
from orders.payments.tests.factories import assert_lawful, make_order, post, start
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import Alert, OutboxEntry, StaffUser

pytestmark = pytest.mark.django_db
REASON = "转账到尾号 6217 的银行卡，流水 20261122001"


@pytest.fixture(params=["wechat", "alipay"])
def refund(request, sandbox, member, member_client):
    """Paid after the order was given up; the gateway has not been told to give it back yet."""
    member.openid = sandbox.user()
    member.save()
    order = make_order(member)
    started = start(member_client, order, method=request.param)
    sandbox.fault("payment_notify", "lose")
    sandbox.fault("alipay_notify", "lose", times=9)
    if request.param == "wechat":
        sandbox.fault("close", "orderpaid")
        # Closed here before the gateway told that it was paid.
        Payment.objects.update(status="closed")
        post(member_client, f"orders/{order.number}/cancel")
        sandbox.pay(started["client_params"])
    else:
        post(member_client, f"orders/{order.number}/cancel")
        sandbox.alipay(started["number"])
    refresh_payment(number=started["number"], actor=Actor.system("test"), now=clock.now())
    return Refund.objects.select_related("payment").get()


@pytest.fixture
def finance(client):
    user = StaffUser.objects.create_user("finance", password="finance", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_refund", "change_refund"]))
    client.force_login(user)
    return client


def refuse(sandbox, refund):
    sandbox.fault("refund" if refund.payment.method == "wechat" else "alipay_refund", "not_enough")
    with pytest.raises(PaymentRefused):
        send_refund(number=refund.number, now=clock.now())
    refund.refresh_from_db()


def by_hand(client, refund, reason=REASON):
    return client.post(
        reverse("admin:payments_refund_pay_by_hand", args=[refund.pk]),
        {"reason": reason},
        headers={"Accept-Language": "en"},
    )


def assert_untouched(refund, status=RefundStatus.REQUESTED):
    refund.refresh_from_db()
    assert (refund.status, refund.by_hand_reason, refund.by_hand_by) == (status, "", "")
    assert not OutboxEntry.objects.filter(fact="RefundSucceeded").exists()


def test_a_refused_refund_is_shown_and_sent_again_under_its_number(sandbox, refund, finance):
    refuse(sandbox, refund)
    assert Alert.objects.filter(cause=f"payments.refund.{refund.number}").exists()
    finance.post(reverse("admin:payments_refund_changelist"), {"action": "send_again", "_selected_action": [refund.pk]})
    refund.refresh_from_db()
    assert refund.status in (RefundStatus.PROCESSING, RefundStatus.SUCCEEDED)
    assert refund.gateway_note == ""
    assert not Alert.objects.exists()
    assert "已重新提交" in LogEntry.objects.get().get_change_message()
    assert_lawful()


def test_finance_pays_a_refused_refund_by_hand_with_a_reason(sandbox, refund, finance):
    refuse(sandbox, refund)
    assert by_hand(finance, refund).status_code == 302
    refund.refresh_from_db()
    assert (refund.status, refund.by_hand_reason, refund.by_hand_by) == ("succeeded", REASON, "staff:finance")
    assert not Alert.objects.exists()
    assert OutboxEntry.objects.filter(fact="RefundSucceeded").values("event_id").distinct().count() == 1
    assert REASON in LogEntry.objects.get().get_change_message()
    # Nobody sends it now, neither a job nor the outbox that comes late.
    assert refresh_due_refunds(now=clock.now()) == {"asked": 0, "succeeded": 0, "failed": 0}
    assert send_refund(number=refund.number, now=clock.now()).by_hand_reason == REASON
    assert_lawful()


def test_what_the_gateway_has_not_refused_is_not_paid_by_hand(refund, finance):
    answer = by_hand(finance, refund)
    assert (answer.status_code, "about to" in answer.content.decode()) == (200, True)
    assert_untouched(refund)


def test_what_the_gateway_has_paid_meanwhile_is_not_paid_by_hand(sandbox, refund, finance):
    refuse(sandbox, refund)
    note = refund.gateway_note
    send_refund(number=refund.number, now=clock.now())
    # The shop has not heard that it was accepted.
    Refund.objects.update(status=RefundStatus.REQUESTED, gateway_note=note, succeeded_at=None)
    OutboxEntry.objects.filter(fact="RefundSucceeded").delete()
    assert "about to" in by_hand(finance, refund).content.decode()
    refund.refresh_from_db()
    assert refund.status in (RefundStatus.PROCESSING, RefundStatus.SUCCEEDED)
    assert refund.by_hand_reason == ""


def test_while_the_gateway_is_silent_nothing_is_paid_by_hand(sandbox, refund, finance):
    refuse(sandbox, refund)
    sandbox.fault("wechat_pay" if refund.payment.method == "wechat" else "alipay", "500")
    assert "does not answer" in by_hand(finance, refund).content.decode()
    assert_untouched(refund)


@pytest.mark.parametrize("reason", ["", " ", "x" * 201])
def test_a_reason_is_needed(sandbox, refund, finance, reason):
    refuse(sandbox, refund)
    assert by_hand(finance, refund, reason).status_code == 200
    assert_untouched(refund)


def test_who_may_only_look_pays_nothing(sandbox, refund, client):
    refuse(sandbox, refund)
    user = StaffUser.objects.create_user("analyst", password="analyst", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_refund"))
    client.force_login(user)
    assert by_hand(client, refund).status_code == 403
    client.post(reverse("admin:payments_refund_changelist"), {"action": "send_again", "_selected_action": [refund.pk]})
    assert_untouched(refund)


@pytest.mark.parametrize("refund", ["wechat"], indirect=True)
def test_an_abnormal_refund_is_paid_by_hand_and_a_payment_besides_is_said(sandbox, refund, finance):
    sandbox.fault("refund", "abnormal")
    send_refund(number=refund.number, now=clock.now())
    sleep(0.3)
    assert refresh_refund(number=refund.number, now=clock.now()).status == RefundStatus.ABNORMAL
    assert by_hand(finance, refund).status_code == 302
    refund.refresh_from_db()
    assert (refund.status, refund.by_hand_reason) == (RefundStatus.SUCCEEDED, REASON)
    told = GatewayRefund(
        refund.number, refund.payment.number, GatewayRefundState.SUCCEEDED, "SUCCESS", 9900, 9900, "50300"
    )
    for _ in range(2):
        record_refund(told=told, now=clock.now())
    assert Alert.objects.get().cause == f"payments.refund_twice.{refund.number}"
    assert_lawful()
