"""The daily run: which days, what a bill that is not there leads to, and what people decide about differences."""

from datetime import timedelta

import pytest

from orders.payments.errors import PaymentMethodUnavailable
from orders.payments.models import Payment
from orders.reconciliation.errors import DayNotOver, ReasonRequired
from orders.reconciliation.invariants import LAWS
from orders.reconciliation.jobs import reconcile_bills
from orders.reconciliation.models import BillLine, BillPiece, Difference, DifferenceState, Reconciliation
from orders.reconciliation.preferences import CATCH_UP_DAYS
from orders.reconciliation.services import (
    close_difference,
    compare,
    keeping,
    reconcile,
    reconcile_due,
    reopen_difference,
)
from orders.reconciliation.tests.making import CLERK, differences, sums
from shop.core import clock
from shop.core.errors import IllegalTransition
from shop.core.models import Alert, JobRun
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db
NOTHING = {"tried": 0, "succeeded": 0, "failed": 0}


def days_by_status() -> list[tuple[object, str]]:
    return list(Reconciliation.objects.order_by("day").values_list("day", "status"))


def test_a_shop_that_nobody_has_paid_has_nothing_to_reconcile(sandbox):
    assert reconcile_due(now=clock.now()) == NOTHING
    assert not Reconciliation.objects.exists()


def test_the_job_reconciles_every_day_since_the_first_payment_once(till):
    till.pay(500, till.at("12:00:00"))
    till.pay(700, till.at("12:00:00", 1))
    assert reconcile_due(now=till.at("09:59:59", 1)) == NOTHING
    assert reconcile_due(now=till.at("10:00:00", 1)) == {"tried": 1, "succeeded": 1, "failed": 0}
    assert reconcile_due(now=till.at("10:10:00", 1)) == NOTHING
    # Away for a while: the days between are caught up with.
    assert reconcile_due(now=till.at("12:00:00", 4)) == {"tried": 3, "succeeded": 3, "failed": 0}
    assert days_by_status() == [(till.day(n), "compared") for n in range(4)]
    assert [sums(each)[0][1] for each in Reconciliation.objects.order_by("day")] == [500, 700, 0, 0]


def test_no_more_days_are_caught_up_with_than_are_wanted(till):
    till.pay(500, till.at("12:00:00"))
    assert reconcile_due(now=till.at("12:00:00", 20))["succeeded"] == CATCH_UP_DAYS.value() == 7
    assert days_by_status()[0] == (till.day(13), "compared")


def test_the_job_runs_as_scheduled(till):
    till.pay(500, till.at("12:00:00"))
    with clock.fixed(till.morning()):
        reconcile_bills.run()
    assert JobRun.objects.get(job="reconciliation.reconcile_bills").effect["succeeded"] == 1


def test_a_bill_that_cannot_be_had_is_tried_again_and_raises_an_alert_when_it_is_late(till):
    till.pay(500, till.at("12:00:00"))
    till.bank.fault("bill", "500", times=2)
    assert reconcile_due(now=till.at("10:00:00", 1)) == {"tried": 1, "succeeded": 0, "failed": 1}
    found = Reconciliation.objects.get()
    assert (found.status, found.failure, found.tries) == ("waiting", "payment_gateway_unavailable", 1)
    assert found.try_at == till.at("10:20:00", 1)
    assert not Alert.objects.exists()
    assert reconcile_due(now=till.at("10:19:59", 1)) == NOTHING
    assert reconcile_due(now=till.at("14:00:00", 1))["failed"] == 1
    alert = Alert.objects.get()
    assert alert.cause == f"reconciliation.bill.wechat.{till.day()}"
    assert alert.permission == "reconciliation.view_reconciliation"
    assert reconcile_due(now=till.at("14:20:00", 1))["succeeded"] == 1
    assert not Alert.objects.exists()
    found.refresh_from_db()
    assert (found.status, found.failure, found.try_at, found.tries) == ("compared", "", None, 2)


def test_the_last_comparison_stays_when_the_bill_cannot_be_had_again(till):
    till.pay(500, till.at("12:00:00"))
    before = till.run()
    till.bank.fault("bill", "500")
    after = till.run(now=till.morning(1))
    assert (after.status, after.failure) == ("compared", "payment_gateway_unavailable")
    assert sums(after) == sums(before) == ((1, 500, 0, 0), (1, 500, 0, 0))
    assert BillLine.objects.count() == 1


def test_older_days_are_held_against_the_books_again_by_themselves(till):
    payment = till.pay(500, till.at("12:00:00"))
    reconcile_due(now=till.at("10:00:00", 1))
    Payment.objects.update(amount_fen=501)
    reconcile_due(now=till.at("15:59:59", 1))
    assert not Difference.objects.exists()
    reconcile_due(now=till.at("16:00:00", 1))
    assert differences() == [("amount", payment.number, "open")]


def test_a_day_that_is_not_over_has_no_bill(till):
    with pytest.raises(DayNotOver):
        till.run(now=till.at("23:59:59"))
    assert not Reconciliation.objects.exists()


def test_a_gateway_that_is_not_configured_is_refused_and_left_out_by_the_job(till, settings):
    till.pay(500, till.at("12:00:00"))
    settings.WECHATPAY = dict.fromkeys(settings.WECHATPAY, "")
    with pytest.raises(PaymentMethodUnavailable):
        reconcile(method="wechat", day=till.day(), actor=CLERK, now=till.morning())
    assert reconcile_due(now=till.morning()) == NOTHING
    assert not Reconciliation.objects.exists()


def test_the_bill_is_kept_as_the_gateway_gave_it(till):
    payment = till.pay(500, till.at("12:00:00"))
    found = till.run()
    content = b"".join(keeping.kept_file(reconciliation_id=found.pk))
    assert (content[:2], found.bill_suffix) == (b"\x1f\x8b", ".csv.gz")
    till.run()
    assert BillPiece.objects.count() == 1
    line = BillLine.objects.get()
    assert (line.number, line.amount_fen, line.fee_fen, line.gateway_id) == (
        payment.number,
        500,
        3,
        Payment.objects.get().transaction_id,
    )


@pytest.fixture
def difference(till):
    till.pay(500, till.at("12:00:00"))
    till.bank.fault("bill", "amount")
    till.run()
    return Difference.objects.get()


def close(difference, state=DifferenceState.EXPLAINED, reason="银行手续费", now=None):
    now = now or difference.found_at + timedelta(hours=1)
    return close_difference(difference_id=difference.pk, state=state, reason=reason, actor=CLERK, now=now)


@pytest.mark.parametrize("state", [DifferenceState.EXPLAINED, DifferenceState.RESOLVED])
def test_a_person_closes_a_difference_with_a_reason_and_it_stays_closed(till, difference, state):
    close(difference, state)
    compare(reconciliation_id=difference.reconciliation_id, now=till.morning(1))
    difference.refresh_from_db()
    assert difference.state == state
    assert list(difference.events.values_list("state", "actor", "reason")) == [
        ("open", "system:reconciliation", ""),
        (state, "staff:finance", "银行手续费"),
    ]
    assert not Alert.objects.exists()
    assert [violation for law in LAWS for violation in law()] == []


@pytest.mark.parametrize("reason", ["", "   "])
def test_nobody_closes_or_reopens_without_a_reason(difference, reason):
    with pytest.raises(ReasonRequired):
        close(difference, reason=reason)
    with pytest.raises(ReasonRequired):
        reopen_difference(difference_id=difference.pk, reason=reason, actor=CLERK, now=difference.found_at)
    difference.refresh_from_db()
    assert (difference.state, difference.events.count()) == ("open", 1)


def test_what_is_closed_is_not_closed_again_and_what_is_open_not_reopened(difference):
    with pytest.raises(IllegalTransition):
        reopen_difference(difference_id=difference.pk, reason="?", actor=CLERK, now=difference.found_at)
    close(difference)
    with pytest.raises(IllegalTransition):
        close(difference)
    assert difference.events.count() == 2
    reopened = reopen_difference(difference_id=difference.pk, reason="看错了", actor=CLERK, now=difference.found_at)
    assert (reopened.state, reopened.closed_at) == ("open", None)
    assert Alert.objects.get().data["count"] == 1


def test_a_person_closes_nothing_as_gone(difference):
    with pytest.raises(ValueError, match="explains or resolves"):
        close(difference, DifferenceState.GONE)


def test_a_closed_difference_whose_facts_change_is_open_again(till, difference):
    close(difference)
    BillLine.objects.update(amount_fen=502)
    compare(reconciliation_id=difference.reconciliation_id, now=till.morning(1))
    difference.refresh_from_db()
    assert (difference.state, difference.bill_fen, difference.closed_at) == ("open", 502, None)
    assert list(difference.events.values_list("state", flat=True)) == ["open", "explained", "open"]


def test_what_was_gone_and_comes_back_is_the_same_difference(till, difference):
    till.run()
    difference.refresh_from_db()
    assert difference.state == "gone"
    till.bank.fault("bill", "amount")
    till.run()
    difference.refresh_from_db()
    assert (difference.state, difference.events.count(), Difference.objects.count()) == ("open", 3, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_runs_at_once_keep_one_bill(till, monkeypatch, guarded):
    """The lock lets one run keep its bill after the other; without it they write the same lines beside each other."""
    till.pay(500, till.at("12:00:00"))
    till.pay(700, till.at("09:00:00"))
    till.run()
    BillLine.objects.all().delete()
    if not guarded:
        read = Reconciliation.objects.get
        monkeypatch.setattr(keeping, "lock_reconciliation", lambda *, reconciliation_id: read(pk=reconciliation_id))
    results = run_together(*[till.run] * 4)
    refused = [each for each in results if isinstance(each, Exception)]
    if guarded:
        assert refused == []
        assert BillLine.objects.count() == 2
        assert sums(Reconciliation.objects.get()) == ((2, 1200, 0, 0), (2, 1200, 0, 0))
        assert not Difference.objects.exists()
    else:
        assert refused
