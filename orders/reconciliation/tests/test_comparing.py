"""Days of the sandbox's gateway beside our books, over the real protocol."""

from datetime import timedelta

import pytest

from orders.payments.errors import PaymentGatewayUnavailable
from orders.payments.gateways.base import RefundRequest
from orders.payments.gateways.registry import gateway_for
from orders.payments.models import Payment, PaymentStatus, Refund, RefundStatus
from orders.reconciliation.invariants import LAWS
from orders.reconciliation.models import BillLine, Difference, DifferenceEvent, Reconciliation
from orders.reconciliation.services import ask_about, compare
from orders.reconciliation.services.keeping import keep_bill
from orders.reconciliation.tests.making import differences, sums
from shop.core.models import Alert

pytestmark = pytest.mark.django_db


def assert_lawful() -> None:
    assert [violation for law in LAWS for violation in law()] == []


def test_a_clean_day_has_no_difference_and_sums_equal_to_the_fen(till):
    till.pay(1999, till.at("00:00:00"))
    till.pay(1, till.at("12:00:00"))
    found = till.run()
    assert sums(found) == ((2, 2000, 0, 0), (2, 2000, 0, 0))
    # 0.6 % of ¥19.99 is 11.994 fen.
    assert (found.bill_fee_fen, found.carried, found.failure) == (12, 0, "")
    assert not Difference.objects.exists()
    assert_lawful()


def test_a_day_without_trade_is_an_ordinary_day(till):
    found = till.run()
    assert (found.status, sums(found)) == ("compared", ((0, 0, 0, 0), (0, 0, 0, 0)))
    assert not Difference.objects.exists()


def test_run_again_changes_nothing(till):
    kept, struck = till.pay(500, till.at("12:00:00")), till.pay(700, till.at("09:00:00"))
    till.bank.fault("bill", "missing")
    first = till.run()
    lines = BillLine.objects.count()
    till.bank.fault("bill", "missing")
    again = till.run()
    assert (again.pk, sums(again)) == (first.pk, sums(first))
    assert BillLine.objects.count() == lines == 1
    assert differences() == [("missing_there", struck.number, "open")]
    assert DifferenceEvent.objects.count() == 1
    assert kept.number == BillLine.objects.get().number


def test_a_struck_line_is_named_exactly_and_gone_when_the_bill_is_whole(till):
    till.pay(500, till.at("12:00:00"))
    struck = till.pay(700, till.at("09:00:00"))
    till.bank.fault("bill", "missing")
    found = till.run()
    [difference] = Difference.objects.all()
    assert (difference.kind, difference.number, difference.state) == ("missing_there", struck.number, "open")
    assert (difference.bill_fen, difference.book_fen, difference.payment) == (None, 700, struck)
    assert sums(found) == ((1, 500, 0, 0), (2, 1200, 0, 0))
    assert Alert.objects.get(cause="reconciliation.differences.wechat").data["count"] == 1
    healed = till.run(now=till.morning(1))
    assert sums(healed) == ((2, 1200, 0, 0), (2, 1200, 0, 0))
    difference.refresh_from_db()
    assert (difference.state, difference.closed_at) == ("gone", till.morning(1))
    assert list(difference.events.values_list("state", "actor")) == [
        ("open", "system:reconciliation"),
        ("gone", "system:reconciliation"),
    ]
    assert not Alert.objects.filter(cause="reconciliation.differences.wechat").exists()
    assert_lawful()


def test_a_line_that_nobody_ordered_is_not_in_our_books(till):
    payment = till.pay(500, till.at("12:00:00"))
    till.bank.fault("bill", "extra")
    found = till.run()
    [difference] = Difference.objects.all()
    assert (difference.kind, difference.bill_fen, difference.book_fen) == ("missing_here", 500, None)
    assert difference.number.startswith("UNKNOWN")
    assert (difference.payment, difference.refund) == (None, None)
    assert sums(found) == ((2, 1000, 0, 0), (1, 500, 0, 0))
    assert payment.number != difference.number


def test_an_amount_that_is_a_fen_too_high_is_named_with_both(till):
    payment = till.pay(500, till.at("12:00:00"))
    till.bank.fault("bill", "difference")
    found = till.run()
    [difference] = Difference.objects.all()
    assert (difference.kind, difference.number) == ("amount", payment.number)
    assert (difference.bill_fen, difference.book_fen) == (501, 500)
    assert sums(found) == ((1, 501, 0, 0), (1, 500, 0, 0))


def test_a_payment_that_we_did_not_know_as_paid_is_asked_about_and_confirmed(till):
    payment = till.pay(500, till.at("12:00:00"), known=False)
    assert payment.status != PaymentStatus.SUCCEEDED
    found = till.run()
    payment.refresh_from_db()
    payment.order.refresh_from_db()
    assert (payment.status, payment.order.status) == (PaymentStatus.SUCCEEDED, "paid")
    assert sums(found) == ((1, 500, 0, 0), (1, 500, 0, 0))
    [difference] = Difference.objects.all()
    assert (difference.kind, difference.state, difference.bill_state) == ("status", "gone", "SUCCESS")
    assert_lawful()


def test_a_bill_alone_confirms_nothing(till):
    """Only the gateway's own answer does; while it gives none, the difference stays open."""
    payment = till.pay(500, till.at("12:00:00"), known=False)
    found = Reconciliation.objects.create(method="wechat", day=till.day())
    with gateway_for("wechat").download_bill(day=till.day()) as bill:
        found = keep_bill(reconciliation_id=found.pk, bill=bill, now=till.morning())
    difference = Difference.objects.get()
    till.bank.fault("wechat_pay", "500")
    with pytest.raises(PaymentGatewayUnavailable):
        ask_about(difference=difference, now=till.morning())
    payment.refresh_from_db()
    assert payment.status != PaymentStatus.SUCCEEDED
    assert differences() == [("status", payment.number, "open")]
    assert sums(found) == ((1, 500, 0, 0), (0, 0, 0, 0))
    found = ask_about(difference=difference, now=till.morning(1))
    assert differences() == [("status", payment.number, "gone")]
    assert sums(found) == ((1, 500, 0, 0), (1, 500, 0, 0))


def test_a_payment_that_stands_on_two_lines_is_named_on_the_second(till):
    payment = till.pay(500, till.at("12:00:00"))
    found = till.run()
    line = BillLine.objects.get()
    line.pk, line.position = None, 2
    line.save()
    compare(reconciliation_id=found.pk, now=till.morning())
    assert differences() == [("duplicate", payment.number, "open")]
    found.refresh_from_db()
    assert sums(found) == ((2, 1000, 0, 0), (1, 500, 0, 0))


def test_a_payment_just_before_midnight_may_stand_on_the_next_bill(till):
    """Our books say 23:59:59, the gateway counts it on the next day."""
    till.run(-1)
    payment = till.pay(500, till.at("00:00:01", 1))
    Payment.objects.update(succeeded_at=till.at("23:59:59"))
    found = till.run()
    assert (sums(found), found.carried) == (((0, 0, 0, 0), (0, 0, 0, 0)), 1)
    assert not Difference.objects.exists()
    following = till.run(1)
    assert sums(following) == ((1, 500, 0, 0), (1, 500, 0, 0))
    assert not Difference.objects.exists()
    assert payment.number == BillLine.objects.get().number
    assert_lawful()


def test_a_payment_just_before_midnight_that_no_bill_has_is_missed_on_the_next_day(till):
    struck = till.pay(500, till.at("23:59:59"))
    till.bank.fault("bill", "missing")
    till.run()
    assert not Difference.objects.exists()
    following = till.run(1)
    assert differences() == [("missing_there", struck.number, "open")]
    assert sums(following) == ((0, 0, 0, 0), (1, 500, 0, 0))
    # The bill of its own day comes whole at last: the next day's difference closes by itself.
    whole = till.run(now=till.morning(1) + timedelta(hours=1))
    assert sums(whole) == ((1, 500, 0, 0), (1, 500, 0, 0))
    assert differences() == [("missing_there", struck.number, "gone")]
    following.refresh_from_db()
    assert sums(following) == ((0, 0, 0, 0), (0, 0, 0, 0))
    assert_lawful()


def test_payments_of_days_before_the_first_bill_are_not_missed(till):
    till.pay(500, till.at("23:59:59", -1))
    till.run()
    assert not Difference.objects.exists()


def test_refunds_are_compared_on_the_day_on_which_they_were_taken_in(till):
    payment = till.pay(5000, till.at("12:00:00"))
    till.refund(payment, 1250, till.at("13:00:00", 1), till.at("09:00:00", 3))
    first, second, third, fourth = [till.run(days) for days in range(4)]
    assert sums(first) == ((1, 5000, 0, 0), (1, 5000, 0, 0))
    assert sums(second) == ((0, 0, 1, 1250), (0, 0, 1, 1250))
    assert sums(third) == sums(fourth) == ((0, 0, 0, 0), (0, 0, 0, 0))
    # 30 fen for the payment, 8 fen (7.5) of them back.
    assert (first.bill_fee_fen, second.bill_fee_fen) == (30, -8)
    assert not Difference.objects.exists()
    assert_lawful()


def test_a_refund_asked_for_before_midnight_and_taken_in_after_it_is_no_difference(till):
    payment = till.pay(5000, till.at("12:00:00"))
    till.refund(payment, 1250, till.at("00:00:02", 1), till.at("00:00:05", 1))
    Refund.objects.update(created_at=till.at("23:59:58"))
    first, second = till.run(), till.run(1)
    assert (first.carried, sums(first)) == (1, ((1, 5000, 0, 0), (1, 5000, 0, 0)))
    assert (second.carried, sums(second)) == (0, ((0, 0, 1, 1250), (0, 0, 1, 1250)))
    assert not Difference.objects.exists()
    assert_lawful()


def test_a_refund_under_way_is_no_difference(till):
    refund = till.refund(till.pay(5000, till.at("12:00:00")), 1250, till.at("13:00:00"), till.at("09:00:00", 2))
    Refund.objects.update(status=RefundStatus.PROCESSING, succeeded_at=None)
    found = till.run()
    # As the bill had it then: drawn up before the payer had the money.
    BillLine.objects.filter(subject="refund").update(state="processing", raw_state="PROCESSING")
    Refund.objects.update(status=RefundStatus.PROCESSING, succeeded_at=None)
    Difference.objects.filter(number=refund.number).update(state="open", closed_at=None)
    found = compare(reconciliation_id=found.pk, now=till.morning(1))
    assert sums(found) == ((1, 5000, 1, 1250), (1, 5000, 1, 1250))
    assert not Difference.objects.filter(state="open").exists()


def test_a_refund_that_we_had_not_heard_of_as_sent_is_asked_about(till):
    refund = till.refund(till.pay(5000, till.at("12:00:00")), 1250, till.at("13:00:00"), till.at("14:00:00"))
    Refund.objects.update(status=RefundStatus.REQUESTED, succeeded_at=None)
    found = till.run()
    refund.refresh_from_db()
    assert (refund.status, refund.succeeded_at) == (RefundStatus.SUCCEEDED, till.at("14:00:00"))
    assert differences() == [("status", refund.number, "gone")]
    assert sums(found) == ((1, 5000, 1, 1250), (1, 5000, 1, 1250))


def test_a_refund_that_no_bill_has_is_missed_on_the_day_of_its_success(till):
    refund = till.refund(till.pay(5000, till.at("12:00:00")), 1250, till.at("13:00:00"), till.at("09:00:00", 1))
    first = till.run()
    BillLine.objects.filter(subject="refund").delete()
    compare(reconciliation_id=first.pk, now=till.morning())
    assert not Difference.objects.exists()
    second = till.run(1)
    assert differences() == [("missing_there", refund.number, "open")]
    assert sums(second) == ((0, 0, 0, 0), (0, 0, 1, 1250))
    # Its own day's bill, fetched again, has it after all.
    till.run(now=till.morning(1) + timedelta(hours=1))
    assert differences() == [("missing_there", refund.number, "gone")]
    assert_lawful()


def test_a_refund_is_not_missed_while_a_bill_that_may_have_it_is_awaited(till):
    till.refund(till.pay(5000, till.at("12:00:00")), 1250, till.at("13:00:00"), till.at("09:00:00", 1))
    Reconciliation.objects.create(method="wechat", day=till.day())
    till.run(1)
    assert not Difference.objects.exists()
    till.run()
    assert not Difference.objects.exists()


def test_a_refund_that_the_bank_turned_down_after_we_had_it_as_done_is_shown(till):
    refund = till.refund(till.pay(5000, till.at("12:00:00")), 1250, till.at("13:00:00"), till.at("14:00:00"))
    found = till.run()
    BillLine.objects.filter(subject="refund").update(state="abnormal", raw_state="CHANGE")
    compare(reconciliation_id=found.pk, now=till.morning())
    assert differences(state="open") == [("status", refund.number, "open")]


def test_a_refund_paid_by_hand_is_due_on_no_bill(till):
    refund = till.refund(till.pay(5000, till.at("12:00:00")), 1250, till.at("13:00:00"), till.at("14:00:00"))
    Refund.objects.update(by_hand_reason="by transfer", by_hand_by="staff:finance")
    found = till.run()
    # The bill has it as well: the payer has the money twice.
    assert differences() == [("status", refund.number, "open")]
    on_bill = BillLine.objects.filter(subject="refund")
    for change in (lambda: on_bill.update(state="abnormal"), on_bill.delete):
        change()
        compare(reconciliation_id=found.pk, now=till.morning())
        assert differences() == [("status", refund.number, "gone")]
    found.refresh_from_db()
    assert sums(found) == ((1, 5000, 0, 0), (1, 5000, 0, 0))
    assert found.carried == 0


def test_the_law_notices_books_that_were_changed_afterwards(till):
    payment = till.pay(500, till.at("12:00:00"))
    till.run()
    assert_lawful()
    Payment.objects.filter(pk=payment.pk).update(amount_fen=400)
    [sentence] = LAWS[0]()
    assert "500 on the bill, 400 in the books" in sentence


def test_a_large_day_is_compared_in_few_statements(till, django_assert_max_num_queries):
    found = till.run()
    now = till.morning()
    BillLine.objects.bulk_create(
        BillLine(
            reconciliation=found,
            position=n,
            method="wechat",
            subject="payment",
            number=f"X{n}",
            payment_number=f"X{n}",
            amount_fen=1,
            fee_fen=0,
            state="succeeded",
            at=now,
        )
        for n in range(1, 3001)
    )
    with django_assert_max_num_queries(20):
        compare(reconciliation_id=found.pk, now=now)
    assert Difference.objects.filter(kind="missing_here").count() == 3000
    assert Reconciliation.objects.get().bill_paid_fen == 3000


def test_what_was_refunded_in_the_console_is_proven_by_the_bill(till):
    payment = till.pay(500, till.at("12:00:00"), known=False)
    back_in_the_console(till, payment, 500)
    assert payment.refunds.get().reason == Refund.Reason.ELSEWHERE
    assert Alert.objects.filter(cause__contains="refunded_elsewhere").exists()
    found = till.run()
    assert sums(found) == ((1, 500, 1, 500), (1, 500, 1, 500))
    assert not Difference.objects.exists()
    assert not Alert.objects.exists()
    assert_lawful()


def test_what_went_back_in_part_stays_in_doubt(till):
    payment = till.pay(500, till.at("12:00:00"), known=False)
    back_in_the_console(till, payment, 300)
    till.run()
    assert differences() == [("missing_here", f"C{payment.number}", "open")]
    assert Alert.objects.filter(cause__contains="refunded_elsewhere").exists()
    assert_lawful()


def back_in_the_console(till, payment, fen):
    """The merchant gives it back there before our books have heard of the payment."""
    gateway_for("wechat").refund(
        RefundRequest(f"C{payment.number}", payment.number, fen, 500, "退款", "http://127.0.0.1:1/none")
    )
    at = till.at("13:00:00").isoformat()
    till.remember("wechat", "refunds", out_refund_no=f"C{payment.number}", taken_at=at, settled_at=at)
    till.hear_of(payment, till.at("13:00:00"))
    payment.refresh_from_db()
