"""Past orders from a file: as they were, all or nothing, and once."""

import io
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from members.identity.models import Member
from members.identity.services.merging import merge_accounts
from members.identity.tests.factories import MemberFactory
from orders.checkout.invariants import LAWS as ORDER_LAWS
from orders.checkout.models import Order, OrderLine, OrderStatus
from orders.imports.models import ImportedCustomer
from orders.imports.services import import_orders
from orders.imports.tests.cdnow import order_file, purchases
from orders.payments.invariants import LAWS as PAYMENT_LAWS
from orders.payments.models import Payment, PaymentMethod, Refund, RefundStatus
from orders.payments.services.by_hand import settle_by_hand
from orders.payments.services.refunding import refund_payment, send_refund
from promotions.campaigns.models import FirstPurchase
from shop.catalog.models import SkuStock
from shop.catalog.tests.factories import SkuFactory
from shop.core.actors import Actor
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
CLERK = Actor.system("import_orders")
HEAD = "order_number,customer,phone,paid_at,sku,quantity,amount,freight\n"


def load(text, **more):
    return import_orders(file=io.BytesIO(text.encode()), actor=CLERK, now=NOW, **more)


@pytest.fixture
def skus(db):
    return SkuFactory(code="TEA-1", stock=5), SkuFactory(code="CUP-1", stock=5)


def broken():
    return [sentence for law in (*ORDER_LAWS, *PAYMENT_LAWS) for sentence in law()]


def test_an_order_of_two_rows_comes_in_as_it_was(skus):
    report = load(HEAD + "A1,k7,,2025-03-31 18:05,TEA-1,3,100.00,8\nA1,k7,,2025-03-31 18:05,CUP-1,1,20.5,\n")
    assert (report.rows, report.orders, report.members, report.known) == (2, 1, 1, 0)
    order = Order.objects.get(number="A1")
    assert (order.status, order.paid_fen, order.freight_fen) == (OrderStatus.COMPLETED, 12_850, 800)
    assert order.paid_at == order.completed_at == datetime(2025, 3, 31, 10, 5, tzinfo=UTC)
    tea, cup = order.lines.all()
    # 100 yuan for three: 33.34 each, of which two fen were never paid.
    assert (tea.unit_price_fen, tea.quantity, tea.subtotal_fen, tea.payable_fen) == (3334, 3, 10_002, 10_000)
    assert (cup.sku_code, cup.payable_fen, order.goods_fen, order.discount_fen) == ("CUP-1", 2050, 12_052, 2)
    assert order.payments.get().method == PaymentMethod.ELSEWHERE
    assert order.member.joined_at == order.paid_at
    assert FirstPurchase.objects.get(member=order.member).order_number == "A1"
    assert broken() == []


def test_nothing_follows_from_history(skus):
    load(HEAD + "A1,k7,,2025-03-31,TEA-1,3,100.00,\n")
    assert list(SkuStock.objects.order_by("pk").values_list("available", flat=True)) == [5, 5]
    assert OutboxEntry.objects.count() == 0


def test_a_file_that_comes_again_changes_nothing(skus):
    text = HEAD + "A1,k7,,2025-03-31,TEA-1,1,10,\nA2,k7,,2025-04-01,TEA-1,1,10,\n"
    load(text)
    again = load(text + "A3,k7,,2025-04-02,TEA-1,1,10,\n")
    assert (again.orders, again.known, again.members) == (1, 2, 0)
    assert Order.objects.values_list("member", flat=True).distinct().count() == 1
    assert OrderLine.objects.count() == 3


def test_a_phone_finds_its_member_and_its_customer_number_is_remembered(skus):
    member = MemberFactory(phone="+8613800138000")
    load(HEAD + "A1,k7,13800138000,2025-03-31,TEA-1,1,10,\nA2,,13900139000,2025-03-31,TEA-1,1,10,\n")
    load(HEAD + "A3,k7,,2025-04-01,TEA-1,1,10,\n")
    assert set(member.orders.values_list("number", flat=True)) == {"A1", "A3"}
    assert Order.objects.get(number="A2").member.phone == "+8613900139000"


def test_the_number_goes_along_when_accounts_become_one(skus):
    load(HEAD + "A1,k7,,2025-03-31,TEA-1,1,10,\n")
    member = MemberFactory()
    merge_accounts(source_id=Order.objects.get().member_id, target_id=member.pk, now=NOW)
    load(HEAD + "A2,k7,,2025-04-01,TEA-1,1,10,\n")
    assert ImportedCustomer.objects.get().member_id == member.pk
    assert member.orders.count() == 2


def test_every_fault_is_named_and_nothing_is_imported(skus):
    text = HEAD + (
        "A1,k7,,2025-03-31,TEA-1,1,10,\n"
        "A2,k7,,2025-03-31,NO-SUCH,1,10,\n"
        "A1,k7,,2025-03-31,TEA-1,1,10,\n"
        "A3,k7,12,2027-01-01,TEA-1,0,-5,x\n"
        "A4,,,soon,TEA-1,1,10,\n"
        "A5,k7,,2025-03-31,TEA-1,1,10,\n"
        "A5,k8,,2025-03-31,TEA-1,1,10,\n"
    )
    report = load(text)
    found = {(problem.row, problem.column) for problem in report.problems}
    assert found == {
        (3, "sku"),
        (4, "order_number"),
        (5, "phone"),
        (5, "paid_at"),
        (5, "quantity"),
        (5, "amount"),
        (5, "freight"),
        (6, "customer"),
        (6, "paid_at"),
        (8, "customer"),
    }
    assert (Order.objects.count(), Member.objects.count(), Payment.objects.count()) == (0, 0, 0)


def test_a_number_of_the_shop_itself_is_refused(skus):
    load(HEAD + "A1,k7,,2025-03-31,TEA-1,1,10,\n")
    Payment.objects.update(method=PaymentMethod.WECHAT)
    report = load(HEAD + "A1,k7,,2025-03-31,TEA-1,1,10,\n")
    assert [(each.row, each.column) for each in report.problems] == [(2, "order_number")]


def test_the_command_says_what_it_did_and_where_it_could_not(skus, tmp_path, capsys):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("订单号,客户编号,支付时间,规格编码,数量,实付金额\nA1,k7,2025-03-31,TEA-1,2,10\n", encoding="gbk")
    bad.write_text(HEAD + "A2,k7,,2025-03-31,TEA-9,2,10,\n")
    call_command("import_orders", str(good), "--dry-run")
    assert Order.objects.count() == 0
    call_command("import_orders", str(good))
    assert "orders +1, members +1" in capsys.readouterr().out
    with pytest.raises(CommandError, match="1 problems"):
        call_command("import_orders", str(bad))
    assert "2: sku" in capsys.readouterr().err


def test_money_for_an_imported_order_goes_back_by_hand(skus):
    load(HEAD + "A1,k7,,2025-03-31,TEA-1,1,10,\n")
    payment = Payment.objects.get()
    with unit_of_work():
        refund = refund_payment(payment=payment, amount_fen=400, reason=Refund.Reason.LATE, now=NOW)
    send_refund(number=refund.number, now=NOW)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.ABNORMAL
    settle_by_hand(number=refund.number, reason="转账", actor=Actor.staff("mei"), now=NOW)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.SUCCEEDED


def test_a_real_history_of_seven_thousand_purchases(django_assert_max_num_queries):
    SkuFactory(code="CD", stock=0)
    rows = purchases()
    with django_assert_max_num_queries(200):
        report = import_orders(file=order_file(rows), actor=CLERK, now=NOW)
    assert (report.orders, report.members) == (6919, 2357)
    assert sum(Order.objects.values_list("paid_fen", flat=True)) == sum(row.fen for row in rows)
    assert broken() == []
