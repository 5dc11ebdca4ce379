"""What orders take of a bargain, as members place them: over HTTP."""

from datetime import timedelta

import pytest

from members.identity.tests.factories import MemberFactory
from orders.checkout.locks import lock_order
from orders.checkout.models import Order
from orders.checkout.services.cancellation import cancel_unpaid
from orders.checkout.tests.making import buyer, items, place, quote
from orders.fulfilment.tests.test_parcels import pay
from promotions.bargaining.errors import BargainOrdered
from promotions.bargaining.invariants import LAWS
from promotions.bargaining.models import BargainAttempt
from promotions.bargaining.results import result_of_bargain
from promotions.bargaining.services.ordering import release_attempt
from promotions.bargaining.tests.making import DAY, help_with, make_live_bargain, new_member, start, to_the_floor
from promotions.checkout.models import PromotionClaim
from promotions.checkout.returns import LineNow, count_returns
from shop.catalog.models import Sku
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return MemberFactory.create()


@pytest.fixture
def client(owner):
    return buyer(owner)


def at_floor(owner, **fields):
    """An attempt at ¥60 of a bargain with a quota of 2 and a budget."""
    given = {"quota": 2, "budget_fen": 100_000, "revision": 1, **fields}
    return to_the_floor(start(make_live_bargain(**given), owner, now=clock.now()), now=clock.now())


def wish(attempt, units=1, **more):
    body = {"items": items((attempt.sku, units)), "activity": {"kind": "bargain", "attempt_id": attempt.pk}}
    return {**body, **more}


def order_of(answer):
    assert answer.status_code == 201, answer.content
    return Order.objects.get(number=answer.json()["number"])


def cancel(order, now=None):
    with unit_of_work():
        actor = Actor.member(order.member_id)
        cancel_unpaid(order=lock_order(number=order.number), actor=actor, now=now or clock.now())


def counted(attempt):
    """Status of the attempt, units and fen that the bargain counts."""
    attempt.refresh_from_db()
    bargain = attempt.bargain
    bargain.refresh_from_db()
    return attempt.status, bargain.taken, bargain.spent_fen


def laws():
    return [sentence for law in LAWS for sentence in law()]


def refused(answer, code, status=409):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content


def test_an_order_buys_at_the_floor_and_uses_the_price_up(client, owner):
    attempt = at_floor(owner)
    asked = quote(client, wish(attempt)).json()
    assert (asked["payable_fen"], asked["discount_fen"]) == (6000, 4000)
    assert [(each["kind"], each["id"], each["amount_fen"]) for each in asked["applied"]] == [
        ("bargain", attempt.bargain_id, -4000)
    ]
    order = order_of(place(client, wish(attempt, expected_payable_fen=6000)))
    assert counted(attempt) == ("ordered", 1, 4000)
    assert attempt.order_number == order.number
    refused(place(client, wish(attempt), key="again"), "bargain_ordered")
    pay(order)
    assert counted(attempt) == ("bought", 1, 4000)
    found = result_of_bargain(attempt.bargain_id)
    assert (found.participants, found.orders, found.revenue_fen, found.cost_fen) == (1, 1, 6000, 4000)
    assert (found.new_members, [day.orders for day in found.days]) == (1, [1])
    refused(quote(client, wish(attempt)), "bargain_ordered")
    assert laws() == []


def test_a_cancelled_order_gives_the_attempt_back_for_another_one(client, owner):
    """Others let an attempt burn with the order that was not paid."""
    attempt = at_floor(owner)
    for number in range(2):
        order = order_of(place(client, wish(attempt), key=f"k{number}"))
        assert counted(attempt) == ("ordered", 1, 4000)
        cancel(order)
        assert counted(attempt) == ("open", 0, 0)
        with unit_of_work():
            assert release_attempt(order_number=order.number, now=clock.now()) == 0
    assert set(PromotionClaim.objects.filter(mechanism="bargain").values_list("status", flat=True)) == {"released"}
    pay(order_of(place(client, wish(attempt), key="k2")))
    assert (counted(attempt), laws()) == (("bought", 1, 4000), [])


def test_the_time_that_an_order_held_it_comes_back_too(client, owner):
    attempt = at_floor(owner)
    until = attempt.expires_at
    order = order_of(place(client, wish(attempt)))
    cancel(order, now=order.placed_at + 2 * DAY)
    assert counted(attempt)[0] == "open"
    assert attempt.expires_at - until == 2 * DAY


def test_on_the_way_the_price_reached_can_be_bought(client, owner):
    attempt = start(make_live_bargain(), owner, now=clock.now())
    assert quote(client, wish(attempt)).json()["payable_fen"] == 10_000 - attempt.plan[0]
    order = order_of(place(client, wish(attempt)))
    assert order.payable_fen == 10_000 - attempt.plan[0]
    with pytest.raises(BargainOrdered):
        help_with(attempt, new_member(clock.now()), now=clock.now())


def test_a_help_between_the_look_and_the_order_is_a_new_price(client, owner):
    attempt = start(make_live_bargain(), owner, now=clock.now())
    seen = quote(client, wish(attempt)).json()["payable_fen"]
    cut = help_with(attempt, now=clock.now())
    answer = place(client, wish(attempt, expected_payable_fen=seen))
    refused(answer, "price_changed")
    assert counted(attempt) == ("open", 0, 0)
    assert order_of(place(client, wish(attempt, expected_payable_fen=seen - cut.fen), key="new"))


def test_where_only_the_floor_is_sold_the_way_there_is_not(client, owner):
    attempt = start(make_live_bargain(buy_at="floor"), owner, now=clock.now())
    answer = quote(client, wish(attempt))
    refused(answer, "bargain_not_at_floor")
    assert answer.json()["data"] == {"missing_fen": 4000 - attempt.plan[0]}
    refused(place(client, wish(attempt)), "bargain_not_at_floor")
    to_the_floor(attempt, now=clock.now())
    assert quote(client, wish(attempt)).json()["payable_fen"] == 6000


def test_the_price_stands_whatever_becomes_of_that_of_the_goods(client, owner):
    attempt = at_floor(owner)
    sku = Sku.objects.filter(pk=attempt.sku_id)
    sku.update(price_fen=30_000, floor_price_fen=9000)
    assert quote(client, wish(attempt)).json()["payable_fen"] == 6000
    sku.update(price_fen=5000, floor_price_fen=None)
    order = order_of(place(client, wish(attempt, expected_payable_fen=5000)))
    assert (order.discount_fen, counted(attempt)) == (0, ("ordered", 1, 0))


def test_somebody_elses_attempt_is_not_there(client):
    attempt = at_floor(MemberFactory.create())
    refused(quote(client, wish(attempt)), "activity_not_found", 404)
    refused(place(client, wish(attempt)), "activity_not_found", 404)
    assert counted(attempt) == ("open", 0, 0)


def test_one_unit_of_its_own_goods_by_itself(client, owner):
    attempt, other = at_floor(owner), SkuFactory()
    refused(quote(client, wish(attempt, units=2)), "bargain_one_unit")
    refused(quote(client, wish(attempt, items=items((other, 1)))), "activity_goods")
    refused(quote(client, wish(attempt, items=items((attempt.sku, 1), (other, 1)))), "activity_goods")
    refused(place(client, wish(attempt, units=2)), "bargain_one_unit")
    assert counted(attempt) == ("open", 0, 0)
    assert not Order.objects.exists()


def test_what_is_over_or_gone_is_not_sold(client, owner):
    attempt = at_floor(owner)
    bargain = attempt.bargain
    BargainAttempt.objects.filter(pk=attempt.pk).update(expires_at=clock.now())
    refused(quote(client, wish(attempt)), "bargain_expired")
    BargainAttempt.objects.filter(pk=attempt.pk).update(expires_at=clock.now() + timedelta(hours=1))
    for fields, code, status in (
        ({"status": "paused"}, "activity_not_found", 404),
        ({"status": "running", "quota": 0}, "bargain_sold_out", 409),
        ({"quota": None, "budget_fen": 3999}, "campaign_budget_spent", 409),
    ):
        type(bargain).objects.filter(pk=bargain.pk).update(**fields)
        refused(quote(client, wish(attempt)), code, status)
        refused(place(client, wish(attempt), key=code), code, status)
    assert counted(attempt) == ("open", 0, 0)
    assert not Order.objects.exists()


def test_the_orders_of_bargains_are_found_and_say_so(client, owner):
    attempt = at_floor(owner)
    order = order_of(place(client, wish(attempt)))
    order_of(place(client, {"items": items((SkuFactory(), 1))}, key="other"))
    rows = client.get("/api/v1/orders", {"activity": "bargain"}).json()["items"]
    assert [row["number"] for row in rows] == [order.number]
    shown = client.get(f"/api/v1/orders/{order.number}").json()
    assert shown["activities"] == [{"kind": "bargain", "id": attempt.bargain_id, "label": "新春砍价"}]


def test_a_price_for_which_nothing_was_sent_is_its_owners_again(client, owner):
    """Others let a price burn with the paid order that the shop called off."""
    attempt = at_floor(owner)
    until = attempt.expires_at
    order = order_of(place(client, wish(attempt)))
    pay(order)
    line = LineNow(attempt.sku_id, 1, 1, order.lines.get().adjustments)
    for _ in range(2):
        with unit_of_work():
            count_returns(
                order_number=order.number, lines=[line], paid_fen=0, was_sent=False, now=order.placed_at + DAY
            )
        assert (counted(attempt), attempt.expires_at - until) == (("open", 0, 0), DAY)
    found = result_of_bargain(attempt.bargain_id)
    assert (found.orders, found.revenue_fen, found.cost_fen, laws()) == (0, 0, 0, [])
    pay(order_of(place(client, wish(attempt, expected_payable_fen=6000), key="again")))
    assert (counted(attempt), laws()) == (("bought", 1, 4000), [])


@pytest.mark.parametrize(("is_whole", "expected"), [(False, ("bought", 1, 4000)), (True, ("returned", 0, 0))])
def test_goods_that_came_back_count_no_more_and_their_price_stays_used(client, owner, is_whole, expected):
    attempt = at_floor(owner)
    order = order_of(place(client, wish(attempt)))
    pay(order)
    line = LineNow(attempt.sku_id, 1, int(is_whole), order.lines.get().adjustments)
    for _ in range(2):
        with unit_of_work():
            count_returns(
                order_number=order.number,
                lines=[line],
                paid_fen=0 if is_whole else 5000,
                was_sent=True,
                now=clock.now(),
            )
        assert counted(attempt) == expected
    found = result_of_bargain(attempt.bargain_id)
    assert (found.orders, found.revenue_fen, found.cost_fen) == ((0, 0, 0) if is_whole else (1, 5000, 4000))
    refused(place(client, wish(attempt), key="again"), "bargain_ordered")
    assert laws() == []


def shown(api, sku):
    """The activities that the product shows; what was shown before is kept in the cache until told otherwise."""
    return [each["kind"] for each in api.get(f"/api/v1/products/{sku.product_id}").json()["activities"]]


@pytest.mark.django_db(transaction=True)
def test_a_bargain_is_shown_until_its_last_unit_is_ordered_and_when_that_comes_back(api, client, owner):
    attempt = at_floor(owner, quota=1)
    sku = attempt.sku
    assert (shown(api, sku), len(api.get("/api/v1/bargains").json()["items"])) == (["bargain"], 1)
    order = order_of(place(client, wish(attempt)))
    assert (shown(api, sku), api.get("/api/v1/bargains").json()["items"]) == ([], [])
    cancel(order)
    assert (shown(api, sku), len(api.get("/api/v1/bargains").json()["items"])) == (["bargain"], 1)
