"""Asking for commission, deciding on it, and a crowd that asks at once. Points are paid at once, so no gateway here."""

import csv
import io
from itertools import count
from threading import Barrier, Event

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.urls import reverse

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory, client_for
from points.ledger.queries import balance_of
from points.ledger.services import grant
from promotions.distribution.errors import (
    CommissionOwed,
    DistributorNotSelling,
    NotDistributor,
    PayoutMethodUnavailable,
    WithdrawalNotFound,
    WithdrawalNotOpen,
    WithdrawalTooLarge,
    WithdrawalTooSmall,
    WithdrawMoreThanThere,
)
from promotions.distribution.ledger import Move, book
from promotions.distribution.member_data import export, open_withdrawals
from promotions.distribution.models import CommissionAccount, EntryKind, Sale, Withdrawal
from promotions.distribution.services import withdrawing
from promotions.distribution.services.joining import pause, resume
from promotions.distribution.services.selling import follow_refunds
from promotions.distribution.services.withdrawing import (
    approve_withdrawal,
    ask_for_withdrawal,
    cancel_withdrawal,
    refuse_withdrawal,
)
from promotions.distribution.tests.making import NOW, STAFF, balances, distributor, earned, later, laws, left, prefer
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together, until_somebody_waits

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller(db):
    prefer(paid_as="points", smallest_withdrawal_fen=100)
    made = distributor()
    earned(made, 10_000)
    return made


def ask(seller, fen, method="points"):
    return ask_for_withdrawal(member_id=seller.member_id, amount_fen=fen, method=method, now=NOW)


def test_what_is_asked_for_is_reserved_and_paid_in_points_when_approved(seller):
    prefer(points_per_yuan=50)
    made = ask(seller, 3_050)
    assert balances(seller) == {"available": 6_950, "reserved": 3_050}
    approved = approve_withdrawal(number=made.number, actor=STAFF, now=later(hours=1))
    assert (approved.status, approved.points, approved.reviewed_by) == ("paid", 1_525, "staff:operator")
    assert balances(seller) == {"available": 6_950, "paid": 3_050}
    assert balance_of(member_id=seller.member_id, now=later(hours=1)).available == 1_525
    for again in (approve_withdrawal, refuse_withdrawal):
        more = {"reason": "x"} if again is refuse_withdrawal else {}
        with pytest.raises(WithdrawalNotOpen):
            again(number=made.number, actor=STAFF, now=NOW, **more)
    assert laws() == []


def test_what_is_refused_or_cancelled_can_be_withdrawn_again(seller):
    refused, cancelled = ask(seller, 4_000), ask(seller, 6_000)
    assert open_withdrawals(member_id=seller.member_id).code == "open_withdrawals"
    refuse_withdrawal(number=refused.number, reason="Who are you?", actor=STAFF, now=NOW)
    with pytest.raises(WithdrawalNotFound):
        cancel_withdrawal(member_id=MemberFactory().pk, number=cancelled.number, now=NOW)
    cancel_withdrawal(member_id=seller.member_id, number=cancelled.number, now=NOW)
    assert balances(seller) == {"available": 10_000}
    assert open_withdrawals(member_id=seller.member_id) is None
    assert [row["status"] for row in export(member_id=seller.member_id)["withdrawals"]] == ["refused", "cancelled"]
    assert laws() == []


@pytest.mark.parametrize(
    ("fen", "method", "refusal"),
    [
        (99, "points", WithdrawalTooSmall),
        (200_000, "points", WithdrawalTooLarge),
        (10_001, "points", WithdrawMoreThanThere),
        (1_000, "wechat", PayoutMethodUnavailable),
    ],
)
def test_what_cannot_be_had_changes_nothing(seller, fen, method, refusal):
    with pytest.raises(refusal):
        ask(seller, fen, method)
    assert (balances(seller), Withdrawal.objects.count()) == ({"available": 10_000}, 0)


def test_nobody_withdraws_who_is_paused_or_owes(seller):
    sale = Sale.objects.get()
    approve_withdrawal(number=ask(seller, 9_000).number, actor=STAFF, now=NOW)
    left(sale, 0)
    assert balances(seller) == {"available": -9_000, "paid": 9_000}
    with pytest.raises(WithdrawMoreThanThere) as refused:
        ask(seller, 100)
    assert refused.value.data == {"available_fen": 0}
    pause(distributor_id=seller.pk, reason="", actor=STAFF, now=NOW)
    with pytest.raises(NotDistributor):
        ask(seller, 100)
    assert (Withdrawal.objects.count(), laws()) == (1, [])


@pytest.mark.django_db(transaction=True)
def test_forty_who_ask_at_once_get_no_more_than_is_there(seller):
    answers = run_together(*[lambda: ask(seller, 1_700)] * 40)
    # Five times ¥17 fit into ¥100.
    assert [type(answer) for answer in answers].count(WithdrawMoreThanThere) == 35
    assert (balances(seller), Withdrawal.objects.count()) == ({"available": 1_500, "reserved": 8_500}, 5)
    assert laws() == []


@pytest.mark.django_db(transaction=True)
def test_control_forty_who_look_first_and_write_then_overdraw(seller):
    looked, numbers = Barrier(40, timeout=60), count(1)

    def look_then_write():
        available = CommissionAccount.objects.get(pk=seller.pk).available_fen
        looked.wait()
        if available >= 1_700:
            Withdrawal.objects.create(
                number=f"W{next(numbers)}",
                distributor=seller,
                method="points",
                amount_fen=1_700,
                net_fen=1_700,
                points=1,
                requested_at=NOW,
            )

    run_together(*[look_then_write] * 40)
    asked = sum(Withdrawal.objects.values_list("amount_fen", flat=True))
    assert asked == 40 * 1_700 > CommissionAccount.objects.get(pk=seller.pk).available_fen
    assert len(laws()) == 1


def test_whoever_forgets_to_look_is_refused_by_the_books(seller):
    with pytest.raises(IntegrityError, match="commission_reserve_was_there"), transaction.atomic():
        book([Move(seller.pk, EntryKind.RESERVED, 10_001, "x")], now=NOW)
    assert balances(seller) == {"available": 10_000}


def test_the_front_asks_once_for_each_key(seller, django_assert_num_queries):
    front, body = client_for(seller.member), {"amount_fen": 2_000, "method": "points"}
    made = [front.post("/api/v1/distribution/withdrawals", body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert {answer.status_code for answer in made} == {201}
    assert made[0].json() == made[1].json()
    assert balances(seller) == {"available": 8_000, "reserved": 2_000}
    with django_assert_num_queries(2):
        [listed] = front.get("/api/v1/distribution/withdrawals").json()["items"]
    assert (listed["status"], listed["net_fen"], listed["client_params"]) == ("requested", 2_000, None)
    told = front.get("/api/v1/distribution").json()["distributor"]["withdrawing"]
    assert (told["methods"], told["smallest_fen"]) == (["points"], 100)
    too_much = front.post(
        "/api/v1/distribution/withdrawals",
        {"amount_fen": 9_000, "method": "points"},
        headers={"Idempotency-Key": "l"},
    ).json()
    assert (too_much["code"], too_much["data"]) == ("withdraw_more_than_there", {"available_fen": 8_000})


def test_finance_decides_and_takes_the_statement(seller, client, django_user_model):
    finance = django_user_model.objects.create_user("finance", password="x", is_staff=True)
    finance.user_permissions.set(
        Permission.objects.filter(codename__in=["view_withdrawal", "review_withdrawal", "view_member"])
    )
    client.force_login(finance)
    first, second, third = ask(seller, 1_000), ask(seller, 2_000), ask(seller, 3_000)
    listing = reverse("admin:distribution_withdrawal_changelist")
    client.post(listing, {"action": "approve_all", "confirmed": "1", "_selected_action": [first.pk, first.pk]})
    client.post(reverse("admin:distribution_withdrawal_refuse", args=[second.pk]), {"reason": "Not yet"})
    assert client.post(reverse("admin:distribution_withdrawal_stop", args=[third.pk])).status_code == 403
    assert list(Withdrawal.objects.order_by("pk").values_list("status", flat=True)) == ["paid", "refused", "requested"]
    assert client.get(reverse("admin:distribution_withdrawal_change", args=[second.pk])).status_code == 200
    day = Withdrawal.objects.get(pk=first.pk).ended_at.date()
    days = {"first_day": day.replace(day=1), "last_day": day.replace(month=12, day=31)}
    answer = client.post(reverse("admin:distribution_withdrawal_statement"), days)
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 3
    assert lines[1].split(",")[0] == first.number
    backwards = client.post(
        reverse("admin:distribution_withdrawal_statement"), {"first_day": "2026-02-01", "last_day": "2026-01-01"}
    )
    assert backwards.context["form"].errors
    finance.user_permissions.set(Permission.objects.filter(codename="view_withdrawal"))
    assert client.post(reverse("admin:distribution_withdrawal_approve", args=[third.pk])).status_code == 403
    assert Withdrawal.objects.get(pk=third.pk).status == "requested"


@pytest.fixture
def finance(client, django_user_model):
    staff = django_user_model.objects.create_user("money", password="x", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=["view_withdrawal", "review_withdrawal"]))
    client.force_login(staff)
    return client


def test_following_a_link_pays_nobody(seller, finance):
    row = ask(seller, 1_000)
    page = reverse("admin:distribution_withdrawal_approve", args=[row.pk])
    assert "¥10.00" in finance.get(page).content.decode()
    assert Withdrawal.objects.get().status == "requested"
    assert balances(seller) == {"available": 9_000, "reserved": 1_000}
    finance.post(page, {"do": "go"})
    assert Withdrawal.objects.get().status == "paid"
    for verb in ("approve", "refuse", "stop"):
        again = finance.post(reverse(f"admin:distribution_withdrawal_{verb}", args=[row.pk]), {"reason": "x"})
        assert again.status_code == 403
    assert (balances(seller), laws()) == ({"available": 9_000, "paid": 1_000}, [])


@pytest.mark.parametrize("days", [("2026-01-01", "9999-12-31"), ("0001-01-01", "2026-01-01"), ("", "2026-13-01")])
def test_a_statement_of_days_that_nothing_can_be_counted_from_is_refused_in_words(seller, finance, days):
    sent = dict(zip(("first_day", "last_day"), days, strict=True))
    answer = finance.post(reverse("admin:distribution_withdrawal_statement"), sent)
    assert answer.status_code == 200
    assert answer.context["form"].errors


def test_no_nickname_runs_in_the_statement(seller, finance):
    Member.objects.filter(pk=seller.member_id).update(nickname='=HYPERLINK("http://x")')
    row = ask(seller, 1_000)
    ended = approve_withdrawal(number=row.number, actor=STAFF, now=NOW).ended_at.date()
    days = {"first_day": ended, "last_day": ended}
    answer = finance.post(reverse("admin:distribution_withdrawal_statement"), days)
    [_heading, line] = csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    assert line[1].startswith("'=HYPERLINK")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_one_of_many_who_decide_at_once_pays(seller, guarded):
    """Each approves or refuses; the control looks, waits until all have looked, and gives the points."""
    row, looked, numbers = ask(seller, 5_000), Barrier(20, timeout=60), count(1)

    def decide(number):
        if guarded:
            if number % 2:
                return approve_withdrawal(number=row.number, actor=STAFF, now=NOW).status
            return refuse_withdrawal(number=row.number, reason="no", actor=STAFF, now=NOW).status
        is_waiting = Withdrawal.objects.get().status == "requested"
        looked.wait()
        if is_waiting:
            with transaction.atomic():
                given = {"points": 5_000, "source": "commission", "matures_at": NOW}
                grant(reference=f"twin:{next(numbers)}", member_id=seller.member_id, now=NOW, **given)
        return "paid"

    answers = run_together(*[lambda number=number: decide(number) for number in range(20)])
    points = balance_of(member_id=seller.member_id, now=NOW).available
    if not guarded:
        assert points == 20 * 5_000
        return
    [decided] = [each for each in answers if not isinstance(each, Exception)]
    assert {type(each) for each in answers if each != decided} == {WithdrawalNotOpen}
    paid = {"available": 5_000, "paid": 5_000}, 5_000
    assert (balances(seller), points) == (paid if decided == "paid" else ({"available": 10_000}, 0))
    assert laws() == []


def test_commission_that_was_taken_back_is_not_paid_out(seller, finance):
    sale, row = Sale.objects.get(), ask(seller, 9_000)
    # ¥80 of the ¥200 went back, and with it ¥40 of commission, of which ¥10 were left.
    left(sale, 12_000)
    assert balances(seller) == {"available": -3_000, "reserved": 9_000}
    with pytest.raises(CommissionOwed) as refused:
        approve_withdrawal(number=row.number, actor=STAFF, now=NOW)
    assert refused.value.data == {"owed_fen": 3_000}
    for verb in ("approve", "change"):
        page = finance.get(reverse(f"admin:distribution_withdrawal_{verb}", args=[row.pk])).content.decode()
        assert "-¥30.00" in page
    finance.post(reverse("admin:distribution_withdrawal_approve", args=[row.pk]), {"do": "go"})
    assert (Withdrawal.objects.get().status, balances(seller)) == (
        "requested",
        {"available": -3_000, "reserved": 9_000},
    )
    refuse_withdrawal(number=row.number, reason="Taken back", actor=STAFF, now=NOW)
    assert (balances(seller), laws()) == ({"available": 6_000}, [])


def test_the_last_of_it_may_have_been_taken_back(seller):
    sale, row = Sale.objects.get(), ask(seller, 9_000)
    left(sale, 18_000)
    assert approve_withdrawal(number=row.number, actor=STAFF, now=NOW).status == "paid"
    assert balances(seller) == {"paid": 9_000}


def test_who_was_paused_meanwhile_is_not_paid_until_they_sell_again(seller):
    row = ask(seller, 5_000)
    pause(distributor_id=seller.pk, reason="fraud", actor=STAFF, now=NOW)
    with pytest.raises(DistributorNotSelling):
        approve_withdrawal(number=row.number, actor=STAFF, now=NOW)
    assert (Withdrawal.objects.get().status, balances(seller)) == ("requested", {"available": 5_000, "reserved": 5_000})
    resume(distributor_id=seller.pk, reason="", actor=STAFF, now=NOW)
    assert approve_withdrawal(number=row.number, actor=STAFF, now=NOW).status == "paid"


def test_what_a_paused_distributor_asked_for_can_be_refused(seller):
    row = ask(seller, 5_000)
    pause(distributor_id=seller.pk, reason="fraud", actor=STAFF, now=NOW)
    refuse_withdrawal(number=row.number, reason="fraud", actor=STAFF, now=NOW)
    assert balances(seller) == {"available": 10_000}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_what_is_taken_back_while_it_is_decided_is_waited_for(seller, guarded, monkeypatch):
    """The goods come back at the very moment; the control looks at the account without waiting for it."""
    sale, row, taken = Sale.objects.get(), ask(seller, 9_000), Event()
    if not guarded:
        monkeypatch.setattr(withdrawing, "lock_accounts", CommissionAccount.objects.in_bulk)

    def take_back():
        with unit_of_work():
            follow_refunds(order_number=sale.order_number, left_fen={0: 0}, reference="refund", now=NOW)
            taken.set()
            until_somebody_waits()

    def approve():
        assert taken.wait(60)
        return approve_withdrawal(number=row.number, actor=STAFF, now=NOW).status

    _, approved = run_together(take_back, approve)
    assert isinstance(approved, CommissionOwed) if guarded else approved == "paid"
    assert balances(seller) == {"available": -9_000, "reserved" if guarded else "paid": 9_000}
    assert laws() == []


def test_who_was_blocked_meanwhile_is_not_paid(seller):
    row = ask(seller, 2_000)
    Member.objects.filter(pk=seller.member_id).update(status=Member.Status.BLOCKED)
    with pytest.raises(DistributorNotSelling):
        approve_withdrawal(number=row.number, actor=STAFF, now=NOW)
    assert (balances(seller)["reserved"], Withdrawal.objects.get().status) == (2_000, "requested")
    assert refuse_withdrawal(number=row.number, reason="刷单", actor=STAFF, now=NOW).status == "refused"
