import pytest

from members.identity.origin import Origin
from members.identity.tests.factories import MemberFactory
from promotions.campaigns.audience import NotForOldMembers
from promotions.campaigns.models import FirstPurchase
from promotions.coupons.errors import (
    CodeBatchNotExportable,
    CodesBeyondTotal,
    CouponLimitReached,
    RedemptionCodeInvalid,
    RedemptionLocked,
    TemplateHasNoCodes,
    TemplateIsForCodes,
    TotalBelowCodes,
)
from promotions.coupons.models import Code, CodeBatch, CodeTry, Coupon, CouponTemplate, HandOut
from promotions.coupons.redemption_codes import hash_of, new_code, read
from promotions.coupons.services.batches import create_batch, export_batch, void_batch
from promotions.coupons.services.handing_out import start_hand_out
from promotions.coupons.services.redeeming import redeem_code
from promotions.coupons.services.templates import change_total
from promotions.coupons.tests.making import CHIEF, CLERK, DAY, NOW, make_template
from shop.core.errors import IllegalTransition

pytestmark = pytest.mark.django_db(transaction=True)
HERE = Origin(address="203.0.113.9", device="d" * 64)


def make_codes(quantity=3, *, expires_at=None, **fields):
    template = make_template(**{"way": "codes", "per_member_limit": None, **fields})
    batch = create_batch(
        template_id=template.pk, name="partner", quantity=quantity, expires_at=expires_at, actor=CLERK, now=NOW
    )
    return batch, "".join(export_batch(batch_id=batch.pk, actor=CLERK, now=NOW)).split()


def redeem(typed, member, *, origin=HERE, now=NOW):
    return redeem_code(typed=typed, member_id=member.pk, channel="", origin=origin, now=now)


def test_a_code_is_redeemed_once_and_again_by_the_same_member_it_is_the_same_coupon(member):
    batch, codes = make_codes()
    coupon = redeem(codes[0].lower().replace("-", " "), member)
    assert (coupon.member_id, coupon.way, coupon.status) == (member.pk, "codes", "unused")
    assert redeem(codes[0], member).pk == coupon.pk
    with pytest.raises(RedemptionCodeInvalid):
        redeem(codes[0], MemberFactory())
    batch.refresh_from_db()
    assert (batch.redeemed_count, Coupon.objects.count()) == (1, 1)


def test_only_hashes_are_kept_and_the_file_comes_once():
    batch, codes = make_codes(7)
    assert len(set(codes)) == 7
    kept = {bytes(each) for each in Code.objects.values_list("code_hash", flat=True)}
    assert kept == {hash_of(read(code) or "") for code in codes}
    with pytest.raises(CodeBatchNotExportable):
        export_batch(batch_id=batch.pk, actor=CLERK, now=NOW)
    assert CodeBatch.objects.get().status == "live"


def test_a_download_that_broke_off_leaves_no_code_that_works(member, monkeypatch):
    monkeypatch.setattr("promotions.coupons.services.batches.AT_ONCE", 2)
    template = make_template(way="codes")
    batch = create_batch(template_id=template.pk, name="x", quantity=4, expires_at=None, actor=CLERK, now=NOW)
    [first, *_] = next(export_batch(batch_id=batch.pk, actor=CLERK, now=NOW)).split()
    with pytest.raises(RedemptionCodeInvalid):
        redeem(first, member)
    with pytest.raises(CodeBatchNotExportable):
        export_batch(batch_id=batch.pk, actor=CLERK, now=NOW)
    assert void_batch(batch_id=batch.pk, reason="broke off", actor=CLERK, now=NOW).status == "void"
    assert Coupon.objects.count() == 0


def test_expired_and_void_batches_and_unknown_codes_answer_alike(member):
    _batch, over = make_codes(expires_at=NOW)
    void, voided = make_codes()
    void_batch(batch_id=void.pk, reason="leaked", actor=CLERK, now=NOW)
    with pytest.raises(IllegalTransition):
        void_batch(batch_id=void.pk, reason="again", actor=CLERK, now=NOW)
    for typed in (over[0], voided[0], new_code(), "nonsense"):
        with pytest.raises(RedemptionCodeInvalid):
            redeem(typed, member)
    assert (Coupon.objects.count(), CodeTry.objects.count()) == (0, 4)


def test_wrong_codes_lock_the_member_out_for_an_hour_good_ones_too(member):
    _batch, codes = make_codes()
    for _ in range(5):
        with pytest.raises(RedemptionCodeInvalid):
            redeem(new_code(), member)
    with pytest.raises(RedemptionLocked) as refused:
        redeem(codes[0], member)
    assert refused.value.retry_after == 3600
    assert Coupon.objects.count() == 0
    assert redeem(codes[0], member, now=NOW + DAY / 24).status == "unused"


def test_a_device_is_locked_out_whoever_signs_in_on_it_and_an_address_later(member):
    _batch, codes = make_codes()
    for _ in range(5):
        with pytest.raises(RedemptionCodeInvalid):
            redeem(new_code(), MemberFactory())
    with pytest.raises(RedemptionLocked):
        redeem(codes[0], member)
    for number in range(45):
        with pytest.raises(RedemptionCodeInvalid):
            redeem(new_code(), MemberFactory(), origin=Origin(address=HERE.address, device=f"{number}"))
    with pytest.raises(RedemptionLocked):
        redeem(codes[0], member, origin=Origin(address=HERE.address))
    assert redeem(codes[0], member, origin=Origin(address="203.0.113.10")).status == "unused"


def test_a_good_code_that_is_refused_is_no_guess_and_stays_good(member):
    batch, codes = make_codes(per_member_limit=1, new_members_only=True)
    redeem(codes[0], member)
    with pytest.raises(CouponLimitReached):
        redeem(codes[1], member)
    old = MemberFactory()
    FirstPurchase.objects.create(member=old, order_number="D1", is_paid=True, placed_at=NOW)
    with pytest.raises(NotForOldMembers):
        redeem(codes[1], old)
    assert CodeTry.objects.count() == 0
    redeem(codes[1], MemberFactory())
    batch.refresh_from_db()
    assert batch.redeemed_count == 2


def test_batches_are_made_for_templates_with_codes_only():
    template = make_template()
    with pytest.raises(TemplateHasNoCodes):
        create_batch(template_id=template.pk, name="x", quantity=1, expires_at=None, actor=CLERK, now=NOW)


def test_no_more_codes_are_made_than_coupons_are_left(member):
    batch, codes = make_codes(6, total_limit=10)
    make = {"template_id": batch.template_id, "name": "second", "expires_at": None, "actor": CLERK, "now": NOW}
    redeem(codes[0], member)
    with pytest.raises(CodesBeyondTotal) as refusal:
        create_batch(quantity=5, **make)
    assert refusal.value.data == {"room": 4, "total": 10}
    assert CodeBatch.objects.count() == 1
    create_batch(quantity=4, **make)
    with pytest.raises(CodesBeyondTotal):
        create_batch(quantity=1, **make)
    # What is void, or over, promises nothing any more; what was redeemed stays counted.
    void_batch(batch_id=batch.pk, reason="leaked", actor=CLERK, now=NOW)
    create_batch(quantity=5, **make)
    assert CodeBatch.objects.count() == 3


def test_codes_that_are_over_leave_room_for_others():
    batch, _codes = make_codes(10, total_limit=10, expires_at=NOW + DAY)
    make = {"template_id": batch.template_id, "name": "second", "expires_at": None, "actor": CLERK}
    with pytest.raises(CodesBeyondTotal):
        create_batch(quantity=1, now=NOW, **make)
    assert create_batch(quantity=10, now=NOW + DAY, **make).quantity == 10


def test_the_total_does_not_fall_below_what_codes_promise(member):
    batch, codes = make_codes(6, total_limit=10)
    redeem(codes[0], member)
    with pytest.raises(TotalBelowCodes) as refusal:
        change_total(template_id=batch.template_id, total_limit=5, actor=CLERK, now=NOW)
    assert refusal.value.data == {"codes": 5, "claimed": 1}
    assert CouponTemplate.objects.get().total_limit == 10
    change_total(template_id=batch.template_id, total_limit=6, actor=CLERK, now=NOW)
    change_total(template_id=batch.template_id, total_limit=None, actor=CHIEF, now=NOW)
    assert CouponTemplate.objects.get().total_limit is None


def test_coupons_that_codes_promise_are_not_handed_out(member):
    template = make_template(way="codes")
    with pytest.raises(TemplateIsForCodes):
        start_hand_out(template_id=template.pk, audience=None, member_ids=[member.pk], note="x", actor=CLERK, now=NOW)
    assert not HandOut.objects.exists()
