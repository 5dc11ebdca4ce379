"""Products show a discount as long as it can be had: they are told when the last of it has gone, or the first is back.

Nothing is told in between, so that what is kept of the catalogue lasts through a sale. Inside the caller's transaction,
which has counted and holds the rows.
"""

from collections import Counter
from collections.abc import Iterable

from promotions.discounts.models import DiscountUse, SpendOffer, TimedDiscount
from shop.core.prepared import Prepared

_LEFT_NOW = Prepared(
    "discounts_left_now",
    """
SELECT 'item', id, (quota - taken)::bigint FROM discounts_timeddiscountitem
WHERE id = ANY(%(items)s::bigint[]) AND quota IS NOT NULL
UNION ALL
SELECT 'tier', id, (gift_quota - gifts_given)::bigint FROM discounts_spendoffertier
WHERE id = ANY(%(tiers)s::bigint[]) AND gift_quota IS NOT NULL
UNION ALL
SELECT 'timed_discount', id, budget_fen - spent_fen FROM discounts_timeddiscount
WHERE id = ANY(%(discounts)s::bigint[]) AND budget_fen IS NOT NULL
UNION ALL
SELECT 'spend_offer', id, budget_fen - spent_fen FROM discounts_spendoffer
WHERE id = ANY(%(offers)s::bigint[]) AND budget_fen IS NOT NULL
""",
)
Counted = tuple[str, int]


def tell_products(moved: Iterable[tuple[DiscountUse, int, int]]) -> None:
    """Of each use the units and the fen that were taken, or below zero given back. One query."""
    taken: Counter[Counted] = Counter()
    # From what on there is something left: a unit, or the money for one more like this.
    needed: dict[Counted, int] = {}
    campaigns: dict[Counted, Counted] = {}
    for use, units, fen in moved:
        campaign = (use.kind, use.campaign_id)
        for counted, count, least in (
            (("item", use.item_id or 0), units, 1),
            (("tier", use.tier_id or 0), units, 1),
            (campaign, fen, use.cost_fen // max(use.units, 1)),
        ):
            taken[counted] += count
            needed[counted] = max(least, needed.get(counted, 1))
            campaigns[counted] = campaign
    changed = {
        campaigns[what, pk]
        for what, pk, left in _LEFT_NOW.run(_asked(taken))
        if (left >= needed[what, pk]) != (left + taken[what, pk] >= needed[what, pk])
    }
    for model in (TimedDiscount, SpendOffer):
        for row in model.objects.filter(pk__in=[pk for kind, pk in changed if kind == model.KIND]).order_by("pk"):
            row.touch_catalogue()


def _asked(taken: Iterable[Counted]) -> dict[str, list[int]]:
    names = {"item": "items", "tier": "tiers", TimedDiscount.KIND: "discounts", SpendOffer.KIND: "offers"}
    return {name: [pk for each, pk in taken if each == what and pk] for what, name in names.items()}
