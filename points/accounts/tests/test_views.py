"""What members read of their points: by the clock, explained, and at the same price however long the history is."""

from datetime import timedelta

import pytest
from django.db import transaction

from members.identity.tests.factories import MemberFactory, client_for
from points.ledger.services import claw_back, hold, release, reverse, spend
from points.ledger.tests import making
from points.ledger.tests.making import DAY
from points.rules.trace import Code, Step, stored
from shop.core import clock
from shop.core.clock import day_bounds
from shop.core.models import PreferenceValue
from shop.core.preferences import forget_cached

pytestmark = pytest.mark.django_db

ENGLISH = {"accept-language": "en"}
NOW = clock.now()
UNTIL = day_bounds(clock.business_day(NOW + DAY))[1]


def give(member, points, **more):
    return making.give(member, points, **{"now": NOW, "matures_at": NOW, **more})


def act(service, **content):
    with transaction.atomic():
        return service(now=NOW, **content)


def entries(client, **query):
    return client.get("/api/v1/points/entries", query, headers=ENGLISH).json()


def test_points_by_the_clock_with_the_last_second_and_the_worth(member, member_client):
    give(member, 250, expires_at=UNTIL)
    give(member, 40, expires_at=UNTIL)
    give(member, 1000)
    give(member, 70, matures_at=None)
    give(member, 99, now=NOW - 2 * DAY, matures_at=NOW - 2 * DAY, expires_at=NOW - DAY)
    act(hold, reference="h", member_id=member.pk, points=30)
    last_second = f"{clock.business_day(NOW + DAY)}T23:59:59+08:00"
    assert member_client.get("/api/v1/points").json() == {
        "available": 1260,
        "pending": 70,
        "held": 30,
        "debt": 0,
        "expiring": [{"points": 260, "last_valid_at": last_second}],
        "worth_fen": 1260,
    }
    assert member_client.get("/api/v1/me").json()["points"] == 1260


def test_who_never_had_points_has_none(member_client):
    found = member_client.get("/api/v1/points").json()
    assert found == {"available": 0, "pending": 0, "held": 0, "debt": 0, "expiring": [], "worth_fen": 0}
    assert entries(member_client) == {"items": [], "next_cursor": None}


def test_each_entry_says_why_with_steps_that_add_up(member, member_client):
    steps = (
        Step(1, 1, "Every yuan", Code.PER_AMOUNT, 88, {"fen": 8800}),
        Step(2, 2, "Saturdays", Code.MULTIPLIER, 88, {"base": 88, "bp": 20_000}),
        Step(3, 3, "Gold only", Code.OTHER_TIER, 0, {"tier": "basic"}),
    )
    give(member, 176, reference="order:1", trace=stored(steps, rule_set=1, worth_fen=8800))
    act(spend, reference="s", member_id=member.pk, points=150, source="order", note="L1001")
    act(claw_back, of="order:1", reference="back", points=176)
    back, spent, earned = entries(member_client)["items"]
    assert (earned["kind"], earned["points"], earned["reason"]) == ("grant", 176, "Earned: Purchase")
    assert [(step["rule"], step["points"]) for step in earned["trace"]] == [
        ("Every yuan", 88),
        ("Saturdays", 88),
        ("Gold only", 0),
    ]
    assert "is for other tiers" in earned["trace"][2]["message"]
    assert (spent["points"], spent["reason"], spent["trace"]) == (-150, "Spent: Purchase: L1001", [])
    assert (back["points"], back["reason"]) == (-176, "Taken back: Purchase")
    assert back["trace"][0]["message"] == "150 points were not there any more and are owed"


def test_moves_inside_the_account_are_left_out_and_nobody_elses_entries_come(member, member_client):
    give(member, 10)
    give(MemberFactory(), 20)
    act(hold, reference="h", member_id=member.pk, points=5)
    act(release, hold_reference="h", reference="r")
    assert [each["points"] for each in entries(member_client)["items"]] == [10]


@pytest.mark.parametrize("grace_days", [0, 30])
def test_what_comes_back_after_its_expiry_says_what_is_gone(member, member_client, grace_days):
    PreferenceValue.objects.update_or_create(key="points.grace_days", defaults={"value": grace_days})
    forget_cached()
    before, gone = NOW - 2 * DAY, NOW - DAY
    give(member, 100, now=before, matures_at=before, expires_at=gone)
    with transaction.atomic():
        spend(reference="s", member_id=member.pk, points=30, source="order", now=before)
        hold(reference="h", member_id=member.pk, points=50, now=before)
    act(reverse, of="s", reference="back", points=30)
    act(release, hold_reference="h", reference="free")
    found = entries(member_client)["items"]
    if grace_days:
        assert [each["points"] for each in found] == [30, -20, -30, 100]
        assert found[0]["trace"] == []
        return
    assert [(each["kind"], each["points"]) for each in found[:2]] == [("release", 50), ("reverse", 30)]
    assert [each["trace"][0]["points"] for each in found[:2]] == [-50, -30]
    assert found[1]["trace"][0]["message"] == "30 points of these had expired meanwhile and are gone"


def test_pages_follow_each_other_without_gaps(member, member_client):
    for points in range(1, 6):
        give(member, points)
    first = entries(member_client, limit=2)
    second = entries(member_client, limit=2, cursor=first["next_cursor"])
    third = entries(member_client, limit=2, cursor=second["next_cursor"])
    shown = [[each["points"] for each in part["items"]] for part in (first, second, third)]
    assert (shown, third["next_cursor"]) == ([[5, 4], [3, 2], [1]], None)


@pytest.mark.parametrize("history", [1, 60])
def test_reads_cost_the_same_however_long_the_history_is(history, django_assert_num_queries):
    member = MemberFactory()
    client = client_for(member)
    steps = (Step(1, 1, "Gold", Code.TIER, 5, {"tier": "gold", "base": 5, "bp": 20_000}),)
    for number in range(history):
        give(member, 5, expires_at=NOW + timedelta(days=30), trace=stored(steps, rule_set=1, worth_fen=number))
    client.get("/api/v1/points")
    with django_assert_num_queries(2):  # the balance, what expires
        client.get("/api/v1/points")
    with django_assert_num_queries(2):  # the page, the names of tiers
        client.get("/api/v1/points/entries")
