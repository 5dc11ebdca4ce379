"""The same by Alipay: its bill is another file, counts refunds when they took effect, and is compared alike."""

import io
import zipfile

import pytest

from orders.reconciliation.invariants import LAWS
from orders.reconciliation.models import BillLine, Difference, Reconciliation
from orders.reconciliation.services import reconcile_due
from orders.reconciliation.services.keeping import kept_file
from orders.reconciliation.tests.making import differences, sums

pytestmark = pytest.mark.django_db


def test_clean_days_have_no_difference_and_sums_equal_to_the_fen(till):
    payment = till.pay_by_alipay(1999, till.at("00:00:00"))
    till.pay_by_alipay(1, till.at("23:59:59"))
    till.refund_by_alipay(payment, 1250, till.at("09:00:00", 1))
    first, second = till.run(method="alipay"), till.run(1, method="alipay")
    assert sums(first) == ((2, 2000, 0, 0), (2, 2000, 0, 0))
    assert sums(second) == ((0, 0, 1, 1250), (0, 0, 1, 1250))
    # 0.6 % of ¥19.99 is 11.994 fen, of ¥12.50 it is 7.5.
    assert (first.bill_fee_fen, second.bill_fee_fen) == (12, -8)
    assert not Difference.objects.exists()
    assert [violation for law in LAWS for violation in law()] == []


def test_a_struck_line_is_named_exactly_and_gone_when_the_bill_is_whole(till):
    till.pay_by_alipay(500, till.at("12:00:00"))
    struck = till.pay_by_alipay(700, till.at("09:00:00"))
    till.bank.fault("alipay_bill", "missing")
    found = till.run(method="alipay")
    assert differences() == [("missing_there", struck.number, "open")]
    assert sums(found) == ((1, 500, 0, 0), (2, 1200, 0, 0))
    healed = till.run(method="alipay", now=till.morning(1))
    assert sums(healed) == ((2, 1200, 0, 0), (2, 1200, 0, 0))
    assert differences() == [("missing_there", struck.number, "gone")]


@pytest.mark.parametrize(("fault", "kind"), [("amount", "amount"), ("extra", "missing_here")])
def test_other_differences_are_named_too(till, fault, kind):
    payment = till.pay_by_alipay(500, till.at("12:00:00"))
    till.bank.fault("alipay_bill", fault)
    till.run(method="alipay")
    [difference] = Difference.objects.all()
    assert (difference.kind, difference.state) == (kind, "open")
    assert (difference.number == payment.number) is (kind == "amount")


def test_the_file_is_kept_as_alipay_gave_it(till):
    payment = till.pay_by_alipay(500, till.at("12:00:00"))
    found = till.run(method="alipay")
    content = b"".join(kept_file(reconciliation_id=found.pk))
    assert found.bill_suffix == ".zip"
    assert len(zipfile.ZipFile(io.BytesIO(content)).namelist()) == 2
    assert BillLine.objects.get().number == payment.number


def test_the_job_keeps_the_gateways_apart(till):
    by_alipay, by_wechat = till.pay_by_alipay(500, till.at("12:00:00")), till.pay(700, till.at("12:00:00"))
    till.bank.fault("bill", "500")
    assert reconcile_due(now=till.morning()) == {"tried": 2, "succeeded": 1, "failed": 1}
    by_method = dict(Reconciliation.objects.values_list("method", "status"))
    assert by_method == {"alipay": "compared", "wechat": "waiting"}
    assert reconcile_due(now=till.at("12:00:00", 1))["succeeded"] == 1
    assert sorted(BillLine.objects.values_list("method", "number")) == [
        ("alipay", by_alipay.number),
        ("wechat", by_wechat.number),
    ]
    assert not Difference.objects.exists()
