"""What is published, kept in memory under the stamp of the promotions and found by the goods it names.

Windows, audiences and counters are looked at with each question, so that a thousand live promotions cost a quote one
small query and the few that touch its lines.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from promotions.campaigns import version
from promotions.campaigns.audience import Audience, Buyer
from promotions.campaigns.models import PUBLISHED, Campaign
from promotions.campaigns.scopes import GONE, category_paths
from promotions.discounts.models import SpendOffer, SpendOfferTier, TimedDiscount, TimedDiscountItem
from promotions.pricing.model import Gift, Measure, Mechanism, SpendOfferTerms, SpendTier, UnitPriceTerms
from promotions.pricing.scopes import Scope, ScopeIndex

MANY = 2**31


@dataclass(frozen=True, slots=True)
class LiveCampaign:
    id: int
    label: str
    starts_at: datetime
    ends_at: datetime | None
    audience: Audience
    has_budget: bool
    for_everybody: bool

    def is_live(self, now: datetime) -> bool:
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)

    def acts(self, buyer: Buyer, now: datetime) -> bool:
        return self.is_live(now) and (self.for_everybody or self.audience.includes(buyer))


@dataclass(frozen=True, slots=True)
class LiveItem:
    """`terms` are those of a buyer who may have any number."""

    campaign: LiveCampaign
    item_id: int
    terms: UnitPriceTerms
    quota: int | None
    limit_per_member: int | None

    @property
    def scope(self) -> Scope:
        return self.terms.scope

    @property
    def most_units(self) -> int | None:
        """What one member may have while nobody has taken any; None: any number."""
        return min([each for each in (self.quota, self.limit_per_member) if each is not None], default=None)

    @property
    def is_limited(self) -> bool:
        return self.quota is not None or self.limit_per_member is not None


@dataclass(frozen=True, slots=True)
class LiveOffer:
    """`terms` are those while nobody has been given any of the `gifts`."""

    campaign: LiveCampaign
    terms: SpendOfferTerms
    gifts: tuple[Gift, ...]

    @property
    def scope(self) -> Scope:
        return self.terms.scope


class Counted(NamedTuple):
    """Ids of what is counted: items of which not everybody may have any number, tiers with gifts, and campaigns with a
    budget.
    """

    items: list[int]
    tiers: list[int]
    discounts: list[int]
    offers: list[int]

    @property
    def size(self) -> int:
        return sum(map(len, self))


def counted_of(items: Iterable[LiveItem], offers: Iterable[LiveOffer]) -> Counted:
    return Counted(
        items=[each.item_id for each in items if each.is_limited],
        tiers=[gift.tier_id for offer in offers for gift in offer.gifts],
        discounts=list({each.campaign.id: None for each in items if each.campaign.has_budget}),
        offers=[each.campaign.id for each in offers if each.campaign.has_budget],
    )


@dataclass(frozen=True)
class Live:
    """Everything published under one stamp; `paths` are those of the categories, as scopes are told by them."""

    stamp: int
    items: ScopeIndex[LiveItem]
    offers: ScopeIndex[LiveOffer]
    paths: Mapping[int, str]
    counted: Counted = Counted([], [], [], [])


NOTHING = Live(version.OFF, ScopeIndex(()), ScopeIndex(()), {})
_kept: Live | None = None


def live(stamp: int | None = None) -> Live:
    """In one query, unless something was published since this process last asked; in none for who knows the stamp."""
    global _kept
    stamp = version.current() if stamp is None else stamp
    if stamp in (version.OFF, version.UNUSED):
        return NOTHING
    kept = _kept
    if kept is None or kept.stamp != stamp:
        kept = _kept = load(stamp)
    return kept


def last_live() -> Live:
    """What was published when this process last asked; no query."""
    return _kept or NOTHING


def load(stamp: int) -> Live:
    paths = category_paths()
    discounts = TimedDiscount.objects.filter(status__in=PUBLISHED).order_by("pk").prefetch_related("items")
    offers = SpendOffer.objects.filter(status__in=PUBLISHED).order_by("pk")
    items = [each for discount in discounts for each in live_items(discount, paths)]
    spend = [live_offer(offer, paths) for offer in offers.prefetch_related("tiers__gift_sku__product")]
    return Live(stamp, ScopeIndex(items), ScopeIndex(spend), paths, counted_of(items, spend))


def live_items(discount: TimedDiscount, paths: Mapping[int, str]) -> list[LiveItem]:
    """Of several rows that fit goods only the narrowest holds: SKU before product before the nearest category."""
    rows = list(discount.items.all())
    campaign, refuses = _campaign(discount), discount.refused_mechanisms
    return [
        LiveItem(
            campaign=campaign,
            item_id=row.pk,
            terms=UnitPriceTerms(
                id=discount.pk,
                label=discount.name,
                mechanism=Mechanism.TIMED_DISCOUNT,
                scope=_scope_among(row, rows, paths),
                unit_price_fen=row.price_fen,
                off_bp=row.off_bp or 0,
                version=discount.revision,
                refuses=refuses,
            ),
            quota=row.quota,
            limit_per_member=row.limit_per_member,
        )
        for row in rows
    ]


def live_offer(offer: SpendOffer, paths: Mapping[int, str]) -> LiveOffer:
    tiers = tuple(_tier(tier) for tier in sorted(offer.tiers.all(), key=lambda tier: tier.threshold))
    terms = SpendOfferTerms(
        id=offer.pk,
        label=offer.name,
        scope=offer.reach(paths),
        tiers=tiers,
        measure=Measure(offer.measure),
        repeats=offer.repeats,
        cap_fen=offer.cap_fen,
        version=offer.revision,
        refuses=offer.refused_mechanisms,
    )
    return LiveOffer(_campaign(offer), terms, tuple(gift for tier in tiers for gift in tier.gifts))


def _campaign(campaign: Campaign) -> LiveCampaign:
    return LiveCampaign(
        id=campaign.pk,
        label=campaign.name,
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
        audience=campaign.audience,
        has_budget=campaign.budget_fen is not None,
        for_everybody=campaign.audience.is_everybody,
    )


def _tier(tier: SpendOfferTier) -> SpendTier:
    gifts: tuple[Gift, ...] = ()
    if tier.gift_sku is not None:
        label = f"{tier.gift_sku.product.name} {tier.gift_sku.options_label}".strip()
        most = MANY if tier.gift_quota is None else tier.gift_quota
        gifts = (Gift(tier.gift_sku.pk, tier.gift_quantity, label, tier_id=tier.pk, quota=most),)
    return SpendTier(
        threshold=tier.threshold,
        off_fen=tier.off_fen,
        off_bp=tier.off_bp,
        free_shipping=tier.free_shipping,
        gifts=gifts,
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
