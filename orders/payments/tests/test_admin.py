import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from orders.checkout.models import OrderStatus
from orders.payments.models import Payment, PaymentStatus, Refund
from orders.payments.tests.factories import make_order, start
from shop.core import clock
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db


@pytest.fixture
def finance(client: Client) -> Client:
    """Staff who may look at payments and refunds, and nothing else."""
    user = StaffUser.objects.create_user("finance", password="finance", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_payment", "view_refund"]))
    client.force_login(user)
    return client


@pytest.fixture
def payment(sandbox, member, member_client):
    member.openid = sandbox.user()
    member.save()
    begun = start(member_client, make_order(member))
    sandbox.fault("payment_notify", "lose")
    sandbox.pay(begun["client_params"])
    return Payment.objects.get(number=begun["number"])


def act(client, screen, rows, action="ask_again"):
    return client.post(
        reverse(f"admin:payments_{screen}_changelist"),
        {"action": action, "_selected_action": [row.pk for row in rows]},
        follow=True,
        headers={"Accept-Language": "en"},
    )


def test_finance_sees_what_the_gateway_said_and_changes_nothing(finance, payment):
    Payment.objects.update(gateway_state="NOTPAY")
    Refund.objects.create(number="R1", payment=payment, amount_fen=9900, reason="late", created_at=clock.now())
    listed = finance.get(reverse("admin:payments_payment_changelist"))
    assert payment.number in listed.content.decode()
    assert "¥99.00" in listed.content.decode()
    address = reverse("admin:payments_payment_change", args=[payment.pk])
    shown = finance.get(address).content.decode()
    assert "还未支付 (NOTPAY)" in shown
    assert "R1" in shown
    assert finance.post(address, {"status": "succeeded"}).status_code == 403
    assert finance.get(reverse("admin:payments_payment_add")).status_code == 403
    assert finance.post(reverse("admin:payments_payment_delete", args=[payment.pk])).status_code == 403
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.PENDING


def test_refunds_are_listed_and_shown(finance, payment):
    refund = Refund.objects.create(number="R1", payment=payment, amount_fen=9900, reason="late", created_at=clock.now())
    assert "R1" in finance.get(reverse("admin:payments_refund_changelist")).content.decode()
    assert payment.number in finance.get(reverse("admin:payments_refund_change", args=[refund.pk])).content.decode()


def test_asking_again_confirms_what_the_callback_did_not_bring(finance, payment):
    answer = act(finance, "payment", [payment])
    assert "The gateway answered about 1." in answer.content.decode()
    payment.refresh_from_db()
    payment.order.refresh_from_db()
    assert (payment.status, payment.order.status) == (PaymentStatus.SUCCEEDED, OrderStatus.PAID)
    assert payment.order.events.get(status=OrderStatus.PAID).actor == "staff:finance"


def test_a_silent_gateway_is_said(sandbox, finance, payment):
    sandbox.fault("wechat_pay", "500")
    answer = act(finance, "payment", [payment])
    assert "The payment service does not answer" in answer.content.decode()
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.PENDING


def test_staff_without_the_permission_see_nothing(client, payment):
    client.force_login(StaffUser.objects.create_user("packer", password="packer", is_staff=True))
    assert client.get(reverse("admin:payments_payment_changelist")).status_code == 403
    assert act(client, "payment", [payment]).status_code == 403
    payment.refresh_from_db()
    assert payment.status == PaymentStatus.PENDING


def test_the_list_costs_the_same_however_long_it_is(finance, member, django_assert_num_queries):
    address = reverse("admin:payments_payment_changelist")

    def fill(count):
        for number in range(count):
            Payment.objects.create(
                number=f"P{count}-{number}",
                order=make_order(member),
                method="wechat",
                amount_fen=9900,
                created_at=clock.now(),
            )

    fill(2)
    finance.get(address)
    with django_assert_num_queries(6):
        finance.get(address)
    fill(20)
    with django_assert_num_queries(6):
        finance.get(address)
