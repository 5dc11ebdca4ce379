"""Discounts and offers for tests, written as drafts and published through the services."""

from datetime import UTC, datetime, timedelta

from promotions.campaigns.audience import Buyer
from promotions.campaigns.services.lifecycle import findings_of, publish_campaign, save_draft
from promotions.discounts.models import SpendOffer, SpendOfferTier, TimedDiscount, TimedDiscountItem
from promotions.pricing.model import PricingLine
from shop.core.actors import Actor

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AUTHOR, SECOND = Actor.staff("author"), Actor.staff("second")
ANYBODY = Buyer(member_id=None, tier_id=None)


def draft_discount(*items, **fields):
    """`items` are dicts of a `TimedDiscountItem`; it runs from now for a day."""
    discount = TimedDiscount(**{"name": "双十一", "starts_at": NOW, "ends_at": NOW + DAY, **fields})
    save_draft(campaign=discount, actor=AUTHOR, now=NOW)
    for item in items:
        TimedDiscountItem.objects.create(discount=discount, **item)
    return discount


def draft_offer(*tiers, **fields):
    """`tiers` are dicts of a `SpendOfferTier`; it runs from now for a day."""
    offer = SpendOffer(**{"name": "满减", "starts_at": NOW, "ends_at": NOW + DAY, **fields})
    save_draft(campaign=offer, actor=AUTHOR, now=NOW)
    for tier in tiers:
        SpendOfferTier.objects.create(offer=offer, **tier)
    return offer


def published(campaign, *, now=NOW):
    """By somebody who takes note of whatever is found."""
    noted = {each.code for each in findings_of(campaign, now=now)}
    return publish_campaign(kind=campaign.KIND, pk=campaign.pk, actor=AUTHOR, now=now, noted=noted)


def line(sku, quantity=1):
    return PricingLine(
        sku_id=sku.pk,
        quantity=quantity,
        unit_price_fen=sku.price_fen,
        product_id=sku.product_id,
        category_path=sku.product.category.path,
    )


def buyer(member, **fields):
    return Buyer(**{"member_id": member.pk, "tier_id": 1, **fields})
