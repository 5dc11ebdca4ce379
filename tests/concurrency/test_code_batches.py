"""Codes never promise more coupons than there are, whoever makes batches or redeems codes at the same time."""

from threading import Barrier

import pytest

from members.identity.origin import Origin
from members.identity.tests.factories import MemberFactory
from promotions.coupons.errors import CodesBeyondTotal
from promotions.coupons.models import CodeBatch, CouponTemplate
from promotions.coupons.queries import promised_by_codes
from promotions.coupons.services import redeem_code
from promotions.coupons.services.batches import create_batch, export_batch
from promotions.coupons.tests.making import CLERK, NOW, make_template
from shop.core.invariants import violations
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
TOTAL = 10


def make(template, quantity):
    return create_batch(
        template_id=template.pk, name="x", quantity=quantity, expires_at=None, actor=CLERK, now=NOW
    ).quantity


def about(template):
    """Coupons claimed, and codes that may still be redeemed."""
    return CouponTemplate.objects.get(pk=template.pk).claimed_count + promised_by_codes(template.pk, now=NOW)


@pytest.mark.parametrize(("guarded", "codes"), [(True, 6), (False, 12)])
def test_two_batches_at_once_share_what_is_left(guarded, codes):
    template = make_template(way="codes", total_limit=TOTAL)
    barrier = Barrier(2, timeout=30)

    def look_then_make():
        room = TOTAL - promised_by_codes(template.pk, now=NOW)
        barrier.wait()
        assert room >= 6
        CodeBatch.objects.create(template=template, name="x", quantity=6, created_by="x", created_at=NOW)

    answers = run_together(*[(lambda: make(template, 6)) if guarded else look_then_make] * 2)
    assert about(template) == codes
    if guarded:
        assert sorted(type(each).__name__ for each in answers) == ["CodesBeyondTotal", "int"]


@pytest.mark.parametrize(("guarded", "beyond"), [(True, 0), (False, 1)])
def test_a_code_that_is_redeemed_meanwhile_makes_no_room(guarded, beyond):
    template = make_template(way="codes", total_limit=TOTAL, per_member_limit=None)
    make(template, TOTAL)
    batch = CodeBatch.objects.get()
    code = "".join(export_batch(batch_id=batch.pk, actor=CLERK, now=NOW)).split()[0]
    member = MemberFactory()
    looked, redeemed = Barrier(2, timeout=30), Barrier(2, timeout=30)

    def redeem():
        if not guarded:
            looked.wait()
        redeem_code(typed=code, member_id=member.pk, channel="", origin=Origin(), now=NOW)
        if not guarded:
            redeemed.wait()

    def look_then_make():
        left = CouponTemplate.objects.get(pk=template.pk).left
        looked.wait()
        redeemed.wait()
        if left - promised_by_codes(template.pk, now=NOW) < 1:
            raise CodesBeyondTotal
        CodeBatch.objects.create(template=template, name="x", quantity=1, created_by="x", created_at=NOW)

    answers = run_together((lambda: make(template, 1)) if guarded else look_then_make, redeem)
    assert about(template) == TOTAL + beyond
    assert isinstance(answers[0], CodesBeyondTotal) is guarded
    assert answers[1] is None
    assert not violations()
