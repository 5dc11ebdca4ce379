"""Withdrawals paid by WeChat's merchant transfers, with the sandbox speaking the real protocol."""

import time
from datetime import timedelta

import httpx
import pytest
from rest_framework.test import APIClient

from members.identity.tests.factories import MemberFactory, client_for
from orders.payments.gateways.wechat_transfers import wechat_transfers
from orders.payments.tests.factories import Signer
from promotions.distribution.errors import PayoutMismatch, PayoutRefused, PayoutUnavailable, WithdrawalNotOpen
from promotions.distribution.models import CommissionEntry, Withdrawal
from promotions.distribution.payouts import Payout, PayoutState
from promotions.distribution.services.paying_out import (
    record_payout,
    refresh_due_payouts,
    refresh_payout,
    send_payout,
)
from promotions.distribution.services.withdrawing import (
    approve_withdrawal,
    ask_for_withdrawal,
    cancel_withdrawal,
    stop_withdrawal,
)
from promotions.distribution.tests.making import STAFF, balances, distributor, earned, laws, prefer
from shop.core import clock
from shop.core.models import Alert
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller(sandbox):
    made = distributor(MemberFactory(openid=sandbox.user()), now=clock.now())
    earned(made, 10_000, now=clock.now())
    return made


@pytest.fixture
def approved(seller):
    """¥50 of ¥100, of which ¥0.30 is the fee and ¥5 tax."""
    prefer(fee_bp=60, tax_bp=1000)
    made = ask_for_withdrawal(member_id=seller.member_id, amount_fen=5_000, method="wechat", now=clock.now())
    return approve_withdrawal(number=made.number, actor=STAFF, now=clock.now())


def bills(sandbox, number):
    return wechat_transfers().query(number=number)


def until_ended(row):
    for _ in range(50):
        found = refresh_payout(number=row.number, now=clock.now())
        if found.status not in ("sending", "confirming"):
            return found
        time.sleep(0.05)
    raise TimeoutError(found.status)


def test_the_distributor_accepts_the_money(approved, seller, sandbox):
    sent = send_payout(number=approved.number, now=clock.now())
    assert (sent.status, sent.gateway_state) == ("confirming", "WAIT_USER_CONFIRM")
    shown = client_for(seller.member).get(f"/api/v1/distribution/withdrawals/{sent.number}").json()
    assert shown["client_params"]["mchId"] == sandbox.env["WECHATPAY_MCH_ID"]
    assert (shown["fee_fen"], shown["tax_fen"], shown["net_fen"]) == (30, 500, 4_470)
    bill = sandbox.accept_transfer(shown["client_params"]["package"])
    assert (bill["transfer_amount"], bill["openid"]) == (4_470, seller.member.openid)
    paid = until_ended(sent)
    assert (paid.status, paid.package, paid.gateway_state) == ("paid", "", "SUCCESS")
    assert balances(seller) == {"available": 5_000, "paid": 5_000}
    assert laws() == []


def test_sent_again_it_is_one_bill(approved, seller, sandbox):
    for _ in range(3):
        send_payout(number=approved.number, now=clock.now())
    Withdrawal.objects.update(status="approved")
    again = send_payout(number=approved.number, now=clock.now())
    first = bills(sandbox, approved.number)
    assert (again.status, again.gateway_bill) == ("confirming", first.bill)


@pytest.mark.parametrize("after", [True, False])
def test_an_answer_that_does_not_come_is_asked_for(approved, seller, sandbox, after):
    sandbox.fault("transfer", "500", after=after)
    with pytest.raises(PayoutUnavailable):
        send_payout(number=approved.number, now=clock.now())
    assert Withdrawal.objects.get().status == "approved"
    assert balances(seller) == {"available": 5_000, "reserved": 5_000}
    assert (bills(sandbox, approved.number) is not None) == after
    effect = refresh_due_payouts(now=clock.now() + timedelta(minutes=2))
    assert effect == {"asked": 1, "paid": 0, "failed": 0}
    assert Withdrawal.objects.get().status == "confirming"


def test_what_nobody_accepts_for_a_day_can_be_withdrawn_again(approved, seller, sandbox):
    send_payout(number=approved.number, now=clock.now())
    sandbox.expire_transfer(approved.number)
    closed = until_ended(approved)
    assert (closed.status, closed.gateway_note) == ("closed", "OVERDUE_CLOSE")
    assert (balances(seller), laws()) == ({"available": 10_000}, [])


def test_what_fails_on_acceptance_can_be_withdrawn_again(approved, seller, sandbox):
    sent = send_payout(number=approved.number, now=clock.now())
    sandbox.fault("transfer", "fail")
    sandbox.accept_transfer(sent.package)
    assert until_ended(approved).gateway_note == "ACCOUNT_FROZEN"
    assert balances(seller) == {"available": 10_000}


def test_it_is_given_back_only_once_the_gateway_has_closed_it(approved, seller, sandbox):
    with pytest.raises(WithdrawalNotOpen):
        cancel_withdrawal(member_id=seller.member_id, number=approved.number, now=clock.now())
    send_payout(number=approved.number, now=clock.now())
    cancel_withdrawal(member_id=seller.member_id, number=approved.number, now=clock.now())
    assert balances(seller) == {"available": 5_000, "reserved": 5_000}
    stopped = refresh_payout(number=approved.number, now=clock.now())
    assert (stopped.status, stopped.gateway_state) == ("sending", "CANCELING")
    assert balances(seller) == {"available": 5_000, "reserved": 5_000}
    assert until_ended(stopped).gateway_state == "CANCELLED"
    assert (balances(seller), laws()) == ({"available": 10_000}, [])


def test_what_was_accepted_just_before_is_paid(approved, seller, sandbox):
    sent = send_payout(number=approved.number, now=clock.now())
    stop_withdrawal(number=approved.number, reason="Fraud", actor=STAFF, now=clock.now())
    sandbox.accept_transfer(sent.package)
    refresh_payout(number=approved.number, now=clock.now())
    assert until_ended(approved).status == "paid"
    assert balances(seller) == {"available": 5_000, "paid": 5_000}


def test_a_shop_without_money_tries_again_under_the_same_number(approved, seller, sandbox):
    sandbox.fault("transfer", "not_enough")
    with pytest.raises(PayoutRefused):
        send_payout(number=approved.number, now=clock.now())
    row = Withdrawal.objects.get()
    assert (row.status, row.gateway_note[:10]) == ("approved", "NOT_ENOUGH")
    assert Alert.objects.get().cause == f"distribution.withdrawal.{row.number}"
    assert send_payout(number=row.number, now=clock.now()).status == "confirming"
    assert not Alert.objects.exists()


def test_facts_that_are_not_ours_change_nothing(approved, seller):
    told = Payout(number=approved.number, state=PayoutState.PAID, raw_state="SUCCESS", amount_fen=4_471)
    with pytest.raises(PayoutMismatch):
        record_payout(told=told, now=clock.now())
    assert balances(seller) == {"available": 5_000, "reserved": 5_000}
    forged = APIClient().post("/api/v1/distribution/payouts/notify", {"id": "1"})
    assert (forged.status_code, forged.json()["code"]) == (401, "notification_refused")
    assert Withdrawal.objects.get().status == "approved"


def test_a_payment_is_no_word_about_a_transfer(approved, sandbox):
    signer = Signer(sandbox.env)
    body = signer.body({"out_trade_no": approved.number, "mchid": "1"})
    answer = APIClient().post(
        "/api/v1/distribution/payouts/notify", body, content_type="application/json", headers=signer.headers(body)
    )
    assert answer.status_code == 401


@pytest.mark.django_db(transaction=True)
def test_twenty_words_of_success_at_once_pay_once(approved, seller, sandbox):
    send_payout(number=approved.number, now=clock.now())
    told = Payout(number=approved.number, state=PayoutState.PAID, raw_state="SUCCESS", amount_fen=4_470)
    answers = run_together(*[lambda: record_payout(told=told, now=clock.now()).status] * 20)
    assert answers == ["paid"] * 20
    assert CommissionEntry.objects.filter(kind="paid").count() == 1
    assert (balances(seller), laws()) == ({"available": 5_000, "paid": 5_000}, [])


@pytest.mark.django_db(transaction=True)
def test_the_gateway_tells_of_the_end(gateway, live_server):
    made = distributor(MemberFactory(openid=gateway.user()), now=clock.now())
    earned(made, 10_000, now=clock.now())
    row = ask_for_withdrawal(member_id=made.member_id, amount_fen=5_000, method="wechat", now=clock.now())
    approve_withdrawal(number=row.number, actor=STAFF, now=clock.now())
    sent = send_payout(number=row.number, now=clock.now())
    gateway.accept_transfer(sent.package)
    gateway.delivered("transfer_notify", row.number, count=1)
    assert Withdrawal.objects.get().status == "paid"
    assert balances(made) == {"available": 5_000, "paid": 5_000}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"transfer_amount": 9}, "PARAM_ERROR"),
        ({"openid": "nobody"}, "PARAM_ERROR"),
        ({"transfer_scene_report_infos": []}, "PARAM_ERROR"),
        ({"appid": "wx1"}, "PARAM_ERROR"),
    ],
)
def test_the_sandbox_refuses_what_wechat_refuses(approved, sandbox, change, code):
    gateway = wechat_transfers()
    wanted = {
        "out_bill_no": "X1",
        "transfer_scene_id": "1005",
        "openid": approved.payee_openid,
        "transfer_amount": 100,
        "transfer_remark": "佣金",
        "transfer_scene_report_infos": [
            {"info_type": "岗位类型", "info_content": "推广员"},
            {"info_type": "报酬说明", "info_content": "佣金"},
        ],
    } | change
    status, text = gateway._client.mch_transfer_bills(**wanted)
    assert status == 400
    assert code in text
    assert gateway.query(number="X1") is None
    assert httpx.post(f"{sandbox.url}/wechat/transfers/confirm", json={"package": "?"}).status_code == 409


def test_another_request_under_the_same_number_is_refused(approved, sandbox):
    send_payout(number=approved.number, now=clock.now())
    Withdrawal.objects.update(net_fen=4_000, fee_fen=500)
    row = Withdrawal.objects.get()
    with pytest.raises(PayoutMismatch):
        refresh_payout(number=row.number, now=clock.now())
