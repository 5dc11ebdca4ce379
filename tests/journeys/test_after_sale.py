"""A member buys, thinks better of it, and has the money back; then goods come back and are sold again: HTTP only."""

from logistics.network.models import WarehouseStock
from orders.after_sales import services
from orders.payments.models import Refund, RefundStatus
from shop.core import clock
from shop.core.actors import Actor
from shop.core.invariants import violations
from tests.journeys.front import advance, deliver_facts

CLERK = Actor.staff("clerk")


def bought(front, sandbox, tea, quantity):
    """Paid by WeChat, and allocated."""
    front.sign_in(sandbox, "13800138009")
    address = {"name": "林小满", "phone": "13800138009", "region_code": "330106", "detail": "文三路 478 号"}
    front.post("me/addresses", address, status=201)
    wish = {"items": [{"sku_id": tea.pk, "quantity": quantity}]}
    order = front.post("orders", wish, status=201)
    login_code = sandbox.wechat_codes(phone="13800138009")["login_code"]
    started = front.post(
        f"orders/{order['number']}/payments", {"method": "wechat", "login_code": login_code}, status=201
    )
    assert sandbox.pay(started["client_params"], wait=True)["notified"]["status"] == 204
    deliver_facts()
    return front.get(f"orders/{order['number']}")


def asked(front, order, kind, quantity):
    lines = [{"line_id": order["lines"][0]["id"], "quantity": quantity}]
    body = {"kind": kind, "lines": lines, "reason": "unwanted"}
    return front.post(f"orders/{order['number']}/after-sales", body, status=201)


def refunded(front, sandbox, after_sale):
    """Once the gateway has said so, by its callback."""
    deliver_facts()
    payment = Refund.objects.get(reference=after_sale["number"]).payment.number
    for _ in range(100):
        if Refund.objects.get(reference=after_sale["number"]).status == RefundStatus.SUCCEEDED:
            break
        sandbox.deliveries("refund_notify", payment)
    deliver_facts()
    done = front.get(f"after-sales/{after_sale['number']}")
    assert done["status"] == "completed"
    return done


def test_money_comes_back_before_goods_leave_and_goods_that_came_back_are_sold_again(front, sandbox, tea):
    order = bought(front, sandbox, tea, 3)
    assert order["status"] == "allocated"
    # Three tins at ¥48, freight is free: one of them never leaves.
    refund = asked(front, order, "refund", 1)
    assert (refund["refund_fen"], refund["refund_points"]) == (4800, 0)
    services.approve(number=refund["number"], actor=CLERK, now=clock.now())
    assert refunded(front, sandbox, refund)["refund_fen"] == 4800

    [parcel] = front.get(f"orders/{order['number']}/shipments")["items"]
    assert [line["quantity"] for line in parcel["lines"]] == [2]
    for state in ("picked_up", "delivered"):
        advance(sandbox, parcel["tracking_number"], state)
    assert front.get(f"orders/{order['number']}")["status"] == "delivered"

    back = asked(front, order, "return", 2)
    services.approve(number=back["number"], actor=CLERK, now=clock.now())
    sent = {"carrier": "顺丰", "tracking_number": "SF1234567890"}
    assert front.post(f"after-sales/{back['number']}/return-shipment", sent)["status"] == "under_way"
    services.receive_goods(
        number=back["number"], received={order["lines"][0]["id"]: (2, 0)}, actor=CLERK, now=clock.now()
    )
    assert refunded(front, sandbox, back)["refund_fen"] == 9600
    ended = front.get(f"orders/{order['number']}")
    assert (ended["status"], ended["refunded_fen"], ended["lines"][0]["units_refunded"]) == ("refunded", 14_400, 3)
    [sold] = front.get(f"products/{tea.product_id}")["skus"]
    assert (WarehouseStock.objects.get(sku=tea).on_hand, sold["available"]) == (5, 5)
    assert violations() == {}
