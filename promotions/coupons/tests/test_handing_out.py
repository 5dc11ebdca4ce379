import pytest
from django.contrib.admin import site
from django.utils.translation import override

from members.identity.tests.factories import MemberFactory
from members.notifications.models import Notification
from members.segments.models import Segment
from members.segments.services import add_to_segment
from promotions.campaigns.audience import Audience
from promotions.coupons.admin.hand_outs import HandOutAdmin
from promotions.coupons.errors import CouponNotGivenNow, HandOutApproverIsAuthor, HandOutToNobody
from promotions.coupons.models import Coupon, HandOut, HandOutMember
from promotions.coupons.services import handing_out
from promotions.coupons.services.handing_out import (
    approve_hand_out,
    cancel_hand_out,
    run_hand_out,
    run_hand_outs,
    start_hand_out,
)
from promotions.coupons.tests.making import CHIEF, CLERK, NOW, make_coupon, make_template
from shop.core import preferences
from shop.core.errors import IllegalTransition
from shop.core.models import PreferenceValue

pytestmark = pytest.mark.django_db(transaction=True)


def start(template, members=None, audience=None):
    return start_hand_out(
        template_id=template.pk,
        audience=audience,
        member_ids=None if members is None else [each.pk for each in members],
        note="regulars",
        actor=CLERK,
        now=NOW,
    )


def progress(hand_out):
    hand_out.refresh_from_db()
    return hand_out.status, hand_out.member_count, hand_out.given_count, hand_out.refused_count


@pytest.fixture
def small_limit(db):
    PreferenceValue.objects.update_or_create(key="coupons.approval_members", defaults={"value": 2})
    preferences.forget_cached()


def test_a_list_gets_one_each_in_batches_and_is_told(monkeypatch):
    monkeypatch.setattr(handing_out, "BATCH", 2)
    members = [MemberFactory() for _ in range(5)]
    gone = MemberFactory(status="blocked")
    template = make_template()
    make_coupon(members[0], template=template)
    hand_out = start(template, [*members, gone])
    assert progress(hand_out) == ("running", 5, 0, 0)
    assert run_hand_out(hand_out_id=hand_out.pk, now=NOW, batches=1) == 2
    assert progress(hand_out) == ("running", 5, 1, 1)
    assert run_hand_outs(now=NOW) == 3
    assert progress(hand_out) == ("done", 5, 4, 1)
    assert run_hand_outs(now=NOW) == 0
    assert sorted(Coupon.objects.filter(way="hand_out").values_list("member_id", flat=True)) == [
        each.pk for each in members[1:]
    ]
    refused = HandOutMember.objects.get(member=members[0])
    assert refused.refusal == "coupon_limit_reached"
    assert Notification.objects.filter(event="coupon_given").count() == 4
    with override("en"):
        said = HandOutAdmin(HandOut, site).shown_refusals(hand_out)
    assert said == f"<p>You have had as many of these coupons as you may. × 1: {members[0]}</p>"


def test_a_segment_gets_it_as_it_is_now():
    segment = Segment.objects.create(code="regulars", name="常客")
    inside, later, _outside = MemberFactory(), MemberFactory(), MemberFactory()
    add_to_segment(segment_id=segment.pk, member_id=inside.pk, until=None, now=NOW)
    hand_out = start(make_template(), audience=Audience(segment_ids=frozenset([segment.pk])))
    add_to_segment(segment_id=segment.pk, member_id=later.pk, until=None, now=NOW)
    run_hand_outs(now=NOW)
    assert progress(hand_out) == ("done", 1, 1, 0)
    assert Coupon.objects.get().member_id == inside.pk


def test_many_members_wait_for_a_second_person(small_limit):
    hand_out = start(make_template(), [MemberFactory() for _ in range(3)])
    assert run_hand_outs(now=NOW) == 0
    assert progress(hand_out) == ("awaiting", 3, 0, 0)
    with pytest.raises(HandOutApproverIsAuthor):
        approve_hand_out(hand_out_id=hand_out.pk, actor=CLERK, now=NOW)
    approve_hand_out(hand_out_id=hand_out.pk, actor=CHIEF, now=NOW)
    assert run_hand_outs(now=NOW) == 3
    assert progress(hand_out) == ("done", 3, 3, 0)
    with pytest.raises(IllegalTransition):
        approve_hand_out(hand_out_id=hand_out.pk, actor=CHIEF, now=NOW)


def test_a_cancelled_one_goes_no_further(small_limit):
    hand_out = start(make_template(), [MemberFactory() for _ in range(3)])
    cancel_hand_out(hand_out_id=hand_out.pk, actor=CLERK, now=NOW)
    assert run_hand_outs(now=NOW) == 0
    assert (progress(hand_out)[0], Coupon.objects.count()) == ("cancelled", 0)


def test_nobody_and_what_is_not_running_are_refused():
    with pytest.raises(HandOutToNobody):
        start(make_template(), [])
    with pytest.raises(CouponNotGivenNow):
        start(make_template(status="draft"), [MemberFactory()])
    assert HandOut.objects.count() == 0
