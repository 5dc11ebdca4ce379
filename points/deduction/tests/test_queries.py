"""How a member may pay with points."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from members.segments.models import Segment
from members.tiers.models import Tier
from points.deduction.models import BetterTerms, TierDeduction
from points.deduction.queries import SHARES, Deduction, deduction_for
from points.deduction.services import offer_better_terms
from points.ledger.services import grant
from shop.core import clock, preferences
from shop.core.models import PreferenceValue
from shop.core.transactions import unit_of_work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rich(member):
    now = clock.now()
    with unit_of_work():
        grant(
            reference="t:1", member_id=member.pk, points=700, source="manual", now=now, matures_at=now, expires_at=None
        )
    return member


START = datetime(2026, 11, 1, tzinfo=UTC)
END = START + timedelta(days=7)
SECOND = timedelta(seconds=1)


@pytest.fixture
def segment(db):
    return Segment.objects.create(code="expiring", name="快到期")


def better(segment, *, per_yuan=80, cap_bp=9000, name="加码", starts_at=START, ends_at=END):
    with transaction.atomic():
        return offer_better_terms(
            name=name,
            segment_id=segment.pk,
            points_per_yuan=per_yuan,
            cap_bp=cap_bp,
            starts_at=starts_at,
            ends_at=ends_at,
        )


def terms_of(member, segment_ids, *, tier_id=None, now=START):
    found = deduction_for(member_id=member.pk, tier_id=tier_id, segment_ids=segment_ids, now=now)
    return found.points_per_yuan, found.cap_bp, found.activity


def prefer(**values):
    for key, value in values.items():
        PreferenceValue.objects.update_or_create(key=f"points.{key}", defaults={"value": value})
    preferences.forget_cached()


def test_the_balance_and_the_merchants_rules_make_the_terms(rich, django_assert_num_queries):
    assert deduction_for(member_id=rich.pk, tier_id=None, now=clock.now()) == Deduction(700, 100, 5000, 1, 0)
    prefer(per_yuan=200, deduction_cap_bp=3000, deduction_step=50, deduction_minimum=100)
    assert deduction_for(member_id=rich.pk, tier_id=None, now=clock.now()) == Deduction(700, 200, 3000, 50, 100)
    with django_assert_num_queries(1):
        deduction_for(member_id=rich.pk, tier_id=None, now=clock.now())


def test_a_tier_may_have_a_share_of_its_own(rich):
    gold = Tier.objects.get(code="gold")
    TierDeduction.objects.create(tier=gold, cap_bp=8000)
    SHARES.forget()
    of_gold = deduction_for(member_id=rich.pk, tier_id=gold.pk, now=clock.now())
    of_others = deduction_for(member_id=rich.pk, tier_id=gold.pk + 1, now=clock.now())
    assert (of_gold.cap_bp, of_others.cap_bp) == (8000, 5000)


def test_nobody_pays_with_points_where_that_is_off(rich):
    prefer(deduction_on=False)
    assert deduction_for(member_id=rich.pk, tier_id=None, now=clock.now()) is None


def test_a_member_without_points_has_none_to_pay_with(member):
    assert deduction_for(member_id=member.pk, tier_id=None, now=clock.now()).available == 0


def test_an_activity_betters_the_terms_of_its_segment_within_its_window(member, segment, django_assert_num_queries):
    mine, usual = (80, 9000, "加码"), (100, 5000, "")
    assert terms_of(member, {segment.pk}) == usual
    better(segment)
    moments = (START - SECOND, START, END - SECOND, END)
    assert [terms_of(member, {segment.pk}, now=now) for now in moments] == [usual, mine, mine, usual]
    assert terms_of(member, {segment.pk + 1}) == terms_of(member, set()) == usual
    with django_assert_num_queries(1):
        terms_of(member, {segment.pk})


def test_an_activity_makes_nobody_worse_off_and_the_best_of_several_acts(member, segment):
    gold = Tier.objects.get(code="gold")
    TierDeduction.objects.create(tier=gold, cap_bp=9500)
    SHARES.forget()
    better(segment, per_yuan=120, cap_bp=4000, name="不划算")
    assert terms_of(member, {segment.pk}) == (100, 5000, "")
    better(segment)
    assert terms_of(member, {segment.pk}, tier_id=gold.pk) == (80, 9500, "加码")
    better(segment, per_yuan=50, cap_bp=6000, name="更划算")
    assert terms_of(member, {segment.pk}) == (50, 6000, "更划算")


def test_whom_the_tier_allows_nothing_stays_without(member, segment):
    gold = Tier.objects.get(code="gold")
    TierDeduction.objects.create(tier=gold, cap_bp=0)
    SHARES.forget()
    better(segment)
    assert terms_of(member, {segment.pk}, tier_id=gold.pk)[1] == 0


@pytest.mark.parametrize("fault", [{"ends_at": START}, {"cap_bp": 0}, {"cap_bp": 10_001}, {"per_yuan": 0}])
def test_the_database_refuses_an_activity_that_makes_no_sense(segment, fault):
    with pytest.raises(IntegrityError):
        better(segment, **fault)
    assert not BetterTerms.objects.exists()


def test_who_changes_an_activity_in_the_admin_sees_it_at_once(admin_client, member, segment):
    now = clock.now()
    made = better(segment, starts_at=now - SECOND, ends_at=now + timedelta(days=1))
    assert terms_of(member, {segment.pk}, now=now) == (80, 9000, "加码")
    page = f"/admin/deduction/betterterms/{made.pk}/change/"
    day = timedelta(days=1)
    fields = {"name": "加码", "segment": segment.pk, "points_per_yuan": 60, "cap_bp": "75"}
    window = {"starts_at_0": f"{now - day:%Y-%m-%d}", "starts_at_1": "00:00:00"}
    window |= {"ends_at_0": f"{now + 2 * day:%Y-%m-%d}", "ends_at_1": "00:00:00"}
    wrong = admin_client.post(page, fields | window | {"ends_at_0": f"{now - 2 * day:%Y-%m-%d}"})
    assert wrong.status_code == 200
    assert terms_of(member, {segment.pk}, now=now) == (80, 9000, "加码")
    assert admin_client.post(page, fields | window).status_code == 302
    assert terms_of(member, {segment.pk}, now=now) == (60, 7500, "加码")
    assert made.history.count() == 2
    assert (
        "进行中"
        in admin_client.get("/admin/deduction/betterterms/", headers={"accept-language": "zh-CN"}).content.decode()
    )
