"""What orders give back of discounts and offers: all of it, or what the goods that came back had of it.

Building blocks: the caller holds the order's row. Budgets, quotas, gifts and tallies fall by exactly what a use falls
by, so that what is told twice changes nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F

from promotions.campaigns.services.budget import give_back_budgets
from promotions.discounts.models import (
    DiscountUse,
    MemberTally,
    SpendOffer,
    SpendOfferTier,
    TimedDiscount,
    TimedDiscountItem,
)
from promotions.discounts.services.showing import tell_products


@dataclass(frozen=True)
class Standing:
    """What an order still takes: by (discount, SKU) units and fen, by offer fen, by tier units of its gift."""

    units: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    offers: Mapping[int, int] = field(default_factory=dict)
    gifts: Mapping[int, int] = field(default_factory=dict)


def release_discounts(*, order_number: str, now: datetime) -> int:
    """Give back all that the order had taken. Returns how many uses."""
    rows = _standing(order_number)
    _lower(rows, [(0, 0, 0)] * len(rows))
    return DiscountUse.objects.filter(pk__in=[row.pk for row in rows]).update(released_at=now)


def reduce_discounts(*, order_number: str, to: Standing, revenue_fen: int) -> None:
    """Of a paid order some goods came back: its uses fall `to` what stands, its revenue to what is still paid."""
    rows = _standing(order_number)
    targets = [_target(row, to) for row in rows]
    _lower(rows, targets)
    for row, (units, fen, cost) in zip(rows, targets, strict=True):
        row.units, row.discount_fen, row.cost_fen, row.revenue_fen = units, fen, cost, revenue_fen
    DiscountUse.objects.bulk_update(rows, ["units", "discount_fen", "cost_fen", "revenue_fen"])


def _standing(order_number: str) -> list[DiscountUse]:
    rows = DiscountUse.objects.filter(order_number=order_number, released_at=None)
    return list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)))


def _target(row: DiscountUse, to: Standing) -> tuple[int, int, int]:
    """Units, the discount and the cost; nothing ever rises."""
    if row.item_id:
        units, fen = to.units.get((row.campaign_id, row.sku_id or 0), (row.units, row.discount_fen))
    elif row.tier_id:
        units, fen = to.gifts.get(row.tier_id, row.units), row.discount_fen
    else:
        units, fen = row.units, to.offers.get(row.campaign_id, row.discount_fen)
    units, fen = min(units, row.units), min(fen, row.discount_fen)
    return units, fen, row.cost_fen // row.units * units if row.tier_id and row.units else fen


def _lower(rows: Sequence[DiscountUse], targets: Sequence[tuple[int, int, int]]) -> None:
    """Take the difference off everything that counts it."""
    fen: dict[str, Counter[int]] = {TimedDiscount.KIND: Counter(), SpendOffer.KIND: Counter()}
    units: list[tuple[int, int, int, int]] = []
    for row, (kept_units, _discount, kept_cost) in zip(rows, targets, strict=True):
        fen[row.kind][row.campaign_id] += row.cost_fen - kept_cost
        units.append((row.item_id or 0, row.tier_id or 0, row.member_id, row.units - kept_units))
    for model in (TimedDiscount, SpendOffer):
        give_back_budgets(model=model, amounts_fen=+fen[model.KIND])
    for item_id, tier_id, member_id, fewer in sorted(units):
        if item_id and fewer:
            TimedDiscountItem.objects.filter(pk=item_id, quota__isnull=False).update(taken=F("taken") - fewer)
            MemberTally.objects.filter(item_id=item_id, member_id=member_id).update(units=F("units") - fewer)
        if tier_id and fewer:
            counted = SpendOfferTier.objects.filter(pk=tier_id, gift_quota__isnull=False)
            counted.update(gifts_given=F("gifts_given") - fewer)
    tell_products(
        (row, kept_units - row.units, kept_cost - row.cost_fen)
        for row, (kept_units, _discount, kept_cost) in zip(rows, targets, strict=True)
    )
