import pytest
from django.db import IntegrityError, InternalError, transaction

from members.identity.tests.factories import MemberFactory
from promotions.campaigns.audience import NotForOldMembers
from promotions.campaigns.models import FirstPurchase
from promotions.coupons.errors import (
    CouponAlreadyGiven,
    CouponLimitReached,
    CouponNotGivenNow,
    CouponPeriodLimitReached,
    CouponsGone,
    CouponTemplateNotFound,
)
from promotions.coupons.models import ClaimTally, Coupon, CouponTemplate
from promotions.coupons.services import claim_coupon, give_many
from promotions.coupons.services.granting import give
from promotions.coupons.tests.making import DAY, NOW, make_template
from shop.catalog.tests.factories import SkuFactory

pytestmark = pytest.mark.django_db


def claim(template, member, now=NOW):
    return claim_coupon(template_id=template.pk, member_id=member.pk, channel="", now=now)


def counts(template):
    template.refresh_from_db()
    return template.claimed_count, Coupon.objects.filter(template=template).count()


def test_a_claim_writes_the_coupon_and_counts_it(member):
    template = make_template()
    coupon = claim(template, member)
    assert (coupon.member_id, coupon.status, coupon.way) == (member.pk, "unused", "claim")
    assert coupon.valid_from == NOW
    assert coupon.valid_until.isoformat() == "2026-11-29T16:00:00+00:00"  # the 30th in Shanghai, 0:00
    assert counts(template) == (1, 1)
    assert ClaimTally.objects.values_list("claimed", "most", "in_period").get() == (1, 1, 1)


def test_a_members_limit_holds_and_a_refusal_changes_nothing(member):
    template = make_template(per_member_limit=2)
    claim(template, member)
    claim(template, member)
    with pytest.raises(CouponLimitReached):
        claim(template, member)
    assert counts(template) == (2, 2)
    assert ClaimTally.objects.get().claimed == 2


def test_the_total_holds(member):
    template = make_template(total_limit=1)
    claim(template, member)
    with pytest.raises(CouponsGone):
        claim(template, MemberFactory())
    assert counts(template) == (1, 1)
    assert ClaimTally.objects.count() == 1


def test_a_budget_is_kept_by_giving_out_no_more(member):
    template = make_template(budget_fen=5000, total_limit=None)
    claim(template, member)
    claim(template, MemberFactory())
    with pytest.raises(CouponsGone):
        claim(template, MemberFactory())
    assert counts(template) == (2, 2)
    assert template.spent_fen == 4000


@pytest.mark.parametrize(
    ("period", "next_period"),
    [("day", NOW + DAY), ("week", NOW + DAY), ("month", NOW + 9 * DAY), ("year", NOW + 40 * DAY)],
)
def test_a_limit_per_period_begins_anew_with_the_next(member, period, next_period):
    template = make_template(per_member_limit=3, period=period, per_period_limit=1, ends_at=None)
    claim(template, member)
    with pytest.raises(CouponPeriodLimitReached):
        claim(template, member)
    claim(template, member, now=next_period)
    assert counts(template) == (2, 2)


def test_the_limit_of_a_week_goes_on_until_monday(member):
    monday = NOW - 6 * DAY
    template = make_template(per_member_limit=3, period="week", per_period_limit=1, starts_at=monday - DAY)
    claim(template, member, now=monday)
    with pytest.raises(CouponPeriodLimitReached):
        claim(template, member, now=NOW)


@pytest.mark.parametrize("fields", [{"status": "draft"}, {"status": "paused"}, {"way": "hand_out"}])
def test_what_cannot_be_claimed_is_not_there(member, fields):
    template = make_template(**fields)
    with pytest.raises(CouponTemplateNotFound):
        claim(template, member)
    assert counts(template) == (0, 0)


@pytest.mark.parametrize("moment", [NOW - 2 * DAY, NOW + 30 * DAY])
def test_outside_its_window_nothing_is_given(member, moment):
    template = make_template()
    with pytest.raises(CouponNotGivenNow):
        claim(template, member, now=moment)
    assert counts(template) == (0, 0)


def test_a_coupon_that_would_be_over_at_once_is_not_given(member):
    template = make_template(validity="dates", valid_from=NOW - DAY, valid_until=NOW, valid_days=None)
    with pytest.raises(CouponNotGivenNow):
        claim(template, member)


def test_only_the_audience_may_claim(member):
    template = make_template(new_members_only=True)
    FirstPurchase.objects.create(member=member, order_number="D1", is_paid=True, placed_at=NOW)
    with pytest.raises(NotForOldMembers):
        claim(template, member)
    assert counts(template) == (0, 0)
    claim(template, MemberFactory())


def test_under_one_reference_nobody_is_given_a_second(member):
    template = make_template(per_member_limit=None)
    with transaction.atomic():
        give(template=template, member_id=member.pk, way="newcomer", reference="newcomer:1", now=NOW)
    with pytest.raises(CouponAlreadyGiven), transaction.atomic():
        give(template=template, member_id=member.pk, way="newcomer", reference="newcomer:1", now=NOW)
    assert counts(template) == (1, 1)
    assert ClaimTally.objects.get().claimed == 1


def test_what_fails_after_the_count_takes_the_count_back_with_it(member):
    template = make_template(total_limit=1)

    def die_after_the_claim():
        with transaction.atomic():
            give(template=template, member_id=member.pk, way="claim", reference=None, now=NOW)
            raise ConnectionResetError("the process dies here")

    with pytest.raises(ConnectionResetError):
        die_after_the_claim()
    assert (counts(template), ClaimTally.objects.count()) == ((0, 0), 0)
    claim(template, MemberFactory())
    assert counts(template) == (1, 1)


def test_many_are_served_as_far_as_it_reaches(django_assert_max_num_queries):
    template = make_template(total_limit=3)
    members = sorted(MemberFactory().pk for _ in range(5))
    with transaction.atomic():
        give(template=template, member_id=members[0], way="hand_out", reference=None, now=NOW)
        with django_assert_max_num_queries(8):
            given = give_many(template=template, references=dict.fromkeys(members), way="hand_out", now=NOW)
    assert sorted(given.coupons) == members[1:3]
    assert given.refusals == {members[0]: CouponLimitReached, members[3]: CouponsGone, members[4]: CouponsGone}
    assert counts(template) == (3, 3)
    assert sorted(ClaimTally.objects.filter(claimed=1).values_list("member_id", flat=True)) == members[:3]


def test_the_database_holds_the_total_by_itself():
    template = make_template(total_limit=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        CouponTemplate.objects.filter(pk=template.pk).update(claimed_count=2)


def test_what_somebody_holds_keeps_its_worth(member):
    template = make_template()
    CouponTemplate.objects.filter(pk=template.pk).update(amount_off_fen=3000)
    claim(template, member)
    for change in ({"amount_off_fen": 1}, {"exchange_sku": SkuFactory()}, {"sku_ids": [1]}, {"threshold_fen": 20_000}):
        with pytest.raises(InternalError, match="promises_stand"), transaction.atomic():
            CouponTemplate.objects.filter(pk=template.pk).update(**change)
    CouponTemplate.objects.filter(pk=template.pk).update(total_limit=2000, name="更多")
