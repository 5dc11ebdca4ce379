"""What an order takes of a flash sale, claimed in its transaction, and what it gives back.

Building blocks: the caller holds the order's row. The sale's budget first, then the tally, then the item, whose row
everybody waits for. The door claims once for an order; what is confirmed or released stays so.
"""

from datetime import datetime

from django.db import connection
from django.db.models import F

from points.ledger.queries import points_worth_fen
from promotions.campaigns.audience import Buyer
from promotions.campaigns.errors import ActivityNotFound
from promotions.campaigns.services.budget import give_back_budgets, spend_budgets
from promotions.flash_sale.errors import FlashSaleLimitReached, FlashSaleSoldOut
from promotions.flash_sale.gate import forget_after_commit
from promotions.flash_sale.live import LiveItem, live
from promotions.flash_sale.models import FlashSale, FlashSaleItem, FlashSaleTally, FlashSaleUse

_COUNT_MEMBER = """
INSERT INTO flash_sale_flashsaletally AS tally (item_id, member_id, units)
VALUES (%(item)s, %(member)s, %(units)s)
ON CONFLICT (item_id, member_id) DO UPDATE SET units = tally.units + excluded.units
WHERE %(limit)s::int IS NULL OR tally.units + excluded.units <= %(limit)s
"""


def claim_item(
    *, order_number: str, buyer: Buyer, item_id: int, units: int, discount_fen: int, points: int, now: datetime
) -> None:
    """Take so many units of the item. Raises ActivityNotFound, FlashSaleLimitReached, FlashSaleSoldOut, BudgetSpent,
    CampaignNotLive; the order is undone then.
    """
    item = live(buyer.stamp).items.get(item_id)
    if item is None or buyer.member_id is None:
        raise ActivityNotFound
    if item.sale.has_budget:
        spend_budgets(model=FlashSale, amounts_fen={item.sale.id: discount_fen}, now=now)
    use = FlashSaleUse(
        order_number=order_number,
        member_id=buyer.member_id,
        item_id=item_id,
        units=units,
        points=points,
        discount_fen=discount_fen,
        cost_fen=max(discount_fen - points_worth_fen(points), 0),
        used_at=now,
    )
    use.save(force_insert=True)
    _count_member(item, buyer.member_id, units)
    if not FlashSaleItem.objects.filter(pk=item_id, left__gte=units).update(taken=F("taken") + units):
        raise FlashSaleSoldOut


def confirm_item(*, order_number: str, paid_fen: int, now: datetime) -> int:
    """The order is paid, with so much money in all: from now on it counts as a result. Returns how many uses."""
    standing = FlashSaleUse.objects.filter(order_number=order_number, released_at=None, confirmed_at=None)
    return standing.update(confirmed_at=now, revenue_fen=paid_fen)


def release_item(*, order_number: str, now: datetime) -> int:
    """Give back what the order had taken: others may have it. Returns how many uses."""
    standing = FlashSaleUse.objects.filter(order_number=order_number, released_at=None)
    use = standing.select_related("item__session").select_for_update(no_key=True, of=("self",)).first()
    if use is None:
        return 0
    give_back_budgets(model=FlashSale, amounts_fen={use.item.session.sale_id: use.discount_fen})
    FlashSaleTally.objects.filter(item=use.item_id, member=use.member_id).update(units=F("units") - use.units)
    FlashSaleItem.objects.filter(pk=use.item_id).update(taken=F("taken") - use.units)
    forget_after_commit([use.item_id])
    return standing.update(released_at=now)


def _count_member(item: LiveItem, member_id: int, units: int) -> None:
    limit = item.limit_per_member
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_MEMBER, {"item": item.id, "member": member_id, "units": units, "limit": limit})
        counted = cursor.rowcount
    if not counted or (limit is not None and units > limit):
        raise FlashSaleLimitReached(limit=limit)
