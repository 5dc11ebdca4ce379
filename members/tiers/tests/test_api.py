import pytest
from django.db import transaction

from members.identity.tests.factories import MemberFactory, client_for
from members.tiers.services import earn_growth, evaluate_members, set_manual_tier
from members.tiers.tests.making import STAFF, adopt, at, tier
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)
NOON = at(2026, 3, 10)
MY_TIER, TIERS, ME = "/api/v1/me/tier", "/api/v1/tiers", "/api/v1/me"


@pytest.fixture
def others_client():
    return client_for(MemberFactory())


@pytest.fixture(autouse=True)
def _on_10_march(member_client, others_client):
    """Tokens are issued before: their lifetime is real time."""
    with clock.fixed(NOON):
        yield


def earn(member, growth, *, now=NOON):
    with transaction.atomic():
        earn_growth(
            reference=f"{member.pk}-{now}-{growth}",
            member_id=member.pk,
            growth=growth,
            kind="spend",
            earned_at=now,
            now=now,
        )


def test_who_never_earned_stands_at_the_lowest_tier(member_client, django_assert_num_queries):
    with django_assert_num_queries(5):
        body = member_client.get(MY_TIER).json()
    assert body == {
        "tier": {"code": "normal", "name": "普通会员"},
        "benefits": {
            "points_multiplier_bp": 10000,
            "discount_bp": 0,
            "free_shipping": False,
            "priority_shipping": False,
            "exclusive_service": False,
            "birthday_points": 0,
            "exclusive_zone": False,
        },
        "growth": 0,
        "window": {"kind": "rolling", "from": "2025-03-10T16:00:00+00:00", "until": None},
        "valid_until": None,
        "set_by_hand": None,
        "next": {"code": "silver", "name": "银卡会员", "threshold": 1000, "growth_needed": 1000},
        "keep": None,
        "history": [],
    }


def test_a_member_sees_what_is_missing_for_the_next_tier_and_for_keeping(member, member_client):
    adopt(window="calendar_year")
    earn(member, 5000, now=at(2025, 6, 1))
    earn(member, 300)
    evaluate_members(now=NOON)
    body = member_client.get(MY_TIER, headers={"accept-language": "en"}).json()
    assert body["tier"] == {"code": "gold", "name": "Gold"}
    assert (body["growth"], body["valid_until"]) == (300, "2026-12-31T16:00:00+00:00")
    assert body["window"] == {
        "kind": "calendar_year",
        "from": "2025-12-31T16:00:00+00:00",
        "until": "2026-12-31T16:00:00+00:00",
    }
    assert body["next"] == {"code": "diamond", "name": "Diamond", "threshold": 20000, "growth_needed": 19700}
    assert body["keep"] == {
        "retention": 4000,
        "growth": 300,
        "growth_needed": 3700,
        "counts_from": "2025-12-31T16:00:00+00:00",
        "until": "2026-12-31T16:00:00+00:00",
        "grace_until": "2027-01-30T16:00:00+00:00",
    }
    assert body["history"] == [
        {
            "from": {"code": "normal", "name": "Member"},
            "to": {"code": "gold", "name": "Gold"},
            "reason": "upgrade",
            "reason_label": "Reached by growth",
            "changed_at": "2025-06-01T04:00:00+00:00",
        }
    ]


def test_a_tier_set_by_hand_says_until_when(member, member_client):
    last_day = clock.business_day(NOON)
    set_manual_tier(
        member_id=member.pk, tier_id=tier("diamond").pk, reason="x", last_day=last_day, actor=STAFF, now=NOON
    )
    body = member_client.get(MY_TIER).json()
    assert (body["tier"]["code"], body["next"], body["keep"]) == ("diamond", None, None)
    assert body["set_by_hand"] == {"until": "2026-03-10T16:00:00+00:00"}
    assert "x" not in [change["reason_label"] for change in body["history"]]


def test_anybody_sees_the_tiers_in_use_from_below(api, django_assert_num_queries):
    with django_assert_num_queries(2):
        items = api.get(TIERS).json()["items"]
    assert [(each["code"], each["threshold"], each["retention"]) for each in items] == [
        ("normal", 0, 0),
        ("silver", 1000, 800),
        ("gold", 5000, 4000),
        ("diamond", 20000, 16000),
    ]
    assert items[3]["benefits"]["free_shipping"] is True


def test_a_profile_tells_tier_and_growth_of_its_own_member(member, member_client, others_client):
    earn(member, 5000)
    mine, others = member_client.get(ME).json(), others_client.get(ME).json()
    assert (mine["tier"], mine["growth"]) == ({"code": "gold", "name": "金卡会员"}, 5000)
    assert (others["tier"], others["growth"]) == ({"code": "normal", "name": "普通会员"}, 0)
