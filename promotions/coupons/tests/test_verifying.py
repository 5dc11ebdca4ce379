import pytest
from django.db import transaction

from members.identity.tests.factories import MemberFactory
from promotions.campaigns.services.switch import switch_promotions
from promotions.coupons.errors import (
    CouponNotForStores,
    CouponNotFound,
    CouponNotUsable,
    CouponsSwitchedOff,
    StorePassInvalid,
    StoreThresholdNotMet,
)
from promotions.coupons.models import Coupon, CouponTemplate, StorePass
from promotions.coupons.services import claim_coupons, take_back_for_purchase
from promotions.coupons.services.granting import give
from promotions.coupons.services.halting import halt_coupons, run_halt
from promotions.coupons.services.verifying import off_in_store, show_coupon, take_back_use, use_in_store
from promotions.coupons.tests.making import CLERK, DAY, NOW, make_coupon, make_template
from shop.catalog.tests.factories import SkuFactory
from shop.core.invariants import violations

pytestmark = pytest.mark.django_db
MINUTE = DAY / 1440


def show(coupon, now=NOW, member_id=None):
    return show_coupon(number=coupon.number, member_id=member_id or coupon.member_id, now=now)[0]


def verify(code, now=NOW, bill_fen=12_000):
    return use_in_store(code=code, store_code="HZ01", bill_fen=bill_fen, actor=CLERK, now=now)


def test_a_coupon_is_used_in_a_store_once(member):
    coupon = make_coupon(member, use_in="anywhere")
    code = show(coupon)
    assert (len(code), code.isdecimal()) == (12, True)
    used = verify(f"{code[:4]} {code[4:8]} {code[8:]}")
    assert (used.status, used.store_code, used.verified_by, used.used_at) == ("used", "HZ01", "staff:clerk", NOW)
    assert (used.cost_fen, used.revenue_fen, used.order_number) == (2000, 10_000, "")
    with pytest.raises(StorePassInvalid):
        verify(code)
    with pytest.raises(CouponNotUsable):
        show(coupon)
    with pytest.raises(CouponNotUsable):
        claim_coupons(order_number="D1", member_id=member.pk, costs_fen={coupon.pk: 1}, now=NOW)


def test_a_number_is_good_for_minutes_and_only_the_newest(member):
    coupon = make_coupon(member, use_in="store")
    old, code = show(coupon), show(coupon)
    for wrong in (old, "000000000000", "", code[:11]):
        with pytest.raises(StorePassInvalid):
            verify(wrong)
    with pytest.raises(StorePassInvalid):
        verify(code, now=NOW + 5 * MINUTE)
    assert code.encode() not in bytes(StorePass.objects.get().code_hash)
    assert verify(code, now=NOW + 4 * MINUTE).status == "used"


def test_what_an_order_holds_is_not_used_in_a_store_as_well(member):
    coupon = make_coupon(member, use_in="anywhere")
    code = show(coupon)
    with transaction.atomic():
        claim_coupons(order_number="D1", member_id=member.pk, costs_fen={coupon.pk: 2000}, now=NOW)
    with pytest.raises(CouponNotUsable):
        verify(code)
    coupon.refresh_from_db()
    assert (coupon.status, coupon.store_code) == ("locked", "")


def test_another_members_an_online_and_a_future_coupon_are_not_shown(member):
    coupon = make_coupon(member)
    with pytest.raises(CouponNotFound):
        show(coupon, member_id=MemberFactory().pk)
    with pytest.raises(CouponNotForStores):
        show(coupon)
    with pytest.raises(CouponNotUsable):
        show(make_coupon(member, use_in="store", delay_days=1))


def test_a_coupon_that_counts_units_is_not_for_a_bill(member):
    coupon = make_coupon(member, use_in="anywhere", threshold_fen=0, threshold_count=2)
    with pytest.raises(CouponNotForStores):
        show(coupon)
    assert not StorePass.objects.exists()


def test_while_promotions_are_switched_off_no_store_takes_coupons(member):
    coupon = make_coupon(member, use_in="anywhere")
    code = show(coupon)
    switch_promotions(on=False, actor=CLERK, now=NOW)
    for attempt in (lambda: show(coupon), lambda: verify(code)):
        with pytest.raises(CouponsSwitchedOff):
            attempt()
    coupon.refresh_from_db()
    assert (coupon.status, coupon.store_code) == ("unused", "")
    switch_promotions(on=True, actor=CLERK, now=NOW)
    assert verify(code).status == "used"


def test_a_bill_below_the_threshold_is_refused(member):
    coupon = make_coupon(member, use_in="store")
    code = show(coupon)
    with pytest.raises(StoreThresholdNotMet, match=r"¥0\.01"):
        verify(code, bill_fen=9_999)
    coupon.refresh_from_db()
    assert coupon.status == "unused"


@pytest.mark.parametrize(
    ("fields", "bill_fen", "off_fen"),
    [
        ({"amount_off_fen": 2000, "threshold_fen": 0}, 1500, 1500),
        ({"kind": "percent", "percent_off_bp": 1500}, 10_001, 1500),
        ({"kind": "percent", "percent_off_bp": 1500, "most_off_fen": 1200}, 10_000, 1200),
    ],
)
def test_what_it_takes_off_a_bill(fields, bill_fen, off_fen):
    assert off_in_store(make_template(**fields), bill_fen=bill_fen) == off_fen


@pytest.mark.parametrize(("bill_fen", "off_fen"), [(500_000, 2300), (2500, 2300), (1700, 1500), (150, 0)])
def test_an_exchange_pays_for_its_goods_and_for_nothing_else_on_the_bill(bill_fen, off_fen):
    tea = SkuFactory(price_fen=2500)
    template = make_template(
        kind="exchange", amount_off_fen=None, threshold_fen=0, exchange_sku=tea, exchange_price_fen=200
    )
    assert off_in_store(template, bill_fen=bill_fen) == off_fen


def test_a_use_that_is_taken_back_does_not_revive_what_was_paid_back_meanwhile(member):
    template = make_template(way="purchase", use_in="anywhere", purchase_min_fen=0)
    with transaction.atomic():
        coupon = give(
            template=template, member_id=member.pk, way="purchase", reference=f"order:D1:{member.pk}", now=NOW
        )
    used = verify(show(coupon))
    with transaction.atomic():
        assert take_back_for_purchase(member_id=member.pk, order_number="D1", paid_fen=0, now=NOW) == 1
        take_back_use(number=coupon.number, store_code="HZ01", used_at=used.used_at, now=NOW)
    coupon.refresh_from_db()
    assert (coupon.status, coupon.revoked_at, coupon.store_code) == ("void", NOW, "")
    with pytest.raises(CouponNotUsable):
        claim_coupons(order_number="D9", member_id=member.pk, costs_fen={coupon.pk: 2000}, now=NOW)
    assert not violations()


def test_a_use_that_is_taken_back_does_not_revive_what_was_made_void_meanwhile(member):
    coupon = make_coupon(member, use_in="anywhere")
    used = verify(show(coupon))
    halt = halt_coupons(
        template_id=coupon.template_id, kind="void", reason="x", tells_members=False, actor=CLERK, now=NOW
    )
    run_halt(halt_id=halt.pk, now=NOW)
    with transaction.atomic():
        take_back_use(number=coupon.number, store_code="HZ01", used_at=used.used_at, now=NOW)
    coupon.refresh_from_db()
    halt.refresh_from_db()
    assert (coupon.status, halt.status) == ("void", "done")
    assert not violations()


def test_a_use_by_mistake_that_is_taken_back_leaves_the_coupon_as_it_was(member):
    coupon = make_coupon(member, use_in="anywhere")
    used = verify(show(coupon))
    with transaction.atomic():
        take_back_use(number=coupon.number, store_code="HZ01", used_at=used.used_at, now=NOW)
    assert verify(show(coupon)).status == "used"


@pytest.mark.parametrize("lost", ["revoked", "void"])
def test_a_coupon_that_came_back_to_life_is_found(member, lost):
    coupon = make_coupon(member)
    if lost == "revoked":
        Coupon.objects.filter(pk=coupon.pk).update(revoked_at=NOW)
    else:
        CouponTemplate.objects.filter(pk=coupon.template_id).update(halted="void")
    (found,) = violations().values()
    assert [each.partition(":")[0] for each in found] == [f"coupon {coupon.pk}"]
