import pytest
from django.db import transaction

from members.identity.tests.factories import MemberFactory
from members.notifications.models import Notification
from promotions.coupons import member_data
from promotions.coupons.errors import CouponLimitReached
from promotions.coupons.models import ClaimTally, Coupon
from promotions.coupons.services import claim_coupon, claim_coupons
from promotions.coupons.services.expiring import remind_members
from promotions.coupons.tests.making import DAY, NOW, make_coupon, make_template
from shop.core.invariants import violations

pytestmark = pytest.mark.django_db


def test_merging_moves_coupons_and_adds_up_claims(member):
    other, template, theirs = MemberFactory(), make_template(per_member_limit=2), make_template()
    for holder in (member, other):
        make_coupon(holder, template=template)
    make_coupon(other, template=theirs)
    with transaction.atomic():
        assert member_data.move(source_id=other.pk, target_id=member.pk, now=NOW) == {"coupons": 2}
    assert list(Coupon.objects.values_list("member_id", flat=True).distinct()) == [member.pk]
    assert sorted(ClaimTally.objects.values_list("member_id", "claimed")) == [(member.pk, 1), (member.pk, 2)]
    assert {law: each for law, each in violations().items() if "coupons" in law} == {}
    with pytest.raises(CouponLimitReached):
        claim_coupon(template_id=template.pk, member_id=member.pk, channel="", now=NOW)


def test_two_who_had_all_they_may_keep_it_together_and_get_no_more(member):
    other, template = MemberFactory(), make_template(per_member_limit=1, period="day", per_period_limit=1)
    for holder in (member, other):
        make_coupon(holder, template=template)
    with transaction.atomic():
        member_data.move(source_id=other.pk, target_id=member.pk, now=NOW)
    assert ClaimTally.objects.values_list("claimed", "in_period", "most").get() == (2, 2, None)
    with pytest.raises(CouponLimitReached):
        claim_coupon(template_id=template.pk, member_id=member.pk, channel="", now=NOW + DAY)


def test_erasing_makes_unused_coupons_void_and_leaves_the_sums(member):
    template = make_template(per_member_limit=2)
    unused, held = make_coupon(member, template=template), make_coupon(member, template=template)
    claim_coupons(order_number="D1", member_id=member.pk, costs_fen={held.pk: 2000}, now=NOW)
    member_data.erase(member_id=member.pk, now=NOW)
    assert dict(Coupon.objects.values_list("pk", "status")) == {unused.pk: "void", held.pk: "locked"}
    assert {law: each for law, each in violations().items() if "coupons" in law} == {}


def test_the_export_names_every_coupon(member):
    coupon = make_coupon(member)
    make_coupon(MemberFactory())
    [row] = member_data.export(member_id=member.pk)["coupons"]
    assert (row["number"], row["status"], row["template__name"]) == (coupon.number, "unused", "满 100 减 20")


def test_members_are_reminded_once_for_all_that_is_about_to_expire(member):
    template = make_template(per_member_limit=None)
    soon = [make_coupon(member, template=template) for _ in range(2)]
    make_coupon(member, template=template, now=NOW + 5 * DAY)
    other = make_coupon(MemberFactory(), template=template)
    moment = NOW + 6 * DAY
    assert remind_members(now=NOW) == 0
    assert remind_members(now=moment) == 2
    assert remind_members(now=moment + DAY / 24) == 0
    told = Notification.objects.filter(event="coupons_expiring")
    assert sorted(told.values_list("member_id", "context__count")) == [(member.pk, 2), (other.member_id, 1)]
    assert Coupon.objects.filter(reminded_at=moment).count() == 3
    assert Coupon.objects.get(pk=soon[0].pk).status == "unused"
