"""Two tins of a presale: a deposit of ¥10 each that counts for ¥20 of ¥98, the balance later: HTTP only.

The balance is missed and handled by policy, either of them; or it is paid, the goods leave on their day, and come back
by halves, to the fen.
"""

from datetime import timedelta

import pytest

from logistics.allocation.models import FulfilmentRequest
from logistics.allocation.services import retry_fulfilment
from orders.after_sales import services
from orders.checkout.models import Deposit, Order
from orders.payments.models import Refund, RefundStatus
from orders.payments.services.closing import expire_unpaid_orders
from orders.payments.services.reminding import remind_of_balances
from promotions.presale.models import PresaleItem, PresaleUse
from promotions.presale.tests.making import make_item, make_presale, wish
from shop.catalog.models import SkuStock, StockReservation
from shop.core import clock
from shop.core.invariants import violations
from tests.journeys.front import advance, deliver_facts, stocked
from tests.journeys.test_after_sale import CLERK, asked

PHONE = "13800138008"
# 2 × ¥98, of which 2 × ¥10 pay 2 × ¥20: freight is free from the list price of 2 × ¥100.
PAYABLE_FEN, DEPOSIT_FEN, BALANCE_FEN = 17_600, 2000, 15_600


def presold(**policy):
    tin = stocked(price_fen=10_000, code="TIN", units=5)
    return make_item(tin, presale=make_presale(budget_fen=10_000, **policy), quota=4, limit_per_member=2)


def placed(front, sandbox, item):
    """Registered, ordered, and the deposit paid."""
    front.sign_in(sandbox, PHONE)
    address = {"name": "林小满", "phone": PHONE, "region_code": "330106", "detail": "文三路 478 号"}
    address_id = front.post("me/addresses", address, status=201)["id"]
    [presale] = front.get("presales")["items"]
    assert (presale["items"][0]["id"], presale["items"][0]["left"]) == (item.pk, 4)
    asked_for = wish(item, 2, address_id=address_id)
    seen = front.post("checkout/quote", asked_for)
    assert (seen["payable_fen"], seen["deposit_fen"], seen["balance_fen"]) == (PAYABLE_FEN, DEPOSIT_FEN, BALANCE_FEN)
    order = front.post("orders", {**asked_for, "expected_payable_fen": PAYABLE_FEN}, status=201)
    assert (order["due_fen"], order["deposit_status"]) == (DEPOSIT_FEN, "awaited")
    assert pay(front, sandbox, order["number"])["amount_fen"] == DEPOSIT_FEN
    order = front.get(f"orders/{order['number']}")
    assert (order["status"], order["paid_fen"], order["due_fen"]) == ("pending_payment", DEPOSIT_FEN, BALANCE_FEN)
    assert (order["deposit_status"], order["expires_at"]) == ("paid", order["balance_until"])
    return order


def pay(front, sandbox, number):
    login_code = sandbox.wechat_codes(phone=PHONE)["login_code"]
    started = front.post(f"orders/{number}/payments", {"method": "wechat", "login_code": login_code}, status=201)
    assert sandbox.pay(started["client_params"], wait=True)["notified"]["status"] == 204
    deliver_facts()
    return started


def days_pass(number, days):
    """As if the order had been placed so many days ago."""
    ago, order, deposit = (
        timedelta(days=days),
        Order.objects.get(number=number),
        Deposit.objects.get(order__number=number),
    )
    Order.objects.filter(pk=order.pk).update(expires_at=order.expires_at - ago, ships_at=order.ships_at - ago)
    Deposit.objects.filter(pk=order.pk).update(
        balance_from=deposit.balance_from - ago, balance_until=deposit.balance_until - ago
    )
    StockReservation.objects.filter(reference=number).update(expires_at=order.expires_at - ago)


def given_back(front, sandbox, after_sale):
    """Once the gateway has said so of each of its refunds."""
    deliver_facts()
    refunds = Refund.objects.filter(reference=after_sale["number"])
    for _ in range(100):
        waiting = refunds.exclude(status=RefundStatus.SUCCEEDED).first()
        if waiting is None:
            break
        sandbox.deliveries("refund_notify", waiting.payment.number)
    deliver_facts()
    assert front.get(f"after-sales/{after_sale['number']}")["status"] == "completed"


def heard(front):
    return [each["event"] for each in reversed(front.get("me/notifications")["items"])]


@pytest.mark.parametrize(("back", "status", "refunded_fen"), [(False, "kept", 0), (True, "returned", DEPOSIT_FEN)])
def test_a_balance_that_is_missed_is_handled_as_agreed_on(front, sandbox, db, back, status, refunded_fen):
    item = presold(back_if_missed=back, back_on_request=False)
    number = placed(front, sandbox, item)["number"]
    early = front.post(f"orders/{number}/payments", {"method": "wechat"}, status=409)
    assert early["code"] == "balance_not_due"
    assert front.post(f"orders/{number}/cancel", status=409)["code"] == "deposit_stays"
    assert violations() == {}

    days_pass(number, 1.5)
    assert remind_of_balances(now=clock.now()) == 1
    days_pass(number, 1.5)
    assert expire_unpaid_orders(now=clock.now())["cancelled"] == 1
    deliver_facts()
    order = front.get(f"orders/{number}")
    assert (order["status"], order["deposit_status"]) == ("cancelled", status)
    assert (order["paid_fen"], order["refunded_fen"]) == (DEPOSIT_FEN, refunded_fen)
    assert front.post(f"orders/{number}/payments", {"method": "wechat"}, status=409)["code"] == "order_not_payable"
    refunds = list(Refund.objects.values_list("amount_fen", "reason", "payment__part"))
    assert refunds == ([(DEPOSIT_FEN, "deposit", "deposit")] if back else [])
    stock = SkuStock.objects.get(sku=item.sku_id)
    assert (stock.available, stock.reserved, PresaleItem.objects.get().taken) == (5, 0, 0)
    assert PresaleUse.objects.get().released_at is not None
    assert [each for each in heard(front) if each.startswith(("deposit", "balance"))] == [
        "deposit_paid",
        "balance_due",
        f"deposit_{status}",
    ]
    assert violations() == {}


def test_a_balance_is_paid_goods_leave_on_their_day_and_come_back_by_halves(front, sandbox, db):
    item = presold()
    number = placed(front, sandbox, item)["number"]
    days_pass(number, 1.5)
    assert pay(front, sandbox, number)["amount_fen"] == BALANCE_FEN
    order = front.get(f"orders/{number}")
    assert (order["status"], order["paid_fen"], order["deposit_status"]) == ("paid", PAYABLE_FEN, "settled")
    assert front.get(f"orders/{number}/shipments")["items"] == []
    assert violations() == {}

    request = FulfilmentRequest.objects.get()
    assert request.retry_at == Order.objects.get().ships_at
    assert retry_fulfilment(request_id=request.pk, now=request.retry_at)
    deliver_facts()
    [parcel] = front.get(f"orders/{number}/shipments")["items"]
    for state in ("picked_up", "delivered"):
        advance(sandbox, parcel["tracking_number"], state)

    for units_back in (1, 2):
        back = asked(front, order, "refund", 1)
        assert back["refund_fen"] == PAYABLE_FEN // 2
        services.approve(number=back["number"], actor=CLERK, now=clock.now())
        given_back(front, sandbox, back)
        seen = front.get(f"orders/{number}")
        assert seen["refunded_fen"] == units_back * PAYABLE_FEN // 2
        assert violations() == {}
    # Of the balance first, then what it no longer reaches for of the deposit.
    refunds = list(Refund.objects.order_by("pk").values_list("payment__part", "amount_fen"))
    assert refunds == [("balance", 8800), ("balance", 6800), ("deposit", 2000)]
    assert seen["status"] == "refunded"
    assert (PresaleItem.objects.get().taken, PresaleUse.objects.get().released_at is not None) == (0, True)
