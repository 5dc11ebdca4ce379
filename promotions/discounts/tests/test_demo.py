"""The demo shop's festival."""

from datetime import timedelta

import pytest

from promotions.campaigns.models import CampaignStatus
from promotions.discounts import demo
from promotions.discounts.models import SpendOffer, TimedDiscount
from shop.catalog.tests.factories import make_category, make_sku
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_festival_runs_and_another_offer_comes():
    for slug in ("tea", "digital", "snacks"):
        make_sku(price_fen=12_000, category_id=make_category(slug, slug=slug).pk)
    now = clock.now()
    assert demo.load(size="small", now=now) == "3 campaigns"
    assert demo.load(size="small", now=now + timedelta(minutes=1)) == "0 campaigns"
    assert [each.status for each in TimedDiscount.objects.all()] == [CampaignStatus.RUNNING]
    statuses = dict(SpendOffer.objects.values_list("name", "status"))
    assert statuses == {"满 200 减 25": "running", "年货节零食三件九折": "scheduled"}
    assert TimedDiscount.objects.get().items.get(sku__isnull=False).price_fen == 9000
