"""Three members pay for a team of four that nobody completes: all three have their money back. HTTP only.

A fourth, who holds the last seat and does not pay in time, owes nothing; then three others make it.
"""

from datetime import timedelta

from orders.checkout.models import Order
from orders.payments.models import Refund, RefundStatus
from promotions.group_buy.models import Team
from promotions.group_buy.services.ending import sweep_teams
from promotions.group_buy.tests.making import make_group_buy
from shop.catalog.models import SkuStock
from shop.core.invariants import violations
from tests.journeys.front import Front, deliver_facts

PHONES = [f"1380013810{n}" for n in range(4)]


def member(url, sandbox, phone):
    front = Front(url)
    front.sign_in(sandbox, phone)
    address = {"name": "林小满", "phone": phone, "region_code": "330106", "detail": "文三路 478 号"}
    front.post("me/addresses", address, status=201)
    front.phone = phone
    return front


def order(front, group, tea, team_id=None):
    activity = {"kind": "group_buy", "id": group.pk, **({"team_id": team_id} if team_id else {})}
    wish = {"items": [{"sku_id": tea.pk, "quantity": 1}], "activity": activity}
    quoted = front.post("checkout/quote", wish)
    return front.post("orders", {**wish, "expected_payable_fen": quoted["payable_fen"]}, status=201)


def pay(front, sandbox, number):
    login_code = sandbox.wechat_codes(phone=front.phone)["login_code"]
    started = front.post(f"orders/{number}/payments", {"method": "wechat", "login_code": login_code}, status=201)
    assert sandbox.pay(started["client_params"], wait=True)["notified"]["status"] == 204
    deliver_facts()
    return front.get(f"orders/{number}")


def money_is_back(sandbox):
    """Once the gateway has said so of each refund, by its callback."""
    deliver_facts()
    for refund in Refund.objects.exclude(status=RefundStatus.SUCCEEDED).select_related("payment"):
        for _ in range(100):
            refund.refresh_from_db()
            if refund.status == RefundStatus.SUCCEEDED:
                break
            sandbox.deliveries("refund_notify", refund.payment.number)
    deliver_facts()


def inbox(front):
    return [each["title"] for each in front.get("me/notifications")["items"]]


def test_a_failed_team_refunds_its_three_members(front, sandbox, tea, live_server):
    group = make_group_buy((tea, 3900, 3500), size=4)
    people = [member(live_server.url, sandbox, phone) for phone in PHONES]
    first = order(people[0], group, tea)
    team_id = first["team_id"]
    numbers = [first["number"]] + [order(each, group, tea, team_id)["number"] for each in people[1:]]
    paid = [pay(who, sandbox, number) for who, number in zip(people[:3], numbers[:3], strict=True)]
    # ¥39 a tin, ¥35 for the leader, and ¥8 of freight.
    assert [(each["status"], each["group_status"], each["paid_fen"]) for each in paid] == [
        ("paid", "waiting", 4300),
        ("paid", "waiting", 4700),
        ("paid", "waiting", 4700),
    ]
    team = people[0].get(f"teams/{team_id}")
    assert (team["status"], team["missing"], team["seats_left"]) == ("open", 1, 0)
    line = paid[0]["lines"][0]["id"]
    asked = {"kind": "refund", "lines": [{"line_id": line, "quantity": 1}], "reason": "unwanted"}
    refused = people[0].post(f"orders/{numbers[0]}/after-sales", asked, status=409)
    assert refused["code"] == "order_waits"

    sweep_teams(now=Team.objects.get().due_at + timedelta(seconds=1))
    money_is_back(sandbox)
    for who, number, each in zip(people[:3], numbers[:3], paid, strict=True):
        done = who.get(f"orders/{number}")
        assert (done["status"], done["group_status"], done["refunded_fen"]) == ("refunded", "failed", each["paid_fen"])
        assert "未能成团" in inbox(who)
    assert people[3].get(f"orders/{numbers[3]}")["status"] == "cancelled"
    assert people[0].get(f"teams/{team_id}")["status"] == "failed"
    assert Refund.objects.filter(status=RefundStatus.SUCCEEDED).count() == 3
    stock = SkuStock.objects.get(sku=tea)
    assert (stock.available, stock.reserved, Order.objects.filter(status="refunded").count()) == (5, 0, 3)
    assert violations() == {}
