"""The staff suspends what members hold of a template, lets it be used again, or makes it void."""

import pytest
from django.db import InternalError, transaction

from members.identity.tests.factories import MemberFactory
from members.notifications.models import Notification
from promotions.campaigns.audience import Buyer
from promotions.campaigns.services.lifecycle import clone_campaign
from promotions.coupons.errors import (
    CouponNotGivenNow,
    CouponNotUsable,
    CouponsGone,
    CouponSuspended,
    NobodyHoldsCoupons,
)
from promotions.coupons.models import Coupon, CouponTemplate, Halt
from promotions.coupons.queries import mine, usable
from promotions.coupons.services import (
    claim_coupon,
    claim_coupons,
    confirm_coupons,
    halting,
    release_coupons,
    return_coupons,
)
from promotions.coupons.services.expiring import remind_members
from promotions.coupons.services.granting import give_many
from promotions.coupons.services.halting import halt_coupons, run_halt, run_halts
from promotions.coupons.services.verifying import show_coupon, use_in_store
from promotions.coupons.terms import terms_for
from promotions.coupons.tests.making import CLERK, DAY, NOW, make_coupon, make_template
from shop.core.errors import IllegalTransition
from shop.core.invariants import violations

pytestmark = pytest.mark.django_db(transaction=True)


def halt(template, kind, *, tells=True, now=NOW):
    return halt_coupons(
        template_id=template.pk, kind=kind, reason="印错了价格", tells_members=tells, actor=CLERK, now=now
    )


def statuses(template):
    return list(Coupon.objects.filter(template=template).order_by("pk").values_list("status", flat=True))


def hold(coupon, number="D1"):
    with transaction.atomic():
        claim_coupons(order_number=number, member_id=coupon.member_id, costs_fen={coupon.pk: 2000}, now=NOW)


def refusals(member):
    found = terms_for(buyer=Buyer(member.pk, None), asked="best", now=NOW)
    return [each.refusal and each.refusal.code for each in found]


def told(event):
    rows = Notification.objects.filter(event=event).order_by("member_id")
    return [(row.member_id, row.context["coupon"], row.context["reason"]) for row in rows]


def test_suspended_coupons_are_nobodys_to_use_until_they_are_resumed(member):
    template = make_template(use_in="anywhere", per_member_limit=None)
    coupon = make_coupon(member, template=template)
    code, _until = show_coupon(number=coupon.number, member_id=member.pk, now=NOW)
    halt(template, "suspend")
    assert refusals(member) == ["coupon_suspended"]
    with pytest.raises(CouponNotUsable):
        hold(coupon)
    with pytest.raises(CouponSuspended):
        show_coupon(number=coupon.number, member_id=member.pk, now=NOW)
    with pytest.raises(CouponSuspended), transaction.atomic():
        use_in_store(code=code, store_code="S1", bill_fen=20_000, actor=CLERK, now=NOW)
    with pytest.raises(CouponNotGivenNow):
        claim_coupon(template_id=template.pk, member_id=member.pk, channel="", now=NOW)
    assert (usable(member_id=member.pk, now=NOW).count(), statuses(template)) == (0, ["unused"])
    halt(template, "resume")
    assert refusals(member) == [None]
    hold(coupon)
    assert claim_coupon(template_id=template.pk, member_id=member.pk, channel="", now=NOW).status == "unused"
    assert statuses(template) == ["locked", "unused"]
    assert list(Halt.objects.order_by("pk").values_list("kind", "created_by", "reason")) == [
        ("suspend", "staff:clerk", "印错了价格"),
        ("resume", "staff:clerk", "印错了价格"),
    ]


def test_a_template_that_is_halted_meanwhile_gives_nothing(member):
    template = make_template()
    make_coupon(MemberFactory(), template=template)
    halt(template, "suspend")
    assert not template.halted  # as somebody read it a moment ago
    with transaction.atomic():
        given = give_many(template=template, references={member.pk: None}, way="claim", now=NOW)
    assert (dict(given.coupons), dict(given.refusals)) == ({}, {member.pk: CouponsGone})
    template.refresh_from_db()
    assert (template.claimed_count, statuses(template)) == (1, ["unused"])
    assert not violations()


def test_void_coupons_are_void_at_once_and_written_down_in_batches(member, monkeypatch):
    monkeypatch.setattr(halting, "BATCH", 2)
    template = make_template(per_member_limit=None)
    coupons = [make_coupon(member, template=template) for _ in range(3)]
    coupons += [make_coupon(MemberFactory(), template=template) for _ in range(2)]
    used, held = coupons[0], coupons[1]
    hold(used, "D1")
    hold(held, "D2")
    with transaction.atomic():
        confirm_coupons(order_number="D1", revenue_fen=8000, now=NOW)
    stopped = halt(template, "void")
    assert (stopped.coupon_count, stopped.status) == (3, "running")
    assert [row.status_now for row in mine(member_id=member.pk, status=None, now=NOW).order_by("pk")] == [
        "used",
        "locked",
        "void",
    ]
    assert refusals(member) == []
    template.refresh_from_db()
    assert (template.status, template.end_reason) == ("ended", "stopped")
    assert run_halt(halt_id=stopped.pk, now=NOW, batches=1) == 2
    assert statuses(template).count("void") == 2
    assert run_halts(now=NOW) == 1
    assert statuses(template) == ["used", "locked", "void", "void", "void"]
    assert Coupon.objects.filter(voided_by="staff:clerk", void_reason="印错了价格").count() == 3
    # The order that holds one goes its way; given up, its coupon is void as well.
    stopped.refresh_from_db()
    assert (stopped.status, stopped.done_count) == ("running", 3)
    with transaction.atomic():
        release_coupons(order_number="D2", now=NOW)
    assert run_halts(now=NOW) == 0
    stopped.refresh_from_db()
    assert (stopped.status, stopped.finished_at) == ("done", NOW)
    with transaction.atomic():
        return_coupons(order_number="D1", coupon_ids=[used.pk], now=NOW)
    assert statuses(template) == ["void"] * 5
    assert not violations()


def test_each_member_is_told_once_and_only_of_coupons_that_were_still_good(member):
    template = make_template(per_member_limit=None, name="春茶券")
    other, late = MemberFactory(), MemberFactory()
    for each in (member, member, other):
        make_coupon(each, template=template)
    over = make_coupon(late, template=template, now=NOW - DAY / 2)
    Coupon.objects.filter(pk=over.pk).update(valid_until=NOW)
    for kind, event in (("suspend", "coupons_suspended"), ("resume", "coupons_resumed"), ("void", "coupons_voided")):
        stopped = halt(template, kind)
        assert run_halts(now=NOW) == 3
        assert run_halts(now=NOW) == 0
        assert told(event) == [(pk, "春茶券", "印错了价格") for pk in sorted([member.pk, other.pk])]
        stopped.refresh_from_db()
        assert (stopped.status, stopped.coupon_count, stopped.done_count) == ("done", 3, 3)
    over.refresh_from_db()
    assert over.status == "unused"  # the clock has ended it, and writes that down by itself


def test_members_are_not_told_where_the_staff_says_so(member):
    template = make_template()
    make_coupon(member, template=template)
    halt(template, "void", tells=False)
    run_halts(now=NOW)
    assert statuses(template) == ["void"]
    assert not Notification.objects.filter(event="coupons_voided").exists()


def test_who_cannot_use_a_coupon_is_not_reminded_of_it(member):
    template = make_template(valid_days=1)
    make_coupon(member, template=template)
    halt(template, "suspend", tells=False)
    assert remind_members(now=NOW) == 0
    halt(template, "resume", tells=False)
    assert remind_members(now=NOW) == 1


def test_a_later_halt_overtakes_one_that_has_not_finished(member, monkeypatch):
    template = make_template()
    make_coupon(member, template=template)
    first = halt(template, "suspend")
    second = halt(template, "resume")
    assert run_halt(halt_id=first.pk, now=NOW) == 0
    assert run_halt(halt_id=second.pk, now=NOW) == 1
    first.refresh_from_db()
    assert (first.status, told("coupons_suspended")) == ("overtaken", [])


@pytest.mark.parametrize(("before", "kind"), [([], "resume"), (["suspend"], "suspend"), (["void"], "resume")])
def test_what_is_so_already_or_void_is_refused(member, before, kind):
    template = make_template()
    make_coupon(member, template=template)
    for each in before:
        halt(template, each)
    with pytest.raises(IllegalTransition):
        halt(template, kind)
    assert Halt.objects.count() == len(before)


def test_what_is_void_stays_void_and_a_clone_begins_anew(member):
    template = make_template()
    make_coupon(member, template=template)
    halt(template, "void")
    with pytest.raises(InternalError, match="void_is_final"):
        CouponTemplate.objects.filter(pk=template.pk).update(halted="")
    copy = clone_campaign(kind=template.KIND, pk=template.pk, actor=CLERK, now=NOW)
    copy.refresh_from_db()
    assert (copy.halted, copy.claimed_count, copy.status) == ("", 0, "draft")


def test_where_nobody_holds_one_there_is_nothing_to_stop():
    template = make_template()
    with pytest.raises(NobodyHoldsCoupons):
        halt(template, "suspend")
    assert not Halt.objects.exists()
