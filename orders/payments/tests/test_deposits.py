"""An order in two payments: each settled once, the rest in its window, and a deposit that stays or goes back."""

from datetime import timedelta
from threading import Barrier

import pytest
from django.db.models import F

from members.notifications.models import Notification
from orders.checkout.facts import DepositEnded, DepositPaid, OrderPaid
from orders.checkout.models import Deposit, DepositStatus, Order, OrderStatus
from orders.payments.invariants import LAWS
from orders.payments.models import Payment, Refund
from orders.payments.services.closing import close_unpaid_order, expire_unpaid_orders
from orders.payments.services.confirmation import confirm_payment
from orders.payments.services.opening import open_payment
from orders.payments.services.reminding import remind_of_balances
from orders.payments.subscribers import tell_of_deposit, tell_of_its_end
from orders.payments.tests.factories import assert_lawful, make_presold, post, start, stock_of
from orders.payments.tests.test_confirming import GATEWAY, told
from shop.catalog.models import StockReservation
from shop.core import clock
from shop.core.actors import Actor
from shop.core.models import OutboxEntry
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SWEEP = {"cancelled": 1, "paid": 0, "failed": 0}


def opened(order, *, now=None, method="wechat", openid="oPayer"):
    return open_payment(
        order_number=order.number, member_id=order.member_id, method=method, openid=openid, now=now or clock.now()
    )


def paid(order, *, now=None):
    """The next part of it, through the gateway's word."""
    payment = opened(order, now=now)
    confirm_payment(transaction=told(payment), actor=GATEWAY, now=now or clock.now())
    order.refresh_from_db()
    order.deposit.refresh_from_db()
    payment.refresh_from_db()
    return payment


def again(order):
    """As it is in the database now."""
    return Order.objects.select_related("deposit").get(pk=order.pk)


def facts(name):
    return OutboxEntry.objects.filter(fact=name.__name__).values("event_id").distinct().count()


def test_a_deposit_and_then_the_balance_pay_an_order(member):
    order = make_presold(member)
    in_window = order.deposit.balance_from + HOUR
    first = paid(order)
    assert (first.part, first.amount_fen, first.settles_order) == ("deposit", 2000, True)
    assert (order.status, order.paid_fen, order.due_fen) == (OrderStatus.PENDING_PAYMENT, 2000, 7900)
    assert order.expires_at == order.deposit.balance_until
    assert StockReservation.objects.get().expires_at == order.expires_at
    assert (facts(DepositPaid), facts(OrderPaid)) == (1, 0)
    assert_lawful()

    second = paid(order, now=in_window)
    assert (second.part, second.amount_fen, second.settles_order) == ("balance", 7900, True)
    assert (order.status, order.paid_fen, order.due_fen) == (OrderStatus.PAID, 9900, 0)
    assert (order.deposit.status, order.deposit.ended_at) == (DepositStatus.SETTLED, in_window)
    assert StockReservation.objects.get().expires_at is None
    assert (facts(DepositPaid), facts(OrderPaid)) == (1, 1)
    assert expire_unpaid_orders(now=in_window + 9 * DAY)["cancelled"] == 0
    assert_lawful()


def test_the_balance_cannot_be_paid_before_its_window(member, member_client):
    order = make_presold(member)
    paid(order)
    answer = post(member_client, f"orders/{order.number}/payments", {"method": "wechat"})
    assert (answer.status_code, answer.json()["code"]) == (409, "balance_not_due")
    assert Payment.objects.count() == 1
    seen = member_client.get(f"/api/v1/orders/{order.number}").json()
    assert (seen["due_fen"], seen["deposit_fen"], seen["balance_fen"]) == (7900, 2000, 7900)
    assert (seen["due_from"], seen["deposit_status"]) == (seen["balance_from"], "paid")


def test_a_second_deposit_is_not_taken_for_a_balance_of_the_same_amount(member):
    order = make_presold(member, payable_fen=4000, deposit_fen=2000)
    earlier = opened(order)
    Payment.objects.filter(pk=earlier.pk).update(status="closed")
    paid(order)
    confirm_payment(transaction=told(earlier), actor=GATEWAY, now=clock.now())
    assert Refund.objects.get().reason == Refund.Reason.DUPLICATE
    assert (again(order).status, again(order).paid_fen) == (OrderStatus.PENDING_PAYMENT, 2000)
    assert_lawful()


def test_an_open_payment_of_the_deposit_makes_room_for_the_balance(sandbox, member, member_client):
    """The deposit was paid by a payment that was thought closed, while another one was open."""
    member.openid = sandbox.user()
    member.save()
    order = make_presold(member, opens_in=-HOUR)
    earlier = opened(order)
    Payment.objects.filter(pk=earlier.pk).update(status="closed")
    open_still = start(member_client, order)
    confirm_payment(transaction=told(earlier), actor=GATEWAY, now=clock.now())
    begun = start(member_client, order)
    assert (begun["part"], begun["amount_fen"]) == ("balance", 7900)
    assert Payment.objects.get(number=open_still["number"]).status == "closed"


@pytest.mark.parametrize(
    ("back", "status", "refunded_fen"), [(False, DepositStatus.KEPT, 0), (True, DepositStatus.RETURNED, 2000)]
)
def test_a_missed_balance_is_handled_as_agreed_on(member, back, status, refunded_fen):
    order = make_presold(member, back_if_missed=back, back_on_request=not back)
    first = paid(order)
    late = opened(order, now=order.deposit.balance_from)
    Payment.objects.filter(pk=late.pk).update(status="closed")
    assert expire_unpaid_orders(now=order.deposit.balance_until - HOUR)["cancelled"] == 0
    assert expire_unpaid_orders(now=order.deposit.balance_until) == SWEEP
    assert expire_unpaid_orders(now=order.deposit.balance_until)["cancelled"] == 0
    order = again(order)
    assert (order.status, order.deposit.status) == (OrderStatus.CANCELLED, status)
    assert (order.paid_fen, order.refunded_fen) == (2000, refunded_fen)
    assert stock_of(order) == (10, 0)
    refunds = list(first.refunds.values_list("amount_fen", "reason", "reference"))
    assert refunds == ([(2000, "deposit", order.number)] if back else [])
    assert facts(DepositEnded) == 1
    assert_lawful()

    confirm_payment(transaction=told(late), actor=GATEWAY, now=order.deposit.balance_until + HOUR)
    assert list(late.refunds.values_list("amount_fen", "reason")) == [(7900, "late")]
    assert again(order).paid_fen == 2000
    assert_lawful()


def test_a_deposit_that_stays_is_given_up_only_knowingly(member, member_client):
    order = make_presold(member)
    paid(order)
    refused = post(member_client, f"orders/{order.number}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "deposit_stays")
    assert again(order).status == OrderStatus.PENDING_PAYMENT
    assert stock_of(order) == (9, 1)
    answer = post(member_client, f"orders/{order.number}/cancel", {"give_up_deposit": True})
    assert (answer.status_code, answer.json()["deposit_status"]) == (200, "kept")
    assert stock_of(order) == (10, 0)
    assert not Refund.objects.exists()
    assert_lawful()


def test_a_deposit_that_comes_back_on_request_does(member, member_client):
    order = make_presold(member, back_on_request=True)
    paid(order)
    answer = post(member_client, f"orders/{order.number}/cancel").json()
    assert (answer["deposit_status"], answer["refunded_fen"]) == ("returned", 2000)
    assert Refund.objects.get().amount_fen == 2000
    assert_lawful()


def test_an_order_without_its_deposit_is_just_given_up(member, member_client):
    order = make_presold(member)
    answer = post(member_client, f"orders/{order.number}/cancel").json()
    assert (answer["status"], answer["deposit_status"]) == ("cancelled", "lapsed")
    assert facts(DepositEnded) == 0
    assert_lawful()


def test_what_the_shop_cancels_it_pays_back(member):
    order = make_presold(member)
    paid(order)
    close_unpaid_order(number=order.number, actor=Actor.staff("clerk"), now=clock.now())
    assert again(order).deposit.status == DepositStatus.RETURNED
    assert Refund.objects.get().amount_fen == 2000
    assert_lawful()


def test_a_deposit_paid_as_the_order_expires_keeps_the_order(sandbox, member, member_client):
    member.openid = sandbox.user()
    member.save()
    order = make_presold(member, back_if_missed=True, back_on_request=True)
    start(member_client, order)
    sandbox.fault("payment_notify", "lose")
    sandbox.fault("close", "orderpaid")
    effect = expire_unpaid_orders(now=order.expires_at)
    assert effect == {"cancelled": 0, "paid": 1, "failed": 0}
    order = again(order)
    assert (order.status, order.paid_fen) == (OrderStatus.PENDING_PAYMENT, 2000)
    assert not Refund.objects.exists()
    assert_lawful()


def test_who_pays_the_deposit_at_the_last_moment_can_still_pay_the_rest(member):
    order = make_presold(member, opens_in=-HOUR, stays_open=HOUR + timedelta(minutes=1))
    now = order.deposit.balance_until + timedelta(minutes=1)
    payment = opened(order)
    confirm_payment(transaction=told(payment), actor=GATEWAY, now=now)
    assert expire_unpaid_orders(now=now)["cancelled"] == 0
    assert again(order).expires_at == now + timedelta(minutes=30)
    assert_lawful()


def test_members_hear_at_each_turn_once(member):
    order = make_presold(member)
    paid(order)
    tell_of_deposit(DepositPaid(number=order.number, member_id=member.pk, deposit_fen=2000, at=clock.now()))
    opens, closes = order.deposit.balance_from, order.deposit.balance_until
    moments = [opens - HOUR, opens, opens + HOUR, closes - DAY, closes - HOUR, closes]
    assert [remind_of_balances(now=now) for now in moments] == [0, 1, 0, 1, 0, 0]
    tell_of_its_end(
        DepositEnded(number=order.number, member_id=member.pk, deposit_fen=2000, is_returned=False, at=closes)
    )
    heard = list(Notification.objects.order_by("pk").values_list("event", flat=True))
    assert heard == ["deposit_paid", "balance_due", "balance_last_day", "deposit_kept"]


def test_a_window_of_hours_is_called_for_once(member):
    order = make_presold(member, stays_open=3 * HOUR)
    paid(order)
    opens = order.deposit.balance_from
    assert [remind_of_balances(now=opens + n * HOUR) for n in range(3)] == [1, 0, 0]


def test_the_laws_notice_a_deposit_that_does_not_add_up(member):
    order = make_presold(member)
    paid(order)
    assert_lawful()
    Order.objects.filter(pk=order.pk).update(paid_fen=1999)
    assert [bool(law()) for law in LAWS] == [True, False, False, True, False]
    Order.objects.filter(pk=order.pk).update(paid_fen=2000, status="cancelled")
    Deposit.objects.filter(pk=order.pk).update(status="returned")
    assert [bool(law()) for law in LAWS] == [False, False, False, False, True]


@pytest.mark.django_db(transaction=True)
def test_two_balances_at_once_pay_an_order_once(member):
    order = make_presold(member, opens_in=-HOUR)
    paid(order)
    first = opened(order)
    Payment.objects.filter(pk=first.pk).update(status="closed")
    second = opened(order)
    both = [told(first), told(second)] * 4
    calls = [lambda each=each: confirm_payment(transaction=each, actor=GATEWAY, now=clock.now()) for each in both]
    answers = run_together(*calls)
    assert [each for each in answers if isinstance(each, Exception)] == []
    assert again(order).paid_fen == 9900
    assert Payment.objects.filter(order=order, settles_order=True, part="balance").count() == 1
    assert list(Refund.objects.values_list("amount_fen", "reason")) == [(7900, "duplicate")]
    assert (facts(OrderPaid), facts(DepositPaid)) == (1, 1)
    assert_lawful()


@pytest.mark.django_db(transaction=True)
def test_two_deposits_at_once_are_one_deposit(member):
    order = make_presold(member, opens_in=-HOUR)
    first = opened(order)
    Payment.objects.filter(pk=first.pk).update(status="closed")
    second = opened(order)
    both = [told(first), told(second)] * 4
    calls = [lambda each=each: confirm_payment(transaction=each, actor=GATEWAY, now=clock.now()) for each in both]
    answers = run_together(*calls)
    assert [each for each in answers if isinstance(each, Exception)] == []
    assert again(order).paid_fen == 2000
    assert Payment.objects.filter(order=order, settles_order=True, part="deposit").count() == 1
    assert list(Refund.objects.values_list("amount_fen", "reason")) == [(2000, "duplicate")]
    assert facts(DepositPaid) == 1
    assert_lawful()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("part", ["deposit", "balance"])
def test_control_two_payments_that_look_before_they_leap_are_both_taken(member, part):
    """The twin without the order's lock: each sees what is due, and adds its own."""
    order = make_presold(member, opens_in=-HOUR)
    if part == "balance":
        paid(order)
    paid_fen, due_fen = again(order).paid_fen, again(order).due_fen
    both_have_looked = Barrier(2, timeout=60)

    def take():
        seen = again(order)
        both_have_looked.wait()
        if seen.due_fen == due_fen:
            Order.objects.filter(pk=order.pk).update(paid_fen=F("paid_fen") + due_fen)

    run_together(take, take)
    assert again(order).paid_fen == paid_fen + 2 * due_fen
