"""What an order takes of a flash sale, claimed in its transaction, and what it gives back.

Building blocks: the caller holds the order's row. The sale's budget first, then the tally, then the item, whose row
everybody waits for. The door claims once for an order; what is confirmed or released stays so.
"""

from datetime import datetime

from django.db.models import F

from points.ledger.queries import points_worth_fen
from promotions.campaigns.audience import Buyer
from promotions.campaigns.errors import ActivityNotFound
from promotions.campaigns.services.budget import give_back_budgets, spend_budgets
from promotions.flash_sale.errors import FlashSaleLimitReached, FlashSaleSoldOut
from promotions.flash_sale.gate import forget_after_commit
from promotions.flash_sale.live import live
from promotions.flash_sale.models import FlashSale, FlashSaleItem, FlashSaleTally, FlashSaleUse
from shop.core.prepared import Prepared

# All in one round trip: the tally within its limit, then the use, then the units of the item, while there are so many.
_TAKE = Prepared(
    "flash_sale_take",
    """
WITH counted AS (
    INSERT INTO flash_sale_flashsaletally AS tally (item_id, member_id, units)
    SELECT %(item)s::bigint, %(member)s::bigint, %(units)s::int
    WHERE %(limit)s::int IS NULL OR %(units)s::int <= %(limit)s::int
    ON CONFLICT (item_id, member_id) DO UPDATE SET units = tally.units + excluded.units
        WHERE %(limit)s::int IS NULL OR tally.units + excluded.units <= %(limit)s::int
    RETURNING item_id
), used AS (
    INSERT INTO flash_sale_flashsaleuse
        (order_number, member_id, item_id, units, points, discount_fen, cost_fen, revenue_fen, used_at)
    SELECT %(order)s::text, %(member)s::bigint, item_id, %(units)s::int, %(points)s::int, %(discount)s::int,
        %(cost)s::int, 0, %(now)s::timestamptz
    FROM counted
    RETURNING item_id
), taken AS (
    UPDATE flash_sale_flashsaleitem item SET taken = item.taken + %(units)s::int
    FROM used WHERE item.id = used.item_id AND item."left" >= %(units)s::int
    RETURNING item.id
)
SELECT (SELECT count(*) FROM counted), (SELECT count(*) FROM taken)
""",
)


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
    given = {"order": order_number, "member": buyer.member_id, "item": item_id, "limit": item.limit_per_member}
    sums = {"points": points, "discount": discount_fen, "cost": max(discount_fen - points_worth_fen(points), 0)}
    [(counted, taken)] = _TAKE.run({**given, **sums, "units": units, "now": now})
    if not counted:
        raise FlashSaleLimitReached(limit=item.limit_per_member)
    if not taken:
        raise FlashSaleSoldOut


def confirm_item(*, order_number: str, paid_fen: int, now: datetime) -> int:
    """The order is paid, with so much money in all: from now on it counts as a result. Returns how many uses."""
    standing = FlashSaleUse.objects.filter(order_number=order_number, released_at=None, confirmed_at=None)
    return standing.update(confirmed_at=now, revenue_fen=paid_fen)


def release_item(*, order_number: str, now: datetime) -> int:
    """Give back all that the order had taken: others may have it. Returns how many uses."""
    use = _lock_standing(order_number)
    if use is None:
        return 0
    _lower(use, units=0, discount_fen=0)
    return FlashSaleUse.objects.filter(pk=use.pk).update(released_at=now)


def reduce_item(*, order_number: str, units: int, discount_fen: int, paid_fen: int, now: datetime) -> None:
    """Of a paid order goods came back: it counts for the units that stay, and for what is still paid for them. What is
    back may be bought again, by the same member too.
    """
    if not units:
        release_item(order_number=order_number, now=now)
        return
    use = _lock_standing(order_number)
    if use is None:
        return
    units, discount_fen = min(units, use.units), min(discount_fen, use.discount_fen)
    _lower(use, units=units, discount_fen=discount_fen)
    # Every unit has cost as many points as the others.
    use.points, use.units = use.points // use.units * units, units
    use.discount_fen, use.revenue_fen = discount_fen, paid_fen
    use.cost_fen = max(discount_fen - points_worth_fen(use.points), 0)
    use.save(update_fields=["units", "points", "discount_fen", "cost_fen", "revenue_fen"])


def _lock_standing(order_number: str) -> FlashSaleUse | None:
    standing = FlashSaleUse.objects.filter(order_number=order_number, released_at=None)
    return standing.select_related("item__session").select_for_update(no_key=True, of=("self",)).first()


def _lower(use: FlashSaleUse, *, units: int, discount_fen: int) -> None:
    """Take the difference off everything that counts it."""
    give_back_budgets(model=FlashSale, amounts_fen={use.item.session.sale_id: use.discount_fen - discount_fen})
    fewer = use.units - units
    FlashSaleTally.objects.filter(item=use.item_id, member=use.member_id).update(units=F("units") - fewer)
    FlashSaleItem.objects.filter(pk=use.item_id).update(taken=F("taken") - fewer)
    forget_after_commit([use.item_id])
