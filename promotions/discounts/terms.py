"""Timed discounts and spend offers as pricing reads them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import F

from promotions.campaigns.audience import Buyer
from promotions.discounts.live import Live, LiveItem, LiveOffer, LiveTier, live, live_items, live_offer
from promotions.discounts.models import MemberTally, SpendOffer, TimedDiscount, TimedDiscountItem
from promotions.pricing.model import Gift, Mechanism, PricingLine, SpendOfferTerms, SpendTier, Terms, UnitPriceTerms
from promotions.pricing.scopes import Scope

MANY = 2**31
# Of each tier with a gift what the shelf has of it above the safety stock, and what is left of its quota.
_GIFTS = """
SELECT tier.id, tier.gift_sku_id, greatest(coalesce(stock.available - stock.safety_stock, 0), 0),
    tier.gift_quota - tier.gifts_given
FROM discounts_spendoffertier tier LEFT JOIN catalog_skustock stock ON stock.sku_id = tier.gift_sku_id
WHERE tier.id = ANY(%s) AND tier.gift_sku_id IS NOT NULL
"""


def timed_discounts_for(
    *, buyer: Buyer, lines: Sequence[PricingLine], now: datetime, published: Live | None = None
) -> tuple[UnitPriceTerms, ...]:
    """The other unit prices that the buyer has on these lines: one query, up to two more where units are counted.

    Who asks for offers too has `published` at hand, which saves the query.
    """
    touching = [each for each in (published or live()).items.touching(lines) if each.campaign.acts(buyer, now)]
    left = _units_left(touching, buyer)
    return tuple(terms for each in touching for terms in item_terms(each, lines, left.get(each.item_id)))


def spend_offers_for(
    *, buyer: Buyer, lines: Sequence[PricingLine], now: datetime, published: Live | None = None
) -> tuple[SpendOfferTerms, ...]:
    """The offers open to the buyer that touch these lines: one query, and another one where gifts are given."""
    touching = [each for each in (published or live()).offers.touching(lines) if each.campaign.acts(buyer, now)]
    left = _gifts_left(touching, lines)
    return tuple(offer_terms(each, left) for each in touching)


def terms_of_discount(discount: TimedDiscount, paths: Mapping[int, str]) -> Terms:
    """See `campaigns.conflicts.terms_of`."""
    items = live_items(discount, paths)
    return Terms(unit_prices=tuple(_unit_price(each, each.scope, each.limit_per_member) for each in items))


def terms_of_offer(offer: SpendOffer, paths: Mapping[int, str]) -> Terms:
    """See `campaigns.conflicts.terms_of`."""
    known = live_offer(offer, paths)
    return Terms(spend_offers=(offer_terms(known, {tier.tier_id: tier.gift_quota or MANY for tier in known.tiers}),))


def item_terms(item: LiveItem, lines: Sequence[PricingLine], left: int | None) -> list[UnitPriceTerms]:
    """One for all lines; where only `left` units may be had, one for each line, as far as they go."""
    if left is None:
        return [_unit_price(item, item.scope, None)]
    found = []
    for line in sorted(lines, key=lambda each: each.sku_id):
        if left and item.scope.covers(line):
            found.append(_unit_price(item, Scope(skus=frozenset([line.sku_id])), left))
            left -= min(left, line.quantity)
    return found


def offer_terms(offer: LiveOffer, left: Mapping[int, int]) -> SpendOfferTerms:
    """`left` holds by tier id how many units of its gift can still be given."""
    return SpendOfferTerms(
        id=offer.campaign.id,
        label=offer.campaign.label,
        scope=offer.scope,
        tiers=tuple(_spend_tier(tier, left) for tier in offer.tiers),
        measure=offer.measure,
        repeats=offer.repeats,
        cap_fen=offer.cap_fen,
        version=offer.campaign.revision,
        refuses=offer.campaign.refuses,
    )


def _unit_price(item: LiveItem, scope: Scope, max_units: int | None) -> UnitPriceTerms:
    return UnitPriceTerms(
        id=item.campaign.id,
        label=item.campaign.label,
        mechanism=Mechanism.TIMED_DISCOUNT,
        scope=scope,
        unit_price_fen=item.price_fen,
        off_bp=item.off_bp,
        max_units=max_units,
        version=item.campaign.revision,
        refuses=item.campaign.refuses,
    )


def _spend_tier(tier: LiveTier, left: Mapping[int, int]) -> SpendTier:
    gifts: tuple[Gift, ...] = ()
    if tier.gift_sku_id is not None:
        available = left.get(tier.tier_id, 0)
        gifts = (Gift(tier.gift_sku_id, tier.gift_quantity, tier.gift_label, available, tier.tier_id),)
    return SpendTier(
        threshold=tier.threshold,
        off_fen=tier.off_fen,
        off_bp=tier.off_bp,
        free_shipping=tier.free_shipping,
        gifts=gifts,
    )


def _units_left(items: Sequence[LiveItem], buyer: Buyer) -> dict[int, int]:
    """By item id, for items of which not everybody may have any number."""
    left: dict[int, int] = {}
    counted = [each.item_id for each in items if each.quota is not None]
    if counted:
        remaining = TimedDiscountItem.objects.filter(pk__in=counted).values_list("pk", F("quota") - F("taken"))
        left.update(remaining)
    limits = {each.item_id: each.limit_per_member for each in items if each.limit_per_member is not None}
    if limits:
        had = _had(limits, buyer)
        for item_id, limit in limits.items():
            own = max(limit - had.get(item_id, 0), 0)
            left[item_id] = min(left.get(item_id, own), own)
    return left


def _had(item_ids: Iterable[int], buyer: Buyer) -> dict[int, int]:
    if buyer.member_id is None:
        return {}
    mine = MemberTally.objects.filter(member_id=buyer.member_id, item_id__in=list(item_ids))
    return dict(mine.values_list("item_id", "units"))


def _gifts_left(offers: Sequence[LiveOffer], lines: Sequence[PricingLine]) -> dict[int, int]:
    """By tier id. What the buyer takes off the shelf in the same order cannot be given away as well."""
    gifts = {tier.tier_id: tier for each in offers for tier in each.tiers if tier.gift_sku_id is not None}
    if not gifts:
        return {}
    bought = {line.sku_id: line.quantity for line in lines}
    with connection.cursor() as cursor:
        cursor.execute(_GIFTS, [list(gifts)])
        rows = cursor.fetchall()
    left = {tier_id: max(units - bought.get(sku_id, 0), 0) for tier_id, sku_id, units, _quota in rows}
    quotas = {tier_id: quota for tier_id, _sku_id, _units, quota in rows if quota is not None}
    return left | {tier_id: min(quota, left[tier_id]) for tier_id, quota in quotas.items()}
