"""The list of rewards: pages, order, filters and how many questions it asks the database."""

import pytest

from members.identity.tests.factories import client_for
from points.mall.models import Reward, RewardPrice, RewardTally, Zone
from points.mall.tests.making import DAY, give_points, live_reward, make_tier
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.clock import business_day
from tests.access import API

pytestmark = pytest.mark.django_db
LIST = f"{API}points/rewards"


def test_2000_rewards_are_listed_in_three_queries(member, django_assert_num_queries):
    give_points(member, 1050)
    tier, sku, zone = make_tier(member), SkuFactory(), Zone.objects.create(name="中秋", theme="festival")
    rows = Reward.objects.bulk_create(
        Reward(name=f"茶{n}", sku=sku, zone=zone if n % 2 else None, points=1000 + n, position=n % 7, status="live")
        for n in range(2000)
    )
    RewardPrice.objects.bulk_create(RewardPrice(reward=each, tier=tier, points=each.points - 900) for each in rows)
    today = business_day(clock.now())
    RewardTally.objects.bulk_create(
        RewardTally(reward=each, member=member, units=1, period_start=today, in_period=1) for each in rows[:50]
    )
    client = client_for(member)
    client.get(LIST)
    with django_assert_num_queries(3):
        page = client.get(LIST, {"limit": 100}).json()
    assert (len(page["items"]), page["available"]) == (100, 1050)
    with django_assert_num_queries(3):
        client.get(LIST, {"affordable": "true", "kind": "goods", "zone": zone.pk, "ordering": "points"})
    seen, cursor = [], None
    while True:
        page = client.get(LIST, {"limit": 100, "affordable": "true", **({"cursor": cursor} if cursor else {})}).json()
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    # 100 + n points each, of which 1,050 pay 951.
    assert (len(seen), len({each["id"] for each in seen})) == (951, 951)
    assert max(each["points"] for each in seen) == 1050
    places = {each.pk: each.position for each in rows}
    assert [places[each["id"]] for each in seen] == sorted(places[each["id"]] for each in seen)
    page = client.get(LIST, {"limit": 3, "ordering": "points", "affordable": "false"}).json()
    assert [(each["points"], each["points_missing"], each["affordable"]) for each in page["items"]] == [
        (1051, 1, False),
        (1052, 2, False),
        (1053, 3, False),
    ]
    page = client.get(LIST, {"limit": 3, "ordering": "points", "cursor": page["next_cursor"], "affordable": "false"})
    assert [each["points"] for each in page.json()["items"]] == [1054, 1055, 1056]


def test_only_what_is_shown_is_listed(api):
    now = clock.now()
    live_reward(name="甲")
    live_reward(name="乙", visible_from=now + DAY)
    live_reward(name="丙", visible_until=now)
    live_reward(name="丁", zone=Zone.objects.create(name="旧", is_active=False))
    paused = live_reward(name="戊")
    Reward.objects.filter(pk=paused.pk).update(status="paused")
    assert [each["name"] for each in api.get(LIST).json()["items"]] == ["甲"]
    assert api.get(f"{LIST}/{paused.pk}").json()["code"] == "reward_not_found"
    assert api.get(f"{API}points/reward-zones").json()["items"] == []


@pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMl0x", "WyJhIiwxXQ", "Wzk5OTk5OTk5OTk5OTksMV0"])
def test_a_cursor_that_is_none_is_refused(api, cursor):
    answer = api.get(LIST, {"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("path", ["", "/slots"])
@pytest.mark.parametrize("reward_id", [2**63 - 1, 2**63, 10**30])
def test_ids_that_no_reward_can_have_are_of_none(api, reward_id, path):
    assert api.get(f"{LIST}/{reward_id}{path}").status_code == 404
