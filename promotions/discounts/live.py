"""What is published, kept in memory under the stamp of the promotions and found by the goods it names.

Windows, audiences and counters are looked at with each question, so that a thousand live promotions cost a quote one
small query and the few that touch its lines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from promotions.campaigns import version
from promotions.campaigns.audience import Audience, Buyer
from promotions.campaigns.models import PUBLISHED, Campaign
from promotions.campaigns.scopes import GONE, category_paths
from promotions.discounts.models import SpendOffer, TimedDiscount, TimedDiscountItem
from promotions.pricing.model import Measure, Mechanism
from promotions.pricing.scopes import Scope, ScopeIndex


@dataclass(frozen=True, slots=True)
class LiveCampaign:
    id: int
    label: str
    revision: int
    starts_at: datetime
    ends_at: datetime | None
    audience: Audience
    refuses: frozenset[Mechanism]

    def is_live(self, now: datetime) -> bool:
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)

    def acts(self, buyer: Buyer, now: datetime) -> bool:
        return self.is_live(now) and self.audience.includes(buyer)


@dataclass(frozen=True, slots=True)
class LiveItem:
    campaign: LiveCampaign
    item_id: int
    scope: Scope
    price_fen: int | None
    off_bp: int
    quota: int | None
    limit_per_member: int | None


@dataclass(frozen=True, slots=True)
class LiveTier:
    tier_id: int
    threshold: int
    off_fen: int
    off_bp: int
    free_shipping: bool
    gift_sku_id: int | None
    gift_label: str
    gift_quantity: int
    gift_quota: int | None


@dataclass(frozen=True, slots=True)
class LiveOffer:
    campaign: LiveCampaign
    scope: Scope
    measure: Measure
    repeats: bool
    cap_fen: int | None
    tiers: tuple[LiveTier, ...]


@dataclass(frozen=True)
class Live:
    """Everything published under one stamp; `paths` are those of the categories, as scopes are told by them.

    `budgeted` names by kind and id those that have a budget.
    """

    stamp: int
    items: ScopeIndex[LiveItem]
    offers: ScopeIndex[LiveOffer]
    paths: Mapping[int, str]
    budgeted: frozenset[tuple[str, int]] = frozenset()


NOTHING = Live(version.OFF, ScopeIndex(()), ScopeIndex(()), {})
_kept: Live | None = None


def live() -> Live:
    """In one query, unless something was published since this process last asked."""
    global _kept
    stamp = version.current()
    if stamp in (version.OFF, version.UNUSED):
        return NOTHING
    kept = _kept
    if kept is None or kept.stamp != stamp:
        kept = _kept = load(stamp)
    return kept


def load(stamp: int) -> Live:
    paths = category_paths()
    discounts = TimedDiscount.objects.filter(status__in=PUBLISHED).order_by("pk").prefetch_related("items")
    offers = SpendOffer.objects.filter(status__in=PUBLISHED).order_by("pk")
    items = [each for discount in discounts for each in live_items(discount, paths)]
    spend = [live_offer(offer, paths) for offer in offers.prefetch_related("tiers__gift_sku__product")]
    published: list[Campaign] = [*discounts, *offers]
    budgeted = frozenset((each.KIND, each.pk) for each in published if each.budget_fen is not None)
    return Live(stamp, ScopeIndex(items), ScopeIndex(spend), paths, budgeted)


def live_items(discount: TimedDiscount, paths: Mapping[int, str]) -> list[LiveItem]:
    """Of several rows that fit goods only the narrowest holds: SKU before product before the nearest category."""
    rows = list(discount.items.all())
    campaign = _campaign(discount)
    return [
        LiveItem(
            campaign=campaign,
            item_id=row.pk,
            scope=_scope_among(row, rows, paths),
            price_fen=row.price_fen,
            off_bp=row.off_bp or 0,
            quota=row.quota,
            limit_per_member=row.limit_per_member,
        )
        for row in rows
    ]


def live_offer(offer: SpendOffer, paths: Mapping[int, str]) -> LiveOffer:
    tiers = sorted(offer.tiers.all(), key=lambda tier: tier.threshold)
    return LiveOffer(
        campaign=_campaign(offer),
        scope=offer.reach(paths),
        measure=Measure(offer.measure),
        repeats=offer.repeats,
        cap_fen=offer.cap_fen,
        tiers=tuple(_tier(tier) for tier in tiers),
    )


def _campaign(campaign: Any) -> LiveCampaign:
    known: Campaign = campaign
    return LiveCampaign(
        id=known.pk,
        label=known.name,
        revision=known.revision,
        starts_at=known.starts_at,
        ends_at=known.ends_at,
        audience=known.audience,
        refuses=campaign.refused_mechanisms,
    )


def _tier(tier: Any) -> LiveTier:
    gift = tier.gift_sku
    return LiveTier(
        tier_id=tier.pk,
        threshold=tier.threshold,
        off_fen=tier.off_fen,
        off_bp=tier.off_bp,
        free_shipping=tier.free_shipping,
        gift_sku_id=tier.gift_sku_id,
        gift_label=f"{gift.product.name} {gift.options_label}".strip() if gift else "",
        gift_quantity=tier.gift_quantity,
        gift_quota=tier.gift_quota,
    )


def _scope_among(row: TimedDiscountItem, rows: Sequence[TimedDiscountItem], paths: Mapping[int, str]) -> Scope:
    skus = frozenset(each.sku_id for each in rows if each.sku_id)
    products = frozenset(each.product_id for each in rows if each.product_id)
    if row.sku_id:
        return Scope(skus=frozenset([row.sku_id]))
    if row.product_id:
        return Scope(products=frozenset([row.product_id]), without_skus=skus)
    own = paths.get(row.category_id or 0, GONE)
    others = {paths.get(each.category_id, GONE) for each in rows if each.category_id}
    below = frozenset(path for path in others if path != own and path.startswith(own))
    return Scope(categories=frozenset([own]), without_categories=below, without_products=products, without_skus=skus)
