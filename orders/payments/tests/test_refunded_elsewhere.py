"""R4: what the merchant gave back in the gateway's console after its callback was lost ends here too, as refunded."""

from datetime import timedelta

import pytest
from django.urls import reverse

from orders.checkout.models import DepositStatus, Order, OrderStatus
from orders.checkout.notes import told
from orders.payments.errors import NotificationMismatch, RefundNotElsewhere
from orders.payments.gateways.base import MAX_FAILURES, RefundRequest, TradeState, Transaction
from orders.payments.gateways.registry import gateway_for
from orders.payments.models import Payment, PaymentStatus, Refund, RefundStatus
from orders.payments.services.asking import apply_transaction, ask_due
from orders.payments.services.closing import close_unpaid_order, expire_unpaid_orders
from orders.payments.services.refunded_elsewhere import look_over
from orders.payments.tests.factories import assert_lawful, make_order, make_presold, post, start, stock_of
from orders.workbench.tests.making import clerk, seated
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import Alert

pytestmark = pytest.mark.django_db

CLERK = Actor.staff("clerk")


@pytest.fixture
def payer(sandbox, member):
    """Whose payments nobody tells the shop of."""
    member.openid = sandbox.user()
    member.save()
    sandbox.fault("payment_notify", "lose", times=1000)
    return member


@pytest.fixture
def paid_back(sandbox, payer, member_client):
    """An order that was paid, and given back in the console; the shop knows of neither."""

    def make(order=None):
        order = order or make_order(payer)
        begun = start(member_client, order)
        sandbox.pay(begun["client_params"])
        fen = begun["amount_fen"]
        gateway_for("wechat").refund(
            RefundRequest(f"C{begun['number']}", begun["number"], fen, fen, "退款", "http://127.0.0.1:1/none")
        )
        return order, Payment.objects.get(number=begun["number"])

    return make


def expired(order):
    Order.objects.filter(pk=order.pk).update(expires_at=clock.now() - timedelta(seconds=1))


def assert_ended(order, payment):
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.status, order.paid_fen, stock_of(order)) == (OrderStatus.CANCELLED, 0, (10, 0))
    assert (payment.status, payment.refunded_fen, payment.query_at) == (PaymentStatus.SUCCEEDED, 9900, None)
    assert not payment.settles_order
    refund = payment.refunds.get()
    assert (refund.status, refund.reason, refund.amount_fen) == (RefundStatus.SUCCEEDED, "elsewhere", 9900)
    assert refund.by_hand_reason == "已在商城之外退款"
    assert told(order.events.get(status="cancelled").note) == "付款已在商城之外退款。"
    alert = Alert.objects.get(cause=f"payments.refunded_elsewhere.{payment.number}")
    assert (alert.permission, alert.data["order"]) == ("payments.view_refund", order.number)
    assert alert.link == reverse("admin:payments_refund_change", args=[refund.pk])
    assert_lawful()


def test_the_job_that_asks_finds_it(paid_back):
    order, payment = paid_back()
    now = clock.now() + timedelta(seconds=20)
    assert ask_due(now=now) == {"asked": 1, "confirmed": 1, "failed": 0}
    assert_ended(order, payment)
    assert ask_due(now=now + timedelta(hours=1))["asked"] == 0


def test_the_job_that_expires_orders_finds_it_and_goes_on(paid_back, payer, member_client):
    ends = [paid_back() for _ in range(MAX_FAILURES)]
    mine = make_order(payer)
    start(member_client, mine)
    for order in (*(order for order, _payment in ends), mine):
        expired(order)
    assert expire_unpaid_orders(now=clock.now()) == {"cancelled": MAX_FAILURES + 1, "paid": 0, "failed": 0}
    assert stock_of(mine) == (10, 0)
    for order, payment in ends:
        assert_ended(order, payment)


def test_staff_may_cancel_it(paid_back):
    order, payment = paid_back()
    assert close_unpaid_order(number=order.number, actor=CLERK, now=clock.now()).status == OrderStatus.CANCELLED
    assert_ended(order, payment)


def test_its_member_cannot_pay_again(paid_back, member_client):
    order, payment = paid_back()
    with clock.fixed(clock.now() + timedelta(seconds=5)):
        seen = member_client.get(f"/api/v1/payments/{payment.number}").json()
    assert seen["status"] == "succeeded"
    answer = post(member_client, f"orders/{order.number}/payments", {"method": "wechat"})
    assert answer.json()["code"] == "order_not_payable"
    assert_ended(order, payment)


def test_a_balance_that_was_given_back_gives_the_deposit_back_too(sandbox, payer, member_client, paid_back):
    order = make_presold(payer, opens_in=timedelta(minutes=1))
    sandbox.pay(start(member_client, order)["client_params"])
    ask_due(now=clock.now() + timedelta(seconds=20))
    with clock.fixed(clock.now() + timedelta(minutes=2)):
        order, payment = paid_back(order)
        ask_due(now=clock.now() + timedelta(seconds=20))
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.status, order.paid_fen, order.refunded_fen) == (OrderStatus.CANCELLED, 2000, 2000)
    assert order.deposit.status == DepositStatus.RETURNED
    assert (payment.amount_fen, payment.refunded_fen) == (7900, 7900)
    back = Refund.objects.order_by("pk").values_list("reason", "amount_fen", "status")
    assert list(back) == [("elsewhere", 7900, "succeeded"), ("deposit", 2000, "requested")]
    assert_lawful()


def test_the_alert_is_gone_once_somebody_has_looked(paid_back):
    _order, payment = paid_back()
    ask_due(now=clock.now() + timedelta(seconds=20))
    refund = payment.refunds.get()
    page = reverse("admin:payments_refund_change", args=[refund.pk])
    deed = reverse("admin:payments_refund_look_over", args=[refund.pk])
    visitor, finance = seated(clerk("view_refund", name="visitor")), seated(clerk("view_refund", "change_refund"))
    assert deed not in visitor.get(page).content.decode()
    assert visitor.post(deed, {"note": "C1"}).status_code == 403
    assert Alert.objects.count() == 1
    assert deed in finance.get(page).content.decode()
    assert finance.post(deed, {"note": " "}).status_code == 200
    assert Alert.objects.count() == 1
    assert finance.post(deed, {"note": "后台退款单 C1"}).status_code == 302
    refund.refresh_from_db()
    assert (refund.by_hand_reason, refund.by_hand_by) == ("后台退款单 C1", "staff:clerk")
    assert not Alert.objects.exists()
    assert deed not in finance.get(page).content.decode()
    assert finance.post(deed, {"note": "again"}).status_code == 403
    assert_lawful()


def test_no_other_refund_is_looked_over(payer, member_client):
    payment = Payment.objects.get(number=start(member_client, make_order(payer))["number"])
    Refund.objects.create(number="R1", payment=payment, amount_fen=1, reason="late", created_at=clock.now())
    with pytest.raises(RefundNotElsewhere):
        look_over(number="R1", note="C1", actor=CLERK)


def test_an_order_that_goes_on_with_another_payment_stays(sandbox, payer, member_client):
    order = make_order(payer)
    first = Payment.objects.get(number=start(member_client, order, method="alipay")["number"])
    start(member_client, order)
    first.refresh_from_db()
    assert first.status == PaymentStatus.CLOSED
    transaction = Transaction(first.number, TradeState.REFUNDED, "TRADE_CLOSED", 9900, "CNY", "2026", clock.now())
    for _ in range(2):
        apply_transaction(payment=first, transaction=transaction, actor=CLERK, now=clock.now())
        first.refresh_from_db()
    order.refresh_from_db()
    assert (order.status, stock_of(order)) == (OrderStatus.PENDING_PAYMENT, (9, 1))
    assert (first.status, first.refunds.count()) == (PaymentStatus.SUCCEEDED, 1)
    assert_lawful()


@pytest.mark.parametrize("wrong", [{"amount_fen": 9899}, {"currency": "USD"}, {"transaction_id": ""}])
def test_what_is_not_this_payment_changes_nothing(payer, member_client, wrong):
    order = make_order(payer)
    payment = Payment.objects.get(number=start(member_client, order)["number"])
    facts = {"amount_fen": 9900, "currency": "CNY", "transaction_id": "42", **wrong}
    transaction = Transaction(number=payment.number, state=TradeState.REFUNDED, raw_state="REFUND", **facts)
    with pytest.raises(NotificationMismatch):
        apply_transaction(payment=payment, transaction=transaction, actor=CLERK, now=clock.now())
    order.refresh_from_db()
    payment.refresh_from_db()
    assert (order.status, payment.status, stock_of(order)) == (OrderStatus.PENDING_PAYMENT, "pending", (9, 1))
    assert not Refund.objects.exists()
    assert not Alert.objects.exists()
