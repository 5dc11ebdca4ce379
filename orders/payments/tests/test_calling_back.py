"""A payout that WeChat refuses for good is called back: its money comes free, once it cannot be paid any more."""

from datetime import timedelta
from threading import Barrier, Event

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from members.identity.tests.factories import MemberFactory, client_for
from members.notifications.models import Notification
from orders.payments.gateways.wechat_transfers import WechatTransfers, wechat_transfers
from orders.payments.tests.test_transfers import bills, until_ended
from promotions.distribution.errors import PayoutRefused, PayoutUnavailable, WithdrawalNotOpen
from promotions.distribution.models import CommissionEntry, Withdrawal
from promotions.distribution.payouts import Payout, PayoutState
from promotions.distribution.services import paying_out
from promotions.distribution.services.paying_out import (
    close_unheard,
    record_payout,
    refresh_due_payouts,
    refresh_payout,
    send_payout,
)
from promotions.distribution.services.withdrawing import (
    approve_withdrawal,
    ask_for_withdrawal,
    cancel_withdrawal,
    end_unpaid,
    stop_withdrawal,
)
from promotions.distribution.tests.making import STAFF, balances, distributor, earned, laws
from shop.core import clock
from shop.core.models import Alert
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db
WAITED = timedelta(minutes=10)
RESERVED = {"available": 5_000, "reserved": 5_000}
FREE = {"available": 10_000}
PAID = {"available": 5_000, "paid": 5_000}


@pytest.fixture
def seller(sandbox):
    made = distributor(MemberFactory(openid=sandbox.user()), now=clock.now())
    earned(made, 10_000, now=clock.now())
    return made


@pytest.fixture
def approved(seller):
    made = ask_for_withdrawal(member_id=seller.member_id, amount_fen=5_000, method="wechat", now=clock.now())
    return approve_withdrawal(number=made.number, actor=STAFF, now=clock.now())


@pytest.fixture
def refused(approved, sandbox):
    """¥50 of ¥100, which WeChat did not take."""
    refuse(sandbox, approved)
    return approved


def refuse(sandbox, row):
    sandbox.fault("transfer", "not_enough")
    with pytest.raises(PayoutRefused):
        send_payout(number=row.number, now=clock.now())


def call_back(row, *, now=None):
    return stop_withdrawal(number=row.number, reason="Account frozen", actor=STAFF, now=now or clock.now())


def success(row):
    return Payout(number=row.number, state=PayoutState.PAID, raw_state="SUCCESS", amount_fen=5_000)


def sent_at_last(row):
    """A request that was under way for long arrives."""
    return wechat_transfers().send(paying_out._request(row))


def test_what_wechat_refuses_for_good_comes_free_ten_minutes_after_it_was_called_back(refused, seller):
    now = clock.now()
    asked = call_back(refused, now=now)
    assert (asked.status, asked.stop_asked_by, asked.is_called_back) == ("approved", "staff:operator", True)
    for waited in (timedelta(0), WAITED - timedelta(seconds=1)):
        assert refresh_payout(number=refused.number, now=now + waited).status == "approved"
        assert balances(seller) == RESERVED
    effect = refresh_due_payouts(now=now + WAITED)
    assert effect == {"asked": 1, "paid": 0, "failed": 0}
    row = Withdrawal.objects.get()
    assert (row.status, row.gateway_note[:10], row.reason) == ("closed", "NOT_ENOUGH", "Account frozen")
    assert (balances(seller), laws(), Alert.objects.count()) == (FREE, [], 0)
    told = Notification.objects.get(member=seller.member, event="withdrawal_not_paid")
    assert "Account frozen" in told.body
    assert CommissionEntry.objects.get(kind="returned").amount_fen == 5_000


def test_what_was_called_back_is_never_sent_again(refused, sandbox):
    now = clock.now()
    call_back(refused, now=now)
    for _ in range(2):
        assert send_payout(number=refused.number, now=now).status == "approved"
        refresh_payout(number=refused.number, now=now)
    assert bills(sandbox, refused.number) is None
    refresh_payout(number=refused.number, now=now + WAITED)
    send_payout(number=refused.number, now=now + WAITED)
    assert bills(sandbox, refused.number) is None
    assert call_back_fails(refused)


def call_back_fails(row):
    with pytest.raises(WithdrawalNotOpen):
        call_back(row)
    return True


def test_only_a_refusal_that_nothing_has_followed_can_be_called_back(approved, seller, sandbox):
    assert call_back_fails(approved)
    refuse(sandbox, approved)
    # The next try gets no answer: WeChat has it, or has not.
    sandbox.fault("transfer", "500", after=True)
    with pytest.raises(PayoutUnavailable):
        send_payout(number=approved.number, now=clock.now())
    assert Withdrawal.objects.get().gateway_note == ""
    assert call_back_fails(approved)
    assert balances(seller) == RESERVED
    assert refresh_payout(number=approved.number, now=clock.now()).status == "confirming"


def test_no_answer_about_one_that_was_called_back_leaves_it_reserved(refused, seller, sandbox):
    now = clock.now()
    call_back(refused, now=now)
    sandbox.fault("wechat_pay", "500")
    with pytest.raises(PayoutUnavailable):
        refresh_payout(number=refused.number, now=now + WAITED)
    assert (Withdrawal.objects.get().status, balances(seller)) == ("approved", RESERVED)
    assert refresh_payout(number=refused.number, now=now + WAITED).status == "closed"
    assert balances(seller) == FREE


def test_a_request_that_arrives_late_is_closed_there_before_anything_comes_free(refused, seller):
    call_back(refused)
    sent_at_last(refused)
    stopped = refresh_payout(number=refused.number, now=clock.now())
    assert (stopped.status, stopped.gateway_state, balances(seller)) == ("sending", "CANCELING", RESERVED)
    assert not Notification.objects.filter(event="withdrawal_to_accept").exists()
    assert until_ended(stopped).gateway_state == "CANCELLED"
    assert (balances(seller), laws()) == (FREE, [])


def test_what_was_accepted_meanwhile_is_paid_and_nothing_comes_free(refused, seller, sandbox):
    call_back(refused)
    sandbox.accept_transfer(sent_at_last(refused).package)
    assert until_ended(refused).status == "paid"
    assert (balances(seller), laws()) == (PAID, [])


def test_a_success_after_it_has_ended_is_booked_once_and_owed(refused, seller):
    """The ¥50 that came free were withdrawn anew: they are paid twice, and ¥0 of ¥100 are left, less ¥50 owed."""
    now = clock.now()
    call_back(refused, now=now)
    refresh_payout(number=refused.number, now=now + WAITED)
    again = ask_for_withdrawal(member_id=seller.member_id, amount_fen=10_000, method="wechat", now=now)
    for _ in range(3):
        assert record_payout(told=success(refused), now=now).status == "paid"
    assert balances(seller) == {"available": -5_000, "reserved": 10_000, "paid": 5_000}
    assert CommissionEntry.objects.filter(kind="paid_late").count() == 1
    assert Alert.objects.get().cause == f"distribution.withdrawal.{refused.number}"
    cancel_withdrawal(member_id=seller.member_id, number=again.number, now=now)
    assert (balances(seller), laws()) == (PAID, [])


def test_one_that_ended_is_asked_about_and_what_is_there_is_closed(refused, seller):
    now = clock.now()
    call_back(refused, now=now)
    refresh_payout(number=refused.number, now=now + WAITED)
    sent_at_last(refused)
    assert refresh_payout(number=refused.number, now=now + WAITED).status == "closed"
    assert bills_end(refused) == PayoutState.CLOSED
    assert balances(seller) == FREE


def bills_end(row):
    found = PayoutState.SENDING
    while found == PayoutState.SENDING:
        found = wechat_transfers().query(number=row.number).state
    return found


def test_the_front_is_told_and_hands_nothing_over_any_more(approved, seller, sandbox):
    sent = send_payout(number=approved.number, now=clock.now())
    front, page = client_for(seller.member), f"/api/v1/distribution/withdrawals/{sent.number}"
    assert (front.get(page).json()["is_called_back"], bool(front.get(page).json()["client_params"])) == (False, True)
    assert front.post(f"{page}/cancel", headers={"Idempotency-Key": "k"}).status_code == 200
    shown = front.get(page).json()
    assert (shown["status"], shown["is_called_back"], shown["client_params"]) == ("confirming", True, None)


@pytest.fixture
def finance(client, django_user_model):
    staff = django_user_model.objects.create_user("money", password="x", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=["view_withdrawal", "review_withdrawal"]))
    client.force_login(staff)
    return client


def test_finance_calls_back_by_a_button_with_a_reason(approved, seller, finance, sandbox):
    button = reverse("admin:distribution_withdrawal_stop", args=[approved.pk])
    assert finance.post(button, {"reason": "Frozen"}).status_code == 403
    refuse(sandbox, approved)
    assert finance.get(button).status_code == 200
    finance.post(button, {"reason": ""})
    assert Withdrawal.objects.get().stop_asked_at is None
    assert finance.post(button, {"reason": "Frozen"}).status_code == 302
    row = Withdrawal.objects.get()
    assert (row.stop_asked_by, row.reason, balances(seller)) == ("staff:money", "Frozen", RESERVED)
    assert "Frozen" in LogEntry.objects.get(object_id=row.pk).change_message
    assert finance.post(button, {"reason": "Frozen"}).status_code == 403


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_success_and_the_end_at_one_instant_give_the_money_once(refused, seller, guarded):
    """The control looks, waits until both have looked, and gives back what the other has just paid."""
    now = clock.now()
    call_back(refused, now=now)
    # Reserved as well, so that the books of the account alone do not see it.
    ask_for_withdrawal(member_id=seller.member_id, amount_fen=5_000, method="wechat", now=now)
    looked, paid = Barrier(2, timeout=60), Event()

    def end():
        if guarded:
            looked.wait()
            return close_unheard(number=refused.number, now=now + WAITED).status
        row = Withdrawal.objects.get(pk=refused.pk)
        looked.wait()
        assert paid.wait(60)
        with unit_of_work():
            return end_unpaid(row, "closed", actor=STAFF, now=now).status

    def pay():
        looked.wait()
        try:
            return record_payout(told=success(refused), now=now).status
        finally:
            paid.set()

    ended, answered = run_together(end, pay)
    assert answered == "paid"
    assert ended in (("closed", "paid") if guarded else ("closed",))
    expected = {"reserved": 5_000, "paid": 5_000} if guarded else {"available": 5_000, "paid": 5_000}
    assert (balances(seller), bool(laws())) == (expected, not guarded)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_of_a_sending_and_a_call_back_one_happens(refused, seller, sandbox, guarded, monkeypatch):
    """WeChat is just asked to take it, again, when finance calls it back; the control looks at its status alone."""
    sending, called = Event(), Event()
    send = WechatTransfers.send

    def send_slowly(self, request):
        sending.set()
        assert called.wait(60)
        return send(self, request)

    monkeypatch.setattr(WechatTransfers, "send", send_slowly)
    if not guarded:
        monkeypatch.setattr(Withdrawal, "can_be_called_back", property(lambda row: row.status == "approved"))

    def finance_calls_back():
        assert sending.wait(60)
        try:
            return call_back(refused).status
        finally:
            called.set()

    sent, answer = run_together(lambda: send_payout(number=refused.number, now=clock.now()), finance_calls_back)
    assert bills(sandbox, refused.number).state == PayoutState.CONFIRMING
    if guarded:
        assert isinstance(answer, WithdrawalNotOpen)
        assert (sent.status, sent.is_called_back) == ("confirming", False)
    else:
        # Called back while WeChat may still take it: the very thing that must not be.
        assert (answer, Withdrawal.objects.get().is_called_back) == ("approved", True)
    assert balances(seller) == RESERVED
