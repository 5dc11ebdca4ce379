"""Journeys of redemption: an order through the activity `reward`, paid in points or in points and money."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from members.identity.tests.factories import MemberFactory, client_for
from members.segments.models import Segment
from orders.after_sales.tests.making import (
    ask,
    bring_parcels,
    deliver_facts,
    money_arrives,
    received,
    send_parcels,
    sent_back,
    settle_payment,
    stocked,
)
from orders.checkout.models import Order
from orders.checkout.tests.making import buyer, place, quote, stock
from orders.payments.services.closing import expire_unpaid_orders
from points.ledger.models import PointLot
from points.ledger.queries import balance_of
from points.mall.models import Redemption, Reward, RewardTally, Zone
from points.mall.services.using import release_reward
from points.mall.tests.making import (
    DAY,
    asked,
    assert_lawful,
    claimed,
    give_points,
    live_reward,
    make_tier,
    redeemed,
    tier_price,
)
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.clock import SHANGHAI, business_day
from tests.access import API

pytestmark = pytest.mark.django_db


def points(member):
    """Available and held."""
    found = balance_of(member_id=member.pk, now=clock.now())
    return found.available, found.held


def lots(member):
    """What is left of the two that the test gave."""
    return [lot.remaining for lot in PointLot.objects.filter(member=member).order_by("pk")[:2]]


@pytest.fixture
def rich(member):
    give_points(member, 10_000)
    return buyer(member)


def test_platinum_pays_less_than_everybody_for_the_same_reward(member, rich):
    reward = live_reward(freight_is_free=True)
    noble = MemberFactory()
    give_points(noble, 10_000)
    tier_price(reward, make_tier(noble), points=5000)

    assert redeemed(rich, reward).points_used == 8000
    assert redeemed(buyer(noble), reward).points_used == 5000
    assert (points(member), points(noble)) == ((2000, 0), (5000, 0))
    listed = rich.get(f"{API}points/rewards").json()
    assert [(each["points"], each["points_missing"], each["affordable"]) for each in listed["items"]] == [
        (8000, 6000, False)
    ]
    mine = client_for(noble).get(f"{API}points/rewards/{reward.pk}").json()
    assert (mine["points"], mine["usual_points"], mine["affordable"], mine["mine"]) == (5000, 8000, True, 1)


def test_points_and_money_are_paid_together(member, rich):
    reward = live_reward(points=1000, price_fen=990, freight_is_free=True)
    shown = quote(rich, asked(reward, 2)).json()
    assert (shown["points_used"], shown["payable_fen"], shown["freight_fen"]) == (2000, 1980, 0)
    order = redeemed(rich, reward, 2, expected_payable_fen=1980)
    assert (order.status, points(member)) == ("pending_payment", (8000, 2000))
    settle_payment(order)
    deliver_facts()
    assert points(member) == (8000, 0)
    redemption = Redemption.objects.get()
    assert (redemption.status, redemption.points, redemption.price_fen, redemption.units) == ("paid", 2000, 1980, 2)
    assert_lawful()


def test_the_money_of_a_reward_is_paid_in_money(member, rich):
    reward = live_reward(points=1000, price_fen=990, freight_is_free=True)
    shown = quote(rich, asked(reward, points_to_use="max", coupon_ids="best")).json()
    assert (shown["points_used"], shown["payable_fen"]) == (1000, 990)
    answer = place(rich, asked(reward, points_to_use=500))
    assert (answer.status_code, answer.json()["code"]) == (409, "selection_rejected")
    assert points(member) == (10_000, 0)


def test_an_order_that_is_not_paid_in_time_gives_everything_back(member, rich):
    zone = Zone.objects.create(name="中秋", theme="festival", pool=5)
    reward = live_reward(points=1000, price_fen=990, quota=3, limit_per_member=2, zone=zone)
    before = stock(reward.sku)
    order = redeemed(rich, reward)
    assert (points(member), Reward.objects.get().taken, Zone.objects.get().taken) == ((9000, 1000), 1, 1)
    expire_unpaid_orders(now=order.expires_at + timedelta(minutes=1))
    order.refresh_from_db()
    assert (order.status, points(member), stock(reward.sku)) == ("cancelled", (10_000, 0), before)
    assert (Reward.objects.get().taken, Zone.objects.get().taken, RewardTally.objects.get().units) == (0, 0, 0)
    assert Redemption.objects.get().status == "released"
    assert_lawful()


def test_a_return_splits_money_and_points_by_line_and_brings_points_back_to_their_lots(member):
    give_points(member, 1500)
    give_points(member, 2500)
    client, sku = buyer(member), SkuFactory(price_fen=5000, stock=0)
    stocked(sku)
    reward = live_reward(points=1001, price_fen=333, sku=sku, limit_per_member=3, freight_is_free=True)
    order = settle_payment(redeemed(client, reward, 3))
    send_parcels(order.number)
    bring_parcels(order.number)
    assert lots(member) == [0, 997]

    first = received(sent_back(ask(order, {0: 1})), {0: 1})
    first.refresh_from_db()
    assert (first.refund_fen, first.refund_points) == (333, 1001)
    money_arrives(first)
    # What was taken last comes back first: 1,001 of the 1,503 that the second lot gave.
    assert lots(member) == [0, 1998]
    rest = received(sent_back(ask(order, {0: 2})), {0: 2})
    money_arrives(rest)
    order.refresh_from_db()
    assert (order.refunded_fen, order.refunded_points, order.status) == (999, 3003, "refunded")
    assert lots(member) == [1500, 2500]
    assert (Redemption.objects.get().status, Reward.objects.get().taken, RewardTally.objects.get().units) == (
        "returned",
        0,
        0,
    )
    assert_lawful()


@pytest.mark.parametrize("change", [{"paused": True}, {"quota": 0}, {"limit_per_member": 1}, {"limit_per_period": 1}])
def test_what_is_refused_changes_nothing(member, rich, change):
    reward = live_reward(points=1000)
    if "limit_per_member" in change or "limit_per_period" in change:
        redeemed(rich, reward)
    before = points(member), stock(reward.sku), Order.objects.count()
    if change.pop("paused", False):
        change["status"] = "paused"
    Reward.objects.update(**change)
    answer = place(rich, asked(reward))
    assert answer.json()["code"] == _code(change)
    assert (points(member), stock(reward.sku), Order.objects.count()) == before
    assert_lawful()


def _code(change):
    [name] = change
    return {
        "status": "activity_not_found",
        "quota": "reward_sold_out",
        "limit_per_member": "reward_limit_reached",
        "limit_per_period": "reward_period_limit_reached",
    }[name]


def test_without_enough_points_nothing_is_taken(member):
    give_points(member, 7999)
    reward = live_reward(quota=5)
    assert place(buyer(member), asked(reward)).json()["code"] == "insufficient_points"
    assert (points(member), Reward.objects.get().taken, Redemption.objects.count()) == ((7999, 0), 0, 0)


def test_who_may_not_is_told_why(member, rich):
    tier, segment = make_tier(MemberFactory(), "gold"), Segment.objects.create(name="茶友")
    today = business_day(clock.now())
    wrong_day = today.isoweekday() % 7 + 1
    zones = {
        "reward_members_zone": Zone.objects.create(name="黑金", theme="members"),
        "reward_not_exchange_day": Zone.objects.create(name="会员日", weekdays=[wrong_day]),
        "reward_over": Zone.objects.create(name="端午", ends_at=clock.now() - DAY),
    }
    fields = {
        "reward_not_for_tier": {"tier_ids": [tier.pk]},
        "reward_not_for_segment": {"segment_ids": [segment.pk]},
        "reward_not_started": {"starts_at": clock.now() + DAY},
        **{code: {"zone": zone} for code, zone in zones.items()},
    }
    rewards = {code: live_reward(**more) for code, more in fields.items()}
    shown = {each["id"]: each["locked"]["code"] for each in rich.get(f"{API}points/rewards").json()["items"]}
    assert shown == {reward.pk: code for code, reward in rewards.items()}
    for code, reward in rewards.items():
        assert place(rich, asked(reward)).json()["code"] == code
        assert quote(rich, asked(reward)).json()["code"] == code
    assert (points(member), Order.objects.count()) == ((10_000, 0), 0)
    make_tier(member, "gold", exclusive_zone=True)
    redeemed(rich, rewards["reward_members_zone"])
    assert Zone.objects.get(name="黑金").taken == 1


def test_other_goods_are_not_had_for_its_points(rich):
    reward, other = live_reward(), SkuFactory()
    body = {**asked(reward), "items": [{"sku_id": other.pk, "quantity": 1}]}
    assert place(rich, body).json()["code"] == "activity_goods"
    body["items"].append({"sku_id": reward.sku_id, "quantity": 1})
    assert place(rich, body).json()["code"] == "activity_goods"
    assert place(rich, asked(live_reward(kind="code")) | {"activity": None}).json()["code"] == "kind_not_sold"


def test_goods_without_an_address_are_not_ordered(member):
    give_points(member, 8000)
    assert place(client_for(member), asked(live_reward())).json()["code"] == "address_required"
    assert points(member) == (8000, 0)


def test_a_crash_between_hold_and_capture_resolves_itself(member, rich):
    """The order is placed and nothing of the outbox was delivered: either delivery pays it, or time gives it up."""
    first, second = (live_reward(points=1000, freight_is_free=True) for _ in range(2))
    numbers = [place(rich, asked(each)).json()["number"] for each in (first, second)]
    assert points(member) == (8000, 2000)
    lost = Order.objects.get(number=numbers[0])
    deliver_facts()
    assert points(member) == (8000, 0)
    assert {each.status for each in Redemption.objects.all()} == {"paid"}
    assert not any(expire_unpaid_orders(now=lost.expires_at + DAY).values())
    assert_lawful()


def test_points_are_taken_only_as_many_as_the_member_saw(member, rich):
    reward = live_reward(points=5000)
    seen = quote(rich, asked(reward)).json()
    assert (seen["points_used"], seen["payable_fen"]) == (5000, 0)
    Reward.objects.filter(pk=reward.pk).update(points=9000)
    answer = place(rich, asked(reward, expected_payable_fen=0, expected_points=5000))
    body = answer.json()
    assert (answer.status_code, body["code"]) == (409, "price_changed")
    assert [each["message"] for each in body["details"] if each["field"] == "/expected_points"] == ["5000 → 9000"]
    assert "/expected_payable_fen" not in [each["field"] for each in body["details"]]
    assert (body["data"]["expected_points"], body["data"]["points"]) == (5000, 9000)
    assert body["data"]["quote"]["points_used"] == 9000
    assert (points(member), Order.objects.count()) == ((10_000, 0), 0)
    assert place(rich, asked(reward, expected_payable_fen=0, expected_points=9000)).status_code == 201
    assert points(member)[0] == 1000


def test_what_is_given_up_after_the_period_of_the_limit_changed_comes_back(member):
    """1 December begins a day and a month: what was had on it is not counted in the month that begins with it."""
    reward = live_reward(limit_per_period=5, period="day")

    def on(day):
        return datetime(2026, 12, day, 12, tzinfo=SHANGHAI)

    def take(order, day):
        with clock.fixed(on(day)), transaction.atomic():
            claimed(reward, member, order=order)

    take("A", 1)
    take("B", 2)
    Reward.objects.filter(pk=reward.pk).update(period="month")
    take("C", 3)
    for order in ("A", "C"):
        with transaction.atomic():
            assert release_reward(order_number=order, now=on(3)) == 1
    tally = RewardTally.objects.get()
    assert (tally.units, tally.in_period, Reward.objects.get().taken) == (1, 0, 1)
    assert_lawful()
