"""Scores and stages by hand-made histories, and the segments that they become."""

from datetime import timedelta

import pytest

from analytics.buyers import queries
from analytics.buyers.models import BuyerProfile, RepurchaseDay, StageDay, StageMove
from analytics.buyers.preferences import DORMANT_DAYS, LIMITS, SCORED_BY, THRESHOLDS
from analytics.buyers.services import fill_segments, score_members
from analytics.buyers.tests.making import DAY, NOW, TODAY, YESTERDAY, bought
from members.identity.models import Member, MemberSession
from members.identity.services.merging import merge_accounts
from members.identity.tests.factories import MemberFactory
from members.segments.models import Segment
from members.segments.queries import audience
from orders.checkout.models import Order, OrderStatus
from shop.catalog.tests.factories import SkuFactory
from shop.core.preferences import set_preference

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def tea(db):
    return SkuFactory(code="TEA-1", stock=0)


def scores(members):
    rows = BuyerProfile.objects.in_bulk()
    return {
        name: (rows[member.pk].recency, rows[member.pk].frequency, rows[member.pk].monetary)
        for name, member in members.items()
    }


def stages(members):
    rows = BuyerProfile.objects.in_bulk()
    return {name: rows[member.pk].stage for name, member in members.items()}


def seen(member, *, days):
    MemberSession.objects.create(
        member=member,
        key_hash=f"k{member.pk}",
        secret_hash="-",
        created_at=NOW - days * DAY,
        refreshed_at=NOW - days * DAY,
        expires_at=NOW + DAY,
    )


def test_fifths_with_ties_equal():
    # Of five buyers by money: 10, 20, 20, 20, 50. Ranks 1, 2, 2, 2, 5 give 1, 2, 2, 2, 5.
    members = bought(("a", 2, 10), ("b", 3, 20), ("c", 4, 20), ("d", 5, 20), ("e", 6, 50))
    score_members(day=YESTERDAY)
    found = scores(members)
    assert [found[name][2] for name in "abcde"] == [1, 2, 2, 2, 5]
    assert [found[name][0] for name in "abcde"] == [5, 4, 3, 2, 1]
    # One order each: all are the first.
    assert {each[1] for each in found.values()} == {1}


def test_only_the_past_year_is_scored_and_today_does_not_count_yet():
    members = bought(("old", 400, 90), ("edge", 365, 10), ("out", 366, 10), ("now", 0, 10))
    score_members(day=YESTERDAY)
    today = members.pop("now")
    found = scores(members)
    assert not BuyerProfile.objects.filter(pk=today.pk).exists()
    assert found["old"] == found["out"] == (None, None, None)
    assert found["edge"] == (1, 1, 1)
    old = BuyerProfile.objects.get(pk=members["old"].pk)
    assert (old.orders, old.spent_fen, old.orders_ever, old.spent_ever_fen) == (0, 0, 1, 9000)


def test_scores_by_fixed_limits():
    set_preference(SCORED_BY, THRESHOLDS)
    set_preference(LIMITS["monetary"][0], 1500)
    members = bought(("a", 2, 10), ("b", 16, 15), ("c", 200, 2500), ("c", 300, 1), ("c", 301, 1))
    score_members(day=YESTERDAY)
    # 1 and 15 days before yesterday; 15 yuan is the limit of M2 now; three orders are F3; 2,502 yuan are M5.
    assert scores(members) == {"a": (5, 1, 1), "b": (5, 1, 2), "c": (1, 3, 5)}


def test_what_came_back_whole_is_no_purchase():
    members = bought(("a", 2, 10), ("a", 3, 30))
    Order.objects.filter(paid_fen=3000).update(status=OrderStatus.REFUNDED)
    score_members(day=YESTERDAY)
    profile = BuyerProfile.objects.get(pk=members["a"].pk)
    assert (profile.orders, profile.spent_fen) == (1, 1000)


def test_every_stage_and_the_figures_of_the_day():
    crowd = [(f"c{n}", 40 + n, 5) for n in range(20)]
    best = [("best", 40 + n, 900) for n in range(9)]
    members = bought(*crowd, *best, ("dormant", 60, 5), ("lost", 300, 5), ("fresh", 3, 5))
    for name, member in members.items():
        if name not in ("dormant", "lost", "fresh"):
            seen(member, days=2)
    never, newcomer = (MemberFactory(joined_at=NOW - days * DAY) for days in (90, 5))
    score_members(day=YESTERDAY)
    found = stages({**members, "never": never, "newcomer": newcomer})
    assert {found[f"c{n}"] for n in range(20)} == {"active"}
    assert (found["best"], found["dormant"], found["lost"]) == ("high_value", "dormant", "lost")
    assert (found["fresh"], found["never"], found["newcomer"]) == ("new", "prospect", "new")
    counted = {"active": 20, "high_value": 1, "dormant": 1, "lost": 1, "new": 2, "prospect": 1}
    assert queries.stages_at(YESTERDAY) == counted
    year = RepurchaseDay.objects.get(day=YESTERDAY, window=0)
    assert (year.buyers, year.again) == (24, 1)


def test_a_stage_begins_a_day_after_its_last_day_of_grace():
    members = bought(("a", 31, 5), ("b", 32, 5))
    set_preference(DORMANT_DAYS, 31)
    score_members(day=YESTERDAY)
    assert stages(members) == {"a": "active", "b": "dormant"}


def test_moves_are_kept_and_the_same_night_twice_changes_nothing():
    members = bought(("a", 45, 5))
    seen(members["a"], days=20)
    score_members(day=YESTERDAY - 5 * DAY)
    score_members(day=YESTERDAY)
    assert StageMove.objects.count() == 0
    MemberSession.objects.all().delete()
    assert dict(score_members(day=YESTERDAY)) == {"evaluated": 1, "moved": 1}
    assert dict(score_members(day=YESTERDAY)) == {"evaluated": 1, "moved": 0}
    move = StageMove.objects.get()
    assert (move.day, move.came_from, move.went_to) == (YESTERDAY, "active", "dormant")
    assert BuyerProfile.objects.get().stage_since == YESTERDAY
    assert queries.moves(first=YESTERDAY, last=YESTERDAY) == [
        {"came_from": "active", "went_to": "dormant", "members": 1}
    ]


def test_an_older_night_that_comes_late_changes_nothing():
    bought(("a", 31, 5))
    score_members(day=YESTERDAY)
    before = list(BuyerProfile.objects.values())
    assert score_members(day=YESTERDAY - DAY) == {"skipped": 1}
    assert list(BuyerProfile.objects.values()) == before
    assert set(StageDay.objects.values_list("day", flat=True)) == {YESTERDAY}


def test_who_left_is_no_buyer():
    members = bought(("a", 31, 5), ("b", 31, 5))
    score_members(day=YESTERDAY)
    Member.objects.filter(pk=members["a"].pk).update(status=Member.Status.BLOCKED)
    score_members(day=YESTERDAY)
    assert list(BuyerProfile.objects.values_list("pk", flat=True)) == [members["b"].pk]


def test_stages_are_segments_for_every_campaign():
    members = bought(("a", 3, 5), ("b", 60, 5))
    score_members(day=YESTERDAY)
    fill_segments(now=NOW)
    dormant = Segment.objects.get(code="stage-dormant")
    assert set(audience(segment_ids=[dormant.pk], now=NOW)) == {members["b"]}
    seen(members["b"], days=1)
    score_members(day=TODAY)
    fill_segments(now=NOW + DAY)
    assert not audience(segment_ids=[dormant.pk], now=NOW + DAY).exists()
    assert set(audience(segment_ids=[dormant.pk], now=NOW + timedelta(hours=1))) == {members["b"]}


def test_two_accounts_that_become_one_are_scored_as_one():
    members = bought(("a", 3, 5))
    score_members(day=YESTERDAY - DAY)
    whole = MemberFactory(joined_at=NOW - 50 * DAY)
    merge_accounts(source_id=members["a"].pk, target_id=whole.pk, now=NOW)
    score_members(day=YESTERDAY)
    assert list(BuyerProfile.objects.values_list("pk", "orders")) == [(whole.pk, 1)]
