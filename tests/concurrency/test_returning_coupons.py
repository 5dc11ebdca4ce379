"""An order gives a coupon back while the order that has earned it is refunded: the coupon is void, whoever is first."""

from threading import Barrier

import pytest
from django.db import transaction

from promotions.coupons.models import Coupon
from promotions.coupons.services import claim_coupons, release_coupons, take_back_for_purchase
from promotions.coupons.services.granting import give
from promotions.coupons.tests.making import NOW, make_template
from shop.core.invariants import violations
from tests.concurrency.racing import run_together, until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


def release_after_a_look(coupon):
    """The control: whether it was taken back is asked before its row is anybody's."""
    held = Coupon.objects.filter(order_number="D2", status="locked")
    revoked = list(held.filter(revoked_at__isnull=False))
    held.update(status="unused", order_number="")
    assert not revoked


@pytest.mark.parametrize(
    ("release", "status"),
    [
        (lambda coupon: release_coupons(order_number="D2", now=NOW), "void"),
        (release_after_a_look, "unused"),
    ],
    ids=["guarded", "control"],
)
def test_a_refund_commits_while_the_coupon_comes_back(member, release, status):
    template = make_template(way="purchase", purchase_min_fen=0)
    with transaction.atomic():
        coupon = give(
            template=template, member_id=member.pk, way="purchase", reference=f"order:D1:{member.pk}", now=NOW
        )
        claim_coupons(order_number="D2", member_id=member.pk, costs_fen={coupon.pk: 2000}, now=NOW)
    taken_back = Barrier(2, timeout=30)

    def refund():
        with transaction.atomic():
            assert take_back_for_purchase(member_id=member.pk, order_number="D1", paid_fen=0, now=NOW) == 1
            taken_back.wait()
            until_somebody_waits()

    def give_up():
        taken_back.wait()
        with transaction.atomic():
            release(coupon)

    answers = run_together(refund, give_up)
    assert [each for each in answers if isinstance(each, Exception)] == []
    coupon.refresh_from_db()
    assert (coupon.status, coupon.revoked_at) == (status, NOW)
    assert bool(violations()) == (status == "unused")
