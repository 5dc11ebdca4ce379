import pytest

from members.identity.tests.factories import MemberFactory
from promotions.coupons.demo import load
from promotions.coupons.models import CodeBatch, Coupon, CouponTemplate
from shop.catalog.tests.factories import make_category
from shop.core import clock
from shop.core.invariants import violations


@pytest.mark.django_db(transaction=True)
def test_the_demo_shop_has_coupons_once():
    make_category("茶叶")
    for _ in range(2):
        MemberFactory()
    assert load(size="small", now=clock.now()) == "3 coupon templates"
    assert load(size="small", now=clock.now()) == "0 coupon templates"
    assert set(CouponTemplate.objects.values_list("status", flat=True)) == {"running"}
    assert (Coupon.objects.count(), CodeBatch.objects.get().status) == (4, "new")
    assert {law: each for law, each in violations().items() if "coupons" in law} == {}
