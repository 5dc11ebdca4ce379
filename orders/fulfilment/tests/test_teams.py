"""Orders of group buys: sent once their team has succeeded, paid back as a whole where it has not."""

from itertools import permutations

import pytest

from logistics.allocation.models import FulfilmentRequest
from members.identity.tests.factories import MemberFactory, client_for
from orders.after_sales import services
from orders.after_sales.errors import OrderWaits
from orders.after_sales.models import AfterSale, Kind
from orders.after_sales.services import calling_off
from orders.after_sales.tests.making import (
    CLERK,
    assert_lawful,
    deliver_facts,
    money_arrives,
    settle_payment,
    stocked,
    wish,
)
from orders.after_sales.tests.test_refunds import set_preference
from orders.checkout.models import Order
from orders.checkout.tests.making import buyer, place, stock
from orders.fulfilment.failed_teams import pay_back_forgotten
from orders.payments.models import Refund
from points.ledger.queries import balance_of
from points.ledger.services import grant
from promotions.campaigns.models import FirstPurchase
from promotions.checkout.combination import set_combination
from promotions.coupons.models import Coupon
from promotions.coupons.tests.making import make_coupon, make_live_template
from promotions.group_buy.services.ending import sweep_teams
from promotions.group_buy.tests.making import body, make_group_buy, seated, team_of
from promotions.pricing.model import Mechanism
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.invariants import violations
from shop.core.models import OutboxEntry
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tea():
    sku = SkuFactory(price_fen=10_000, stock=0)
    stocked(sku)
    return sku


@pytest.fixture
def group(tea):
    return make_group_buy((tea, 7000), size=2)


def requests():
    return list(FulfilmentRequest.objects.order_by("pk").values_list("order_number", "status"))


def now_of(order):
    order.refresh_from_db()
    return order


def fail(team):
    sweep_teams(now=team.due_at)
    deliver_facts()


def test_goods_wait_until_the_team_has_succeeded(group, tea):
    first = settle_payment(seated(group, tea))
    deliver_facts()
    assert (requests(), now_of(first).status) == ([], "paid")
    second = settle_payment(seated(group, tea, team=team_of(first)))
    deliver_facts()
    assert dict(requests()) == {first.number: "allocated", second.number: "allocated"}
    assert (now_of(first).status, now_of(second).status) == ("allocated", "allocated")
    assert violations() == {}


def test_an_order_that_waits_for_its_team_cannot_be_asked_back_and_says_why(group, tea):
    order = settle_payment(seated(group, tea))
    client, line = client_for(order.member), order.lines.get()
    asked = {"kind": "refund", "lines": [{"line_id": line.pk, "quantity": 1}], "reason": "unwanted"}
    address = f"/api/v1/orders/{order.number}/after-sales"
    for answer in (
        client.post(f"{address}/preview", asked),
        client.post(address, asked, headers={"Idempotency-Key": "k1"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "order_waits")
        assert "成团" in answer.json()["message"] or "team" in answer.json()["message"]
    with pytest.raises(OrderWaits):
        services.ask(number=order.number, wish=wish(order, kind=Kind.REFUND), actor=CLERK, now=clock.now())
    assert not AfterSale.objects.exists()
    settle_payment(seated(group, tea, team=team_of(order)))
    assert client.post(f"{address}/preview", asked).json()["refund_fen"] == 7000


def test_the_answers_of_an_order_tell_of_its_team(group, tea, django_assert_num_queries):
    member = MemberFactory.create()
    client = buyer(member)
    placed = place(client, body(group, tea)).json()
    first = Order.objects.get(number=placed["number"])
    team = team_of(first)
    assert (placed["group_status"], placed["team_id"]) == ("waiting", team.pk)
    place(client, {"items": body(group, tea)["items"]})
    settle_payment(first)
    with django_assert_num_queries(3):
        plain, waiting = client.get("/api/v1/orders").json()["items"]
    assert (plain["group_status"], plain["team_id"]) == (None, None)
    assert (waiting["group_status"], waiting["lines"][0]["units_for_after_sale"]) == ("waiting", 0)
    assert client.get("/api/v1/orders?activity=group_buy").json()["items"] == [waiting]
    for _ in range(2):
        place(client, body(group, tea))
    with django_assert_num_queries(3):
        client.get("/api/v1/orders")
    settle_payment(seated(group, tea, team=team))
    done = client.get(f"/api/v1/orders/{first.number}").json()
    assert (done["group_status"], done["lines"][0]["units_for_after_sale"]) == ("succeeded", 1)


def test_a_failed_team_gives_back_money_points_coupon_and_stock(tea):
    set_preference("after_sales.coupons", "never")
    together = dict.fromkeys(permutations((Mechanism.ACTIVITY, Mechanism.COUPON)), True)
    set_combination(agreements=together)
    member = MemberFactory.create()
    group, client, now = make_group_buy((tea, 7000), size=2), buyer(member), clock.now()
    with unit_of_work():
        grant(reference="w", member_id=member.pk, points=500, source="campaign", now=now, matures_at=now)
    coupon = make_coupon(member, template=make_live_template(threshold_fen=5000), now=now)
    answer = place(client, {**body(group, tea), "coupon_ids": [coupon.pk], "points_to_use": 500})
    assert answer.status_code == 201, answer.content
    order = settle_payment(Order.objects.get(number=answer.json()["number"]))
    deliver_facts()
    # ¥70, ¥20 off by the coupon, ¥5 by points; freight as the shop has it.
    assert (order.goods_fen - order.discount_fen, stock(tea)) == (4500, (19, 1))
    fail(team_of(order))
    after_sale = AfterSale.objects.get()
    assert (after_sale.status, after_sale.reason, after_sale.refund_points) == ("refunding", "called_off", 500)
    assert after_sale.refund_fen == order.paid_fen
    assert (now_of(order).status, stock(tea)) == ("paid", (20, 0))
    assert violations() == {}
    money_arrives(after_sale)
    deliver_facts()
    assert (now_of(order).status, order.refunded_fen) == ("refunded", order.paid_fen)
    assert Coupon.objects.get(pk=coupon.pk).status == "unused"
    found = balance_of(member_id=member.pk, now=clock.now())
    assert (found.available, found.pending, found.held) == (500, 0, 0)
    assert (requests()[0][1], violations()) == ("expected", {})
    assert_lawful()


def test_a_new_member_whose_team_failed_is_as_new_as_before(tea):
    group, member = make_group_buy((tea, 7000), size=2, new_members_only=True), MemberFactory.create()
    first = settle_payment(seated(group, tea, member=member))
    assert FirstPurchase.objects.get().order_number == first.number
    fail(team_of(first))
    assert not FirstPurchase.objects.exists()
    again = place(client_for(member), body(group, tea))
    assert again.status_code == 201
    second = settle_payment(Order.objects.get(number=again.json()["number"]))
    settle_payment(seated(group, tea, team=team_of(second)))
    deliver_facts()
    assert now_of(second).status == "allocated"
    assert FirstPurchase.objects.get(member=member).order_number == second.number


def test_told_again_a_failure_pays_back_once(group, tea):
    order = settle_payment(seated(group, tea))
    fail(team_of(order))
    for _ in range(2):
        OutboxEntry.objects.filter(fact__in=["SeatFailed", "OrderPaid"]).update(status="pending")
        deliver_facts()
    assert (AfterSale.objects.count(), Refund.objects.count()) == (1, 1)
    money_arrives(AfterSale.objects.get())
    OutboxEntry.objects.filter(fact__in=["SeatFailed", "OrderPaid"]).update(status="pending")
    deliver_facts()
    assert (Refund.objects.count(), now_of(order).status) == (1, "refunded")
    assert stock(tea) == (20, 0)
    assert violations() == {}


def refuse(**kwargs):
    raise OrderWaits


def test_a_refund_that_was_lost_is_found_out_and_made_up_for_once(group, tea, monkeypatch):
    order = settle_payment(seated(group, tea))
    deliver_facts()
    sweep_teams(now=team_of(order).due_at)
    assert violations() == {}
    OutboxEntry.objects.filter(fact="SeatFailed").update(status="parked")
    assert set(violations()) == {"orders.fulfilment.invariants.failed_teams_are_paid_back"}
    monkeypatch.setattr(calling_off, "start_refund", refuse)
    assert pay_back_forgotten(now=clock.now()) == {"refunded": 0, "failed": 1}
    assert (AfterSale.objects.count(), now_of(order).status) == (0, "paid")
    monkeypatch.undo()
    assert pay_back_forgotten(now=clock.now()) == {"refunded": 1, "failed": 0}
    assert (AfterSale.objects.get().refund_fen, violations()) == (order.paid_fen, {})
    OutboxEntry.objects.filter(fact="SeatFailed").update(status="pending")
    deliver_facts()
    money_arrives(AfterSale.objects.get())
    assert pay_back_forgotten(now=clock.now()) == {"refunded": 0, "failed": 0}
    assert (Refund.objects.count(), now_of(order).status, violations()) == (1, "refunded", {})


def test_who_paid_too_late_and_was_forgotten_is_told_so_and_paid_back(group, tea):
    first = settle_payment(seated(group, tea))
    second = seated(group, tea, team=team_of(first))
    sweep_teams(now=team_of(first).due_at)
    settle_payment(second)
    OutboxEntry.objects.filter(fact="SeatFailed").update(status="parked")
    assert pay_back_forgotten(now=clock.now()) == {"refunded": 2, "failed": 0}
    told = [AfterSale.objects.get(order=each).description for each in (first, second)]
    assert told == [f"team_failed {team_of(first).pk}", f"team_late {team_of(first).pk}"]


def test_the_failure_may_be_heard_before_the_payments_own_steps(group, tea):
    order = settle_payment(seated(group, tea))
    OutboxEntry.objects.filter(fact="OrderPaid").update(status="parked")
    fail(team_of(order))
    money_arrives(AfterSale.objects.get())
    deliver_facts()
    OutboxEntry.objects.filter(status="parked").update(status="pending")
    deliver_facts()
    assert (now_of(order).status, stock(tea)) == ("refunded", (20, 0))
    assert set(OutboxEntry.objects.exclude(fact="RefundRequested").values_list("status", flat=True)) == {"done"}
    assert violations() == {}


def test_who_pays_too_late_is_paid_back_and_unpaid_orders_are_closed(group, tea):
    first = settle_payment(seated(group, tea))
    team = team_of(first)
    second = seated(group, tea, team=team)
    sweep_teams(now=team.due_at)
    # The payment comes before the shop has heard that the order is to be closed.
    settle_payment(second)
    deliver_facts()
    for after_sale in AfterSale.objects.all():
        money_arrives(after_sale)
    deliver_facts()
    assert (now_of(first).status, now_of(second).status) == ("refunded", "refunded")
    assert violations() == {}


def test_an_unpaid_order_of_a_failed_team_is_closed(group, tea):
    first = settle_payment(seated(group, tea))
    second = seated(group, tea, team=team_of(first))
    fail(team_of(first))
    assert (now_of(second).status, stock(tea)) == ("cancelled", (20, 0))
    assert second.events.last().actor == str(Actor.system("group_buy"))
    assert violations() == {}


def test_an_order_that_points_have_paid_needs_no_gateway(tea):
    set_preference("points.deduction_cap_bp", 10_000)
    member, now = MemberFactory.create(), clock.now()
    group = make_group_buy((tea, 1000), size=2)
    with unit_of_work():
        grant(reference="w", member_id=member.pk, points=9000, source="campaign", now=now, matures_at=now)
    order = Order.objects.get(
        number=place(buyer(member), {**body(group, tea), "points_to_use": "max"}).json()["number"]
    )
    deliver_facts()
    assert now_of(order).status in ("paid", "pending_payment")
    if order.status == "pending_payment":
        settle_payment(order)
    used = order.points_used
    fail(team_of(order))
    for after_sale in AfterSale.objects.filter(status="refunding"):
        money_arrives(after_sale)
    deliver_facts()
    assert now_of(order).status == "refunded"
    assert (used, balance_of(member_id=member.pk, now=clock.now()).available) == (1000, 9000)
