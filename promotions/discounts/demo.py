"""The demo shop's festival: a running bundle of a timed discount and a spend offer, and an offer still to come."""

from datetime import datetime, timedelta
from typing import Any

from promotions.campaigns.models import Campaign, CampaignBundle
from promotions.campaigns.services.bundles import findings_of_bundle, publish_bundle, save_bundle
from promotions.campaigns.services.lifecycle import findings_of, publish_campaign, save_draft
from promotions.discounts.models import SpendOffer, SpendOfferTier, TimedDiscount, TimedDiscountItem
from shop.catalog.models import Category, Sku
from shop.core.actors import Actor
from shop.core.transactions import unit_of_work

MANAGER = Actor.staff("operator")
FESTIVAL = "灯会购物节"
DAY = timedelta(days=1)


def load(*, size: str, now: datetime) -> str:
    if CampaignBundle.objects.filter(name=FESTIVAL).exists():
        return "0 campaigns"
    with unit_of_work():
        bundle = CampaignBundle(name=FESTIVAL, starts_at=now - 3 * DAY, ends_at=now + 11 * DAY)
        save_bundle(bundle=bundle, actor=MANAGER, now=now)
        _tea_days(bundle, now)
        _spend_and_save(bundle, now)
        coming = _new_year(now)
    noted = {each.code for each in findings_of_bundle(bundle, now=now)}
    publish_bundle(pk=bundle.pk, actor=MANAGER, now=now, noted=noted)
    noted = {each.code for each in findings_of(coming, now=now)}
    publish_campaign(kind=coming.KIND, pk=coming.pk, actor=MANAGER, now=now, noted=noted)
    return "3 campaigns"


def _tea_days(bundle: CampaignBundle, now: datetime) -> None:
    """An eighth off tea, and one tea at a price of its own while there is some."""
    discount = TimedDiscount(name="茗茶限时八八折", **_window(bundle))
    save_draft(campaign=discount, actor=MANAGER, now=now)
    tea = Category.objects.get(slug="tea")
    TimedDiscountItem.objects.create(discount=discount, category=tea, off_bp=1200)
    best = Sku.objects.filter(product__category=tea, is_active=True).order_by("-product__sales", "pk").first()
    if best is not None:
        price_fen = best.price_fen * 3 // 4 // 100 * 100
        TimedDiscountItem.objects.create(
            discount=discount, sku=best, price_fen=price_fen, quota=200, limit_per_member=2
        )


def _spend_and_save(bundle: CampaignBundle, now: datetime) -> None:
    digital = Category.objects.get(slug="digital")
    offer = SpendOffer(name="满 200 减 25", budget_fen=500_000, excluded_category_ids=[digital.pk], **_window(bundle))
    save_draft(campaign=offer, actor=MANAGER, now=now)
    gift = Sku.objects.filter(is_active=True).order_by("price_fen", "pk").first()
    SpendOfferTier.objects.create(offer=offer, threshold_fen=20_000, off_fen=2500)
    SpendOfferTier.objects.create(
        offer=offer, threshold_fen=50_000, off_fen=8000, free_shipping=True, gift_sku=gift, gift_quota=100
    )


def _new_year(now: datetime) -> Campaign:
    snacks = Category.objects.get(slug="snacks")
    offer = SpendOffer(
        name="年货节零食三件九折",
        measure=SpendOffer.CountedBy.COUNT,
        category_ids=[snacks.pk],
        starts_at=now + 14 * DAY,
        ends_at=now + 28 * DAY,
    )
    save_draft(campaign=offer, actor=MANAGER, now=now)
    SpendOfferTier.objects.create(offer=offer, threshold_units=3, off_bp=1000)
    return offer


def _window(bundle: CampaignBundle) -> dict[str, Any]:
    return {"bundle": bundle, "starts_at": bundle.starts_at, "ends_at": bundle.ends_at}
