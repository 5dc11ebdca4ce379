"""What staff see and do of an order that is paid in two parts."""

from datetime import timedelta

import pytest
from django.urls import reverse

from orders.after_sales.invariants import LAWS as AFTER_SALE_LAWS
from orders.checkout.models import OrderStatus
from orders.payments.models import Payment, Refund
from orders.payments.services.closing import expire_unpaid_orders
from orders.payments.services.confirmation import confirm_payment
from orders.payments.tests.factories import assert_lawful, make_presold
from orders.payments.tests.test_confirming import GATEWAY, told
from orders.payments.tests.test_deposits import HOUR, again, opened, paid
from orders.reconciliation.admin.settlement import kept_panels
from orders.workbench.criteria import matching
from orders.workbench.errors import PriceBelowDeposit
from orders.workbench.export_rows import rows_of
from orders.workbench.services.pricing import ask_price
from shop.core import clock
from shop.core.actors import Actor
from shop.core.clock import SHANGHAI

pytestmark = pytest.mark.django_db


def test_staff_change_the_balance_but_not_below_the_deposit(member):
    order, clerk = make_presold(member, opens_in=-HOUR), Actor.staff("clerk")
    change = {"number": order.number, "freight_fen": 0, "reason": "loyal", "actor": clerk, "now": clock.now()}
    paid(order)
    with pytest.raises(PriceBelowDeposit):
        ask_price(taken_off={1: 7900}, **change)
    assert again(order).payable_fen == 9900
    stale = opened(order)
    Payment.objects.filter(pk=stale.pk).update(status="closed")
    ask_price(taken_off={1: 1900}, **change)
    confirm_payment(transaction=told(stale), actor=GATEWAY, now=clock.now())
    assert Refund.objects.get().reason == Refund.Reason.REPRICED
    assert paid(order).amount_fen == 6000
    assert (order.status, order.paid_fen) == (OrderStatus.PAID, 8000)
    assert_lawful()


def test_a_page_and_a_file_tell_of_both_payments(admin_client, member):
    order = make_presold(member, opens_in=-HOUR)
    paid(order)
    page = admin_client.get(reverse("admin:checkout_order_change", args=[order.pk])).content.decode()
    assert "¥20.00" in page
    assert "¥79.00" in page
    second = opened(order, method="alipay")
    confirm_payment(transaction=told(second), actor=GATEWAY, now=clock.now())
    [row] = rows_of("orders", [again(order)], reveals=False)
    assert "微信支付 + 支付宝" in row


def test_orders_whose_balance_is_awaited_are_found(member):
    waiting, without, settled = (make_presold(member, opens_in=-HOUR) for _ in range(3))
    paid(waiting)
    for _ in range(2):
        paid(settled)
    assert [each.number for each in matching({"status": "awaits_balance"})] == [waiting.number]
    assert {each.number for each in matching({"status": "pending_payment"})} == {waiting.number, without.number}


def test_finance_finds_what_the_shop_has_kept(admin_client, member):
    kept, returned = make_presold(member), make_presold(member, back_if_missed=True)
    for order in (kept, returned):
        paid(order)
    ended_at = kept.deposit.balance_until + timedelta(days=1)
    assert expire_unpaid_orders(now=ended_at)["cancelled"] == 2
    assert [violation for law in AFTER_SALE_LAWS for violation in law()] == []
    listed = admin_client.get(reverse("admin:checkout_deposit_changelist"), {"status": "kept"}).content.decode()
    assert kept.number in listed
    assert returned.number not in listed
    [panel] = kept_panels()
    assert panel.rows == [
        [f"{kept.deposit.balance_until.astimezone(SHANGHAI) + timedelta(days=1):%Y-%m}", "1", "¥20.00"]
    ]
    shown = admin_client.get(reverse("admin:checkout_deposit_change", args=[kept.pk]))
    assert shown.status_code == 200
