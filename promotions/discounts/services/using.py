"""What an order takes of timed discounts and spend offers, claimed in its transaction.

Building blocks: the caller holds the order's row. Campaigns first, then items, tiers and tallies, each by key. All are
repeatable: an order that has claimed claims nothing more, what is released stays so.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection
from django.db.models import F

from promotions.campaigns.models import Campaign
from promotions.campaigns.scopes import category_paths
from promotions.campaigns.services.budget import spend_budgets
from promotions.discounts.depth import cost_of
from promotions.discounts.errors import DiscountChanged, DiscountLimitReached, DiscountSoldOut, GiftsGone
from promotions.discounts.live import live_items
from promotions.discounts.models import (
    DiscountUse,
    SpendOffer,
    SpendOfferTier,
    TimedDiscount,
    TimedDiscountItem,
)
from promotions.discounts.services.showing import tell_products
from promotions.pricing.model import PricingLine

_COUNT_MEMBER = """
INSERT INTO discounts_membertally AS tally (item_id, member_id, units) VALUES (%s, %s, %s)
ON CONFLICT (item_id, member_id) DO UPDATE SET units = tally.units + excluded.units
WHERE tally.units + excluded.units <= %s
"""


@dataclass(frozen=True)
class UnitUse:
    """`units` of the line that cost a timed discount's price, and what that took off the line."""

    discount_id: int
    line: PricingLine
    units: int
    discount_fen: int


@dataclass(frozen=True)
class OfferUse:
    """What a spend offer took off an order's goods and freight, and the gifts it gives: units by tier."""

    offer_id: int
    discount_fen: int
    gifts: Mapping[int, int] = field(default_factory=dict)


def claim_timed_discounts(*, order_number: str, member_id: int, uses: Sequence[UnitUse], now: datetime) -> None:
    """The order is undone where it raises DiscountChanged, DiscountSoldOut, DiscountLimitReached, BudgetSpent or
    CampaignNotLive.
    """
    if not uses or _claimed(order_number, TimedDiscount.KIND):
        return
    _spend(TimedDiscount, ((use.discount_id, use.discount_fen) for use in uses), now)
    rows = []
    units: Counter[TimedDiscountItem] = Counter()
    for item, use in _items_of(uses):
        rows.append(_unit_row(order_number, member_id, item, use, now))
        units[item] += use.units
    for item in sorted(units, key=lambda each: each.pk):
        _take_units(item, member_id, units[item])
    DiscountUse.objects.bulk_create(rows)
    tell_products((row, row.units, row.cost_fen) for row in rows)


def claim_spend_offers(*, order_number: str, member_id: int, uses: Sequence[OfferUse], now: datetime) -> None:
    """A gift takes of the budget what it costs the shop, as results count it. Raises GiftsGone, BudgetSpent,
    CampaignNotLive; the order is undone then.
    """
    if not uses or _claimed(order_number, SpendOffer.KIND):
        return
    rows = []
    for use in sorted(uses, key=lambda each: each.offer_id):
        rows.append(
            DiscountUse(
                order_number=order_number,
                member_id=member_id,
                kind=SpendOffer.KIND,
                campaign_id=use.offer_id,
                discount_fen=use.discount_fen,
                cost_fen=use.discount_fen,
                used_at=now,
            )
        )
        rows += [_gift_row(use, tier_id, order_number, member_id, now) for tier_id in sorted(use.gifts)]
    _spend(SpendOffer, ((row.campaign_id, row.cost_fen) for row in rows), now)
    for row in rows:
        if row.tier is not None and row.tier.gift_quota is not None and not _count_gifts(row.tier, row.units):
            raise GiftsGone(name=row.tier.offer.name)
    DiscountUse.objects.bulk_create(rows)
    tell_products((row, row.units, row.cost_fen) for row in rows)


def confirm_discounts(*, order_number: str, paid_fen: int, now: datetime) -> int:
    """The order is paid, with so much money in all: from now on its uses count as results. Returns how many."""
    standing = DiscountUse.objects.filter(order_number=order_number, released_at=None, confirmed_at=None)
    return standing.update(confirmed_at=now, revenue_fen=paid_fen)


def _claimed(order_number: str, kind: str) -> bool:
    return DiscountUse.objects.filter(order_number=order_number, kind=kind).exists()


def _spend(model: type[Campaign], amounts: Iterable[tuple[int, int]], now: datetime) -> None:
    sums: Counter[int] = Counter()
    for campaign_id, fen in amounts:
        sums[campaign_id] += fen
    spend_budgets(model=model, amounts_fen=sums, now=now)


def _items_of(uses: Sequence[UnitUse]) -> list[tuple[TimedDiscountItem, UnitUse]]:
    """The item of its discount that each use comes from: the one that covers its line. Raises DiscountChanged."""
    ids = {use.discount_id for use in uses}
    discounts = TimedDiscount.objects.filter(pk__in=ids).prefetch_related("items__discount")
    paths = category_paths()
    known = {each.pk: (each.name, live_items(each, paths)) for each in discounts}
    rows = {item.pk: item for each in discounts for item in each.items.all()}
    found = []
    for use in uses:
        name, items = known[use.discount_id]
        covering = next((each.item_id for each in items if each.scope.covers(use.line)), None)
        if covering is None:
            raise DiscountChanged(name=name)
        found.append((rows[covering], use))
    return found


def _unit_row(order_number: str, member_id: int, item: TimedDiscountItem, use: UnitUse, now: datetime) -> DiscountUse:
    return DiscountUse(
        order_number=order_number,
        member_id=member_id,
        kind=TimedDiscount.KIND,
        campaign_id=use.discount_id,
        item=item,
        sku_id=use.line.sku_id,
        units=use.units,
        discount_fen=use.discount_fen,
        cost_fen=use.discount_fen,
        used_at=now,
    )


def _take_units(item: TimedDiscountItem, member_id: int, units: int) -> None:
    """Where nothing is limited nothing is counted, so that no row is everybody's."""
    if item.quota is not None:
        within = TimedDiscountItem.objects.filter(pk=item.pk, taken__lte=F("quota") - units)
        if not within.update(taken=F("taken") + units):
            raise DiscountSoldOut(name=item.discount.name)
    if item.limit_per_member is not None and (
        units > item.limit_per_member or not _count_member(item, member_id, units)
    ):
        raise DiscountLimitReached(name=item.discount.name)


def _count_member(item: TimedDiscountItem, member_id: int, units: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_MEMBER, [item.pk, member_id, units, item.limit_per_member])
        return cursor.rowcount


def _gift_row(use: OfferUse, tier_id: int, order_number: str, member_id: int, now: datetime) -> DiscountUse:
    units = use.gifts[tier_id]
    tier = SpendOfferTier.objects.select_related("offer", "gift_sku").get(pk=tier_id, offer=use.offer_id)
    return DiscountUse(
        order_number=order_number,
        member_id=member_id,
        kind=SpendOffer.KIND,
        campaign_id=use.offer_id,
        tier=tier,
        sku_id=tier.gift_sku_id,
        units=units,
        cost_fen=units * cost_of(tier.gift_sku),
        used_at=now,
    )


def _count_gifts(tier: SpendOfferTier, units: int) -> int:
    within = SpendOfferTier.objects.filter(pk=tier.pk, gifts_given__lte=F("gift_quota") - units)
    return within.update(gifts_given=F("gifts_given") + units)
