"""How a member may pay with points."""

import pytest

from members.tiers.models import Tier
from points.deduction.models import TierDeduction
from points.deduction.queries import SHARES, Deduction, deduction_for
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
