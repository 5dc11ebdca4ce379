"""Where campaigns meet: the same goods for the same people at the same time, and what somebody would pay then."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from hashlib import sha256

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from promotions.campaigns.audience import Buyer
from promotions.campaigns.findings import Finding
from promotions.campaigns.mechanisms import campaign_models
from promotions.campaigns.models import Campaign, CampaignStatus
from promotions.campaigns.scopes import Shelf, category_paths
from promotions.pricing.engine import price
from promotions.pricing.model import CartSnapshot, PricingLine, Terms
from shop.catalog.models import Sku
from shop.core.clock import SHANGHAI
from shop.core.money import yuan

ANYBODY = Buyer(member_id=None, tier_id=None)
MEETING = (
    CampaignStatus.AWAITING_APPROVAL,
    CampaignStatus.SCHEDULED,
    CampaignStatus.RUNNING,
    CampaignStatus.PAUSED,
)
# Of more than these nobody would read what comes of it: they are counted and named.
SHOWN = 20
# So many units at most are put into the cart to reach a threshold.
MOST_UNITS = 50


@dataclass(frozen=True)
class Conflict:
    """Two campaigns that meet from `starts_at` to before `ends_at`, on a specimen of the goods they share.

    The amounts are what `units` of the SKU cost without any, with each alone, and with both.
    """

    other: Campaign
    starts_at: datetime
    ends_at: datetime | None
    sku: Sku
    units: int
    without_fen: int
    with_this_fen: int
    with_other_fen: int
    with_both_fen: int

    @property
    def finding(self) -> Finding:
        return Finding(_code(self.other), self.sentence)

    @property
    def sentence(self) -> str:
        text = _(
            "Meets {kind} “{name}” {window}. {units} × {goods}, {without} before: {this} with this alone,"
            " {other} with the other alone, {both} with both."
        )
        return text.format(
            kind=self.other._meta.verbose_name,
            name=self.other.name,
            window=window(self.starts_at, self.ends_at),
            units=self.units,
            goods=f"{self.sku.product.name} {self.sku.options_label}".strip(),
            without=yuan(self.without_fen),
            this=yuan(self.with_this_fen),
            other=yuan(self.with_other_fen),
            both=yuan(self.with_both_fen),
        )


def window(starts_at: datetime, ends_at: datetime | None) -> str:
    """In Shanghai time, for people."""
    start = f"{starts_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    if ends_at is None:
        return _("from {start} on").format(start=start)
    return _("from {start} to {end}").format(start=start, end=f"{ends_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")


@dataclass(frozen=True)
class Conflicts:
    """Of the campaigns that one meets: with some of them what comes of it, and the others."""

    named: tuple[Conflict, ...] = ()
    others: tuple[Campaign, ...] = ()

    @property
    def findings(self) -> list[Finding]:
        found = [conflict.finding for conflict in self.named]
        return [*found, _others(self.others)] if self.others else found


def conflicts_of(campaign: Campaign) -> Conflicts:
    """With those that are published or about to be; what everybody has to choose between is no conflict.

    As many queries for one campaign that it meets as for a thousand.
    """
    paths = category_paths()
    shared = _shared_goods(campaign, _meeting(campaign), paths)
    named = tuple(_conflicts(campaign, shared[:SHOWN], paths))
    return Conflicts(named, tuple(other for other, _sku_id in shared[SHOWN:]))


def conflicts_between(campaigns: Sequence[Campaign]) -> list[tuple[Campaign, Conflict]]:
    """Every pair of them that meets, once; as many as somebody would read."""
    paths = category_paths()
    found: list[tuple[Campaign, Conflict]] = []
    for place, one in enumerate(campaigns):
        others = [other for other in campaigns[place + 1 :] if _at_the_same_time(one, other)]
        shared = _shared_goods(one, others, paths)[: SHOWN - len(found)]
        found += [(one, conflict) for conflict in _conflicts(one, shared, paths)]
        if len(found) == SHOWN:
            break
    return found


def terms_of(campaign: Campaign, paths: Mapping[int, str], *, at: datetime | None = None) -> Terms:
    """What it offers by itself to whom it is for, with nothing used up yet: at that moment, or while it acts at all."""
    build = settings.CAMPAIGN_TERMS.get(campaign.KIND)
    return import_string(build)(campaign, paths, at=at) if build else Terms()


def shop_terms(*, buyer: Buyer, cart: CartSnapshot, now: datetime) -> Terms:
    """What the shop offers the buyer at that moment, with what combines and how far prices may fall."""
    offered: Terms = import_string(settings.PROMOTION_TERMS)(buyer=buyer, cart=cart, now=now)
    return offered


def line_of(sku: Sku, quantity: int) -> PricingLine:
    """At the list price of now; the SKU comes with its product and the category of that."""
    return PricingLine(
        sku_id=sku.pk,
        quantity=quantity,
        unit_price_fen=sku.price_fen,
        product_id=sku.product_id,
        category_path=sku.product.category.path,
        floor_price_fen=sku.floor_price_fen or 0,
        max_discount_bp=sku.product.max_discount_bp,
    )


def together(parts: Sequence[Terms]) -> Terms:
    return reduce(_joined, parts, Terms())


def _joined(one: Terms, other: Terms) -> Terms:
    return Terms(
        unit_prices=one.unit_prices + other.unit_prices,
        spend_offers=one.spend_offers + other.spend_offers,
        coupons=one.coupons + other.coupons,
        freight=one.freight + other.freight,
        budgets={**one.budgets, **other.budgets},
        gift_costs={**one.gift_costs, **other.gift_costs},
    )


def _meeting(campaign: Campaign) -> list[Campaign]:
    before_end = Q() if campaign.ends_at is None else Q(starts_at__lt=campaign.ends_at)
    overlapping = before_end & (Q(ends_at=None) | Q(ends_at__gt=campaign.starts_at))
    found: list[Campaign] = []
    for model in campaign_models():
        rows = model._default_manager.filter(overlapping, status__in=MEETING).order_by("starts_at", "pk")
        found += [
            each
            for each in rows.prefetch_related(*model.PARTS)
            if not (each.KIND == campaign.KIND and each.pk == campaign.pk)
        ]
    return found


def _at_the_same_time(one: Campaign, other: Campaign) -> bool:
    return (one.ends_at is None or other.starts_at < one.ends_at) and (
        other.ends_at is None or one.starts_at < other.ends_at
    )


def _can_meet(one: Campaign, other: Campaign) -> bool:
    return (one.ACTS_BY_ITSELF or other.ACTS_BY_ITSELF) and one.audience.overlaps(other.audience)


def _shared_goods(
    campaign: Campaign, others: Iterable[Campaign], paths: Mapping[int, str]
) -> list[tuple[Campaign, int]]:
    """Those of the others that it meets, each with the dearest SKU that both are about; one query."""
    others = [other for other in others if _can_meet(campaign, other)]
    if not others:
        return []
    shelf = Shelf(campaign.reach(paths))
    found = [(other, shelf.dearest(other.reach(paths))) for other in others]
    return [(other, sku_id) for other, sku_id in found if sku_id is not None]


def _conflicts(campaign: Campaign, shared: Sequence[tuple[Campaign, int]], paths: Mapping[int, str]) -> list[Conflict]:
    if not shared:
        return []
    skus = Sku.objects.select_related("product__category").in_bulk([sku_id for _other, sku_id in shared])
    rules = shop_terms(buyer=ANYBODY, cart=CartSnapshot(lines=()), now=campaign.starts_at)
    mine = terms_of(campaign, paths)
    return [_conflict(campaign, mine, other, terms_of(other, paths), skus[sku_id], rules) for other, sku_id in shared]


def _conflict(campaign: Campaign, mine: Terms, other: Campaign, theirs: Terms, sku: Sku, rules: Terms) -> Conflict:
    mine, theirs, both = (
        replace(each, combination=rules.combination, limits=rules.limits)
        for each in (mine, theirs, together([mine, theirs]))
    )
    units = max(_units_for(mine, sku), _units_for(theirs, sku))
    cart = CartSnapshot(lines=(line_of(sku, units),), coupon_ids="best")
    ends = [each for each in (campaign.ends_at, other.ends_at) if each is not None]
    return Conflict(
        other=other,
        starts_at=max(campaign.starts_at, other.starts_at),
        ends_at=min(ends, default=None),
        sku=sku,
        units=units,
        without_fen=sku.price_fen * units,
        with_this_fen=price(cart, mine).payable_fen,
        with_other_fen=price(cart, theirs).payable_fen,
        with_both_fen=price(cart, both).payable_fen,
    )


def _others(campaigns: Sequence[Campaign]) -> Finding:
    """One sentence for all of them; its code changes with each of them."""
    codes = " ".join(_code(each) for each in campaigns)
    names = [f"“{each.name}”" for each in campaigns[:SHOWN]]
    more = "…" if len(campaigns) > SHOWN else ""
    text = _("And it meets {count} more: {names}. The calendar shows them all.")
    listed = pgettext("between things of a list", ", ").join(names) + more
    return Finding(f"meets more {sha256(codes.encode()).hexdigest()}", text.format(count=len(campaigns), names=listed))


def _code(other: Campaign) -> str:
    return f"meets {other.KIND} {other.pk} {other.revision} {other.status == CampaignStatus.RUNNING}"


def _units_for(terms: Terms, sku: Sku) -> int:
    """So many that thresholds are reached even after other discounts have lowered the price by half."""
    amounts = [tier.threshold for offer in terms.spend_offers if offer.measure == "amount" for tier in offer.tiers]
    amounts += [coupon.threshold_fen for coupon in terms.coupons]
    counts = [tier.threshold for offer in terms.spend_offers if offer.measure == "count" for tier in offer.tiers]
    counts += [coupon.threshold_count for coupon in terms.coupons]
    by_amount = -(-2 * max(amounts, default=0) // sku.price_fen) if sku.price_fen else 1
    return min(max(1, by_amount, *counts), MOST_UNITS)
