"""What is left at this moment of what timed discounts and spend offers may give away: units, gifts and money."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from promotions.campaigns.audience import Buyer
from promotions.discounts.live import MANY, Counted, LiveItem, LiveOffer, counted_of, last_live
from promotions.discounts.models import SpendOffer, TimedDiscount
from promotions.pricing.scopes import Basket
from shop.core.prepared import Prepared, Question

Counts = Mapping[int, tuple[int, int | None]]
KINDS = (TimedDiscount.KIND, SpendOffer.KIND)
# What is counted of so many is asked of all of them rather than of those that a cart meets.
FEW = 40
# Of items what is left of their quota, and what the buyer has had of them; of tiers what the shelf has of the gift
# above the safety stock, and what is left of its quota, and what a unit takes of the budget (`depth.cost_of`); of
# campaigns what is left of their budget.
_LEFT = Prepared(
    "discounts_left",
    """
SELECT 'item', id, (quota - taken)::bigint, NULL::bigint FROM discounts_timeddiscountitem
WHERE id = ANY(%(items)s::bigint[]) AND quota IS NOT NULL
UNION ALL
SELECT 'had', item_id, units, NULL FROM discounts_membertally
WHERE member_id = %(member)s::bigint AND item_id = ANY(%(items)s::bigint[])
UNION ALL
SELECT 'gift', tier.id, greatest(coalesce(stock.available - stock.safety_stock, 0), 0),
    tier.gift_quota - tier.gifts_given
FROM discounts_spendoffertier tier LEFT JOIN catalog_skustock stock ON stock.sku_id = tier.gift_sku_id
WHERE tier.id = ANY(%(tiers)s::bigint[])
UNION ALL
SELECT 'cost', tier.id, coalesce(sku.cost_fen, sku.price_fen)::bigint, NULL
FROM discounts_spendoffertier tier JOIN catalog_sku sku ON sku.id = tier.gift_sku_id
WHERE tier.offer_id = ANY(%(offers)s::bigint[])
UNION ALL
SELECT 'timed_discount', id, budget_fen - spent_fen, NULL FROM discounts_timeddiscount
WHERE id = ANY(%(discounts)s::bigint[]) AND budget_fen IS NOT NULL
UNION ALL
SELECT 'spend_offer', id, budget_fen - spent_fen, NULL FROM discounts_spendoffer
WHERE id = ANY(%(offers)s::bigint[]) AND budget_fen IS NOT NULL
""",
)


class GiftsLeft(NamedTuple):
    """Units of a gift on the shelf, and those that its tier may still give."""

    on_shelf: int = 0
    quota: int = 0


@dataclass(frozen=True)
class Left:
    """Units by item id, of items of which not everybody may have any number; gifts by tier id; fen by kind and id of
    the campaign, where it has a budget, and then what a gift takes of it by tier id.
    """

    units: Mapping[int, int] = field(default_factory=dict)
    gifts: Mapping[int, GiftsLeft] = field(default_factory=dict)
    budgets: Mapping[tuple[str, int], int] = field(default_factory=dict)
    gift_costs: Mapping[int, int] = field(default_factory=dict)


def ask_left(counted: Counted, member_id: int | None) -> Question:
    return Question(_LEFT, {**counted._asdict(), "member": member_id})


def left_ahead(*, member_id: int) -> list[Question]:
    """What `left_of` reads of a cart that meets any of the few that are counted, as far as this process knows."""
    counted = last_live().counted
    return [ask_left(counted, member_id)] if 0 < counted.size <= FEW else []


def left_of(
    items: Sequence[LiveItem],
    offers: Sequence[LiveOffer],
    buyer: Buyer,
    basket: Basket,
    *,
    among: Counted | None = None,
) -> Left:
    """In one query, or in none where nothing is counted. Where few are, these are all asked `among` everything that is
    published, so that who reads ahead knows what will be.
    """
    wanted = counted_of(items, offers)
    if not wanted.size:
        return Left()
    asked = among if among is not None and among.size <= FEW else wanted
    counted: dict[str, dict[int, tuple[int, int | None]]] = defaultdict(dict)
    for what, pk, count, quota in ask_left(asked, buyer.member_id).run():
        counted[what][pk] = (count, quota)
    return Left(
        units=_units({each.item_id: each.limit_per_member for each in items}, counted["item"], counted["had"]),
        gifts=_gifts({gift.tier_id: gift.sku_id for offer in offers for gift in offer.gifts}, counted["gift"], basket),
        budgets={(kind, pk): fen for kind in KINDS for pk, (fen, _none) in counted[kind].items()},
        gift_costs={pk: fen for pk, (fen, _none) in counted["cost"].items()},
    )


def _units(limits: Mapping[int, int | None], items: Counts, had: Counts) -> dict[int, int]:
    left = {pk: units for pk, (units, _none) in items.items()}
    for pk, limit in limits.items():
        if limit is not None:
            own = max(limit - had.get(pk, (0, None))[0], 0)
            left[pk] = min(left.get(pk, own), own)
    return left


def _gifts(sku_ids: Mapping[int, int], tiers: Counts, basket: Basket) -> dict[int, GiftsLeft]:
    """What the buyer takes off the shelf in the same order cannot be given away as well."""
    bought = {line.sku_id: line.quantity for line in basket.lines}
    return {
        pk: GiftsLeft(max(on_shelf - bought.get(sku_ids[pk], 0), 0), MANY if quota is None else quota)
        for pk, (on_shelf, quota) in tiers.items()
        if pk in sku_ids
    }
