from itertools import permutations

import pytest
from django.db import InternalError, transaction

from members.identity.tests.factories import MemberFactory
from promotions.coupons.errors import CouponNotUsable, CouponNotVoidable
from promotions.coupons.models import Coupon
from promotions.coupons.results import result_of_coupons
from promotions.coupons.services import (
    claim_coupons,
    confirm_coupons,
    reduce_coupons,
    release_coupons,
    return_coupons,
    void_coupon,
)
from promotions.coupons.services.expiring import expire_coupons
from promotions.coupons.tests.making import CLERK, DAY, NOW, make_coupon, make_template
from shop.core import preferences
from shop.core.models import PreferenceValue

pytestmark = pytest.mark.django_db
ENDS = NOW.replace(hour=16) + 7 * DAY  # Shanghai midnight after seven whole days


def hold(coupon, *, order="D1", now=NOW, member_id=None, cost=2000):
    with transaction.atomic():
        claim_coupons(order_number=order, member_id=member_id or coupon.member_id, costs_fen={coupon.pk: cost}, now=now)


def confirm(order="D1", now=NOW):
    with transaction.atomic():
        return confirm_coupons(order_number=order, revenue_fen=8000, now=now)


def release(order="D1", now=NOW):
    with transaction.atomic():
        return release_coupons(order_number=order, now=now)


def come_back(*coupons, order="D1", now=NOW):
    with transaction.atomic():
        return return_coupons(order_number=order, coupon_ids=[each.pk for each in coupons], now=now)


def state(coupon):
    coupon.refresh_from_db()
    return coupon.status, coupon.order_number


def test_a_coupon_is_held_used_and_given_back(member):
    coupon = make_coupon(member)
    hold(coupon)
    assert state(coupon) == ("locked", "D1")
    assert confirm() == 1
    assert state(coupon) == ("used", "D1")
    assert (coupon.used_at, coupon.cost_fen, coupon.revenue_fen) == (NOW, 2000, 8000)
    assert release() == 0  # a paid order gives coupons back by name
    assert come_back(coupon) == 1
    assert come_back(coupon) == 0
    assert state(coupon) == ("unused", "")
    assert (coupon.used_at, coupon.cost_fen, coupon.returned_from, coupon.valid_until) == (None, 0, "D1", ENDS)


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_what_is_over_by_the_clock_cannot_be_used_swept_or_not(member, offset):
    coupon = make_coupon(member)
    moment = ENDS + offset * (DAY / 86_400)
    if offset < 0:
        hold(coupon, now=moment)
        assert state(coupon)[0] == "locked"
        return
    with pytest.raises(CouponNotUsable):
        hold(coupon, now=moment)
    assert state(coupon) == ("unused", "")


def test_another_members_a_future_and_a_held_coupon_are_refused(member):
    coupon = make_coupon(member)
    with pytest.raises(CouponNotUsable):
        hold(coupon, member_id=MemberFactory().pk)
    tomorrow = make_coupon(member, template=make_template(delay_days=1))
    with pytest.raises(CouponNotUsable):
        hold(tomorrow)
    hold(coupon)
    with pytest.raises(CouponNotUsable):
        hold(coupon, order="D2")
    assert state(coupon) == ("locked", "D1")


def test_several_coupons_are_held_together_or_not_at_all(member):
    first, second = make_coupon(member), make_coupon(member)
    void_coupon(coupon_id=second.pk, reason="mistake", actor=CLERK, now=NOW)
    with pytest.raises(CouponNotUsable), transaction.atomic():
        claim_coupons(order_number="D1", member_id=member.pk, costs_fen={first.pk: 1, second.pk: 1}, now=NOW)
    assert state(first) == ("unused", "")


@pytest.mark.parametrize("steps", sorted(set(permutations(("confirm", "confirm", "release", "release")))))
def test_whatever_the_order_of_messages_the_coupon_is_used_or_back(member, steps):
    coupon = make_coupon(member)
    hold(coupon)
    for step in steps:
        {"confirm": confirm, "release": release}[step]()
    # What comes first decides: what was given back is not used any more, and what is used not given back by itself.
    if steps[0] == "confirm":
        assert state(coupon) == ("used", "D1")
        come_back(coupon)
    assert state(coupon) == ("unused", "")
    hold(coupon, order="D2")
    assert release(order="D1") == confirm(order="D1") == 0
    assert state(coupon) == ("locked", "D2")


@pytest.mark.parametrize(("grace", "status", "until"), [(0, "expired", ENDS), (3, "unused", ENDS + 4 * DAY)])
def test_what_expired_meanwhile_comes_back_expired_or_with_grace(member, grace, status, until):
    PreferenceValue.objects.update_or_create(key="coupons.return_grace_days", defaults={"value": grace})
    preferences.forget_cached()
    coupon = make_coupon(member)
    hold(coupon)
    release(now=ENDS + DAY)
    coupon.refresh_from_db()
    assert (coupon.status, coupon.valid_until) == (status, until)


def test_grace_does_not_lengthen_what_is_still_good(member):
    PreferenceValue.objects.update_or_create(key="coupons.return_grace_days", defaults={"value": 30})
    preferences.forget_cached()
    coupon = make_coupon(member)
    hold(coupon)
    release(now=ENDS - DAY)
    coupon.refresh_from_db()
    assert (coupon.status, coupon.valid_until) == ("unused", ENDS)


def test_the_sweep_expires_what_is_over_and_leaves_what_an_order_holds(member):
    over, held, good = make_coupon(member), make_coupon(member), make_coupon(member, now=NOW + DAY)
    hold(held)
    assert expire_coupons(now=ENDS) == 1
    assert [state(each)[0] for each in (over, held, good)] == ["expired", "locked", "unused"]
    assert expire_coupons(now=ENDS) == 0


def test_only_unused_coupons_are_made_void(member):
    coupon, held = make_coupon(member), make_coupon(member)
    void_coupon(coupon_id=coupon.pk, reason="sent by mistake", actor=CLERK, now=NOW)
    coupon.refresh_from_db()
    assert (coupon.status, coupon.void_reason, coupon.voided_by) == ("void", "sent by mistake", "staff:clerk")
    hold(held)
    for refused in (coupon, held):
        with pytest.raises(CouponNotVoidable):
            void_coupon(coupon_id=refused.pk, reason="again", actor=CLERK, now=NOW)
    assert state(held)[0] == "locked"


def test_the_database_knows_no_way_back_from_void(member):
    coupon = make_coupon(member)
    void_coupon(coupon_id=coupon.pk, reason="mistake", actor=CLERK, now=NOW)
    with pytest.raises(InternalError, match="transition"), transaction.atomic():
        Coupon.objects.filter(pk=coupon.pk).update(status="unused", void_reason="")


def test_goods_that_come_back_lower_what_a_coupon_cost_and_brought(member):
    coupon, other = make_coupon(member), make_coupon(member, template=make_template(name="other"))
    hold(coupon)
    hold(other, order="D2")
    confirm()
    confirm("D2")
    with transaction.atomic():
        for _again in range(2):
            reduce_coupons(order_number="D1", costs_fen={coupon.pk: 500, other.pk: 0}, revenue_fen=1500)
    coupon.refresh_from_db()
    other.refresh_from_db()
    assert (coupon.cost_fen, coupon.revenue_fen) == (500, 1500)
    assert (other.cost_fen, other.revenue_fen) == (2000, 8000)
    found = result_of_coupons(coupon.template_id)
    assert (found.orders, found.revenue_fen, found.cost_fen) == (1, 1500, 500)
    with transaction.atomic():
        reduce_coupons(order_number="D1", costs_fen={coupon.pk: 0}, revenue_fen=0)
    assert result_of_coupons(coupon.template_id).orders == 0
