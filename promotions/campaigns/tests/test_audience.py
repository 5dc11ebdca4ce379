"""Whom a campaign is for: the pure rule, the same in SQL, and who is a new member."""

from datetime import UTC, datetime, timedelta

import pytest

from members.identity.models import Member
from members.identity.services.merging import merge_accounts
from members.identity.tests.factories import MemberFactory
from members.segments.models import Segment
from members.segments.services import add_to_segment
from members.tiers.models import Tier
from members.tiers.services import set_manual_tier
from promotions.campaigns.audience import (
    Audience,
    Buyer,
    NotForOldMembers,
    NotForThisSegment,
    NotForThisTier,
    NotOnThisChannel,
)
from promotions.campaigns.models import FirstPurchase
from promotions.campaigns.preferences import NEW_MEMBER_DAYS
from promotions.campaigns.queries import buyer_for, buyers_for, members_in
from promotions.campaigns.services.first_purchases import (
    confirm_first_purchase,
    release_first_purchase,
    take_first_purchase,
)
from shop.core import preferences
from shop.core.actors import Actor
from shop.core.models import PreferenceValue
from tests.concurrency.racing import run_together

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
NEWCOMER = Buyer(member_id=1, tier_id=10, segment_ids=frozenset({7, 8}), is_new=True, channel="h5")


def one(*ids):
    return frozenset(ids)


@pytest.mark.parametrize(
    ("audience", "refusal"),
    [
        (Audience(), None),
        (Audience(tier_ids=one(10, 11)), None),
        (Audience(tier_ids=one(11)), NotForThisTier),
        (Audience(segment_ids=one(6, 7)), None),
        (Audience(segment_ids=one(6)), NotForThisSegment),
        (Audience(new_members_only=True), None),
        (Audience(channels=one("h5")), None),
        (Audience(channels=one("app")), NotOnThisChannel),
        (Audience(tier_ids=one(10), segment_ids=one(7), channels=one("h5"), new_members_only=True), None),
        (Audience(tier_ids=one(10), segment_ids=one(7), channels=one("app")), NotOnThisChannel),
    ],
)
def test_every_condition_that_is_set_must_hold(audience, refusal):
    found = audience.refusal(NEWCOMER)
    assert type(found) is (refusal or type(None))
    assert audience.includes(NEWCOMER) is (refusal is None)


def test_who_has_bought_is_no_new_member():
    regular = Buyer(member_id=1, tier_id=10)
    assert type(Audience(new_members_only=True).refusal(regular)) is NotForOldMembers


def test_a_front_that_says_nothing_gets_what_is_for_all_fronts():
    unknown = Buyer(member_id=1, tier_id=10, channel="")
    assert Audience().includes(unknown)
    assert not Audience(channels=one("h5", "app")).includes(unknown)


def test_audiences_overlap_unless_tiers_or_fronts_keep_them_apart():
    assert Audience().overlaps(Audience(tier_ids=one(1)))
    assert Audience(tier_ids=one(1, 2)).overlaps(Audience(tier_ids=one(2)))
    assert not Audience(tier_ids=one(1)).overlaps(Audience(tier_ids=one(2)))
    assert not Audience(channels=one("h5")).overlaps(Audience(channels=one("app")))
    assert Audience(segment_ids=one(1)).overlaps(Audience(segment_ids=one(2)))


@pytest.fixture
def vip(db):
    return Segment.objects.create(code="vip", name="高价值")


@pytest.mark.django_db
def test_a_buyer_is_read_in_one_query(vip, django_assert_num_queries):
    member, other = MemberFactory.create_batch(2)
    gold = Tier.objects.get(code="gold")
    set_manual_tier(
        member_id=member.pk,
        tier_id=gold.pk,
        reason="friend",
        last_day=None,
        holds_down=False,
        actor=Actor.staff("a"),
        now=NOW,
    )
    add_to_segment(segment_id=vip.pk, member_id=member.pk, until=NOW + DAY, now=NOW)
    NEW_MEMBER_DAYS.value()  # settings are read every few seconds, not with every buyer
    with django_assert_num_queries(1):
        buyer = buyer_for(member_id=member.pk, channel="app", now=NOW)
    assert buyer == Buyer(member.pk, gold.pk, "gold", one(vip.pk), is_new=True, channel="app")
    assert buyer_for(member_id=member.pk, channel="", now=NOW + DAY).segment_ids == frozenset()
    lowest = Tier.objects.get(requirements__threshold=0)
    with django_assert_num_queries(1):
        both = buyers_for(member_ids=[other.pk, member.pk], channel="", now=NOW)
    assert [each.tier_id for each in both] == [lowest.pk, gold.pk]
    with pytest.raises(Member.DoesNotExist):
        buyer_for(member_id=other.pk + 1000, channel="", now=NOW)


@pytest.mark.django_db
def test_members_of_an_audience_are_those_whom_it_includes(vip):
    members = MemberFactory.create_batch(6)
    gold = Tier.objects.get(code="gold")
    for member in members[:3]:
        set_manual_tier(
            member_id=member.pk,
            tier_id=gold.pk,
            reason="friend",
            last_day=None,
            holds_down=False,
            actor=Actor.staff("a"),
            now=NOW,
        )
    for member in members[2:5]:
        add_to_segment(segment_id=vip.pk, member_id=member.pk, until=None, now=NOW)
    take_first_purchase(member_id=members[2].pk, order_number="D1", now=NOW)
    lowest = Tier.objects.get(requirements__threshold=0)
    for audience, expected in [
        (Audience(), {0, 1, 2, 3, 4, 5}),
        (Audience(tier_ids=one(gold.pk)), {0, 1, 2}),
        (Audience(tier_ids=one(lowest.pk)), {3, 4, 5}),
        (Audience(segment_ids=one(vip.pk)), {2, 3, 4}),
        (Audience(tier_ids=one(gold.pk), segment_ids=one(vip.pk)), {2}),
        (Audience(new_members_only=True, segment_ids=one(vip.pk)), {3, 4}),
    ]:
        found = set(members_in(audience=audience, now=NOW))
        assert found == {members[index] for index in expected}
        buyers = buyers_for(member_ids=[each.pk for each in members], channel="", now=NOW)
        assert {each.member_id for each in buyers if audience.includes(each)} == {each.pk for each in found}
    Member.objects.filter(pk=members[0].pk).update(status=Member.Status.BLOCKED)
    assert members[0] not in members_in(audience=Audience(), now=NOW)


@pytest.mark.django_db
def test_a_first_purchase_is_taken_kept_once_paid_and_given_back_if_not():
    pk = MemberFactory().pk
    assert take_first_purchase(member_id=pk, order_number="D1", now=NOW)
    assert take_first_purchase(member_id=pk, order_number="D1", now=NOW)
    assert not take_first_purchase(member_id=pk, order_number="D2", now=NOW)
    assert not buyer_for(member_id=pk, channel="", now=NOW).is_new
    release_first_purchase(order_number="D2")
    assert not buyer_for(member_id=pk, channel="", now=NOW).is_new
    release_first_purchase(order_number="D1")
    assert buyer_for(member_id=pk, channel="", now=NOW).is_new

    assert take_first_purchase(member_id=pk, order_number="D3", now=NOW)
    # Another order is paid while the first is not: it is the one that counts, whatever becomes of the first.
    confirm_first_purchase(member_id=pk, order_number="D4", now=NOW)
    confirm_first_purchase(member_id=pk, order_number="D5", now=NOW)
    release_first_purchase(order_number="D3")
    release_first_purchase(order_number="D4")
    assert FirstPurchase.objects.get(pk=pk).order_number == "D4"
    assert not buyer_for(member_id=pk, channel="", now=NOW).is_new


@pytest.mark.django_db
def test_somebody_may_be_new_for_some_days_only():
    member = MemberFactory(joined_at=NOW - 30 * DAY)
    assert buyer_for(member_id=member.pk, channel="", now=NOW).is_new
    PreferenceValue.objects.create(key="promotions.new_member_days", value=30)
    preferences.forget_cached()
    assert not buyer_for(member_id=member.pk, channel="", now=NOW).is_new
    assert buyer_for(member_id=member.pk, channel="", now=NOW - timedelta(seconds=1)).is_new


@pytest.mark.django_db
@pytest.mark.parametrize(("paid_source", "kept"), [(True, "S"), (False, "T")])
def test_two_accounts_of_one_person_have_one_first_purchase(paid_source, kept):
    source, target = MemberFactory(phone=None, openid="one-openid"), MemberFactory()
    take_first_purchase(member_id=target.pk, order_number="T", now=NOW)
    take_first_purchase(member_id=source.pk, order_number="S", now=NOW + DAY)
    if paid_source:
        confirm_first_purchase(member_id=source.pk, order_number="S", now=NOW + DAY)
    merge_accounts(source_id=source.pk, target_id=target.pk, now=NOW + DAY)
    assert FirstPurchase.objects.get().member_id == target.pk
    assert FirstPurchase.objects.get().order_number == kept


@pytest.mark.django_db(transaction=True)
def test_of_many_orders_at_once_one_is_the_first():
    pk = MemberFactory().pk
    orders = [f"D{number}" for number in range(8)]
    answers = run_together(
        *[lambda number=number: take_first_purchase(member_id=pk, order_number=number, now=NOW) for number in orders]
    )
    assert answers.count(True) == 1
    assert FirstPurchase.objects.get().order_number == orders[answers.index(True)]
