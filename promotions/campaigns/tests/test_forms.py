"""What staff reads while it fills in a campaign."""

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.module_loading import import_string

pytestmark = pytest.mark.django_db
COUNTS = {
    "coupons.CouponTemplate": "每张已发放优惠券（无论是否使用）最多可优惠的金额，含免运费；超出后不再发放。",
    "discounts.SpendOffer": "订单（含未付款订单）中优惠的金额、所免的运费以及按成本计的赠品，用完即停止。",
    "quiz.Quiz": "已发放奖励的价值；超出后不再发放。",
    "lottery.Lottery": "已中奖品的成本；超出后不再中奖。",
}
OTHERS = "订单（含未付款订单）中优惠的金额，用完即停止。"


@pytest.mark.parametrize("label", settings.CAMPAIGN_MODELS)
def test_beside_the_budget_stands_what_counts_against_it(admin_client, label):
    meta = import_string(label)._meta
    with translation.override("zh-hans"):
        page = admin_client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_add")).content.decode()
    assert COUNTS.get(meta.label, OTHERS) in page
