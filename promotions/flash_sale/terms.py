"""What a flash sale offers whoever comes through it: the price of one item, or why not."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from promotions.campaigns.audience import Buyer
from promotions.campaigns.conflicts import line_of
from promotions.campaigns.errors import ActivityGoods, ActivityNotFound, BudgetSpent
from promotions.campaigns.goods import only_line
from promotions.flash_sale.errors import (
    FlashSaleLimitReached,
    FlashSaleNotStarted,
    FlashSaleOver,
    FlashSaleSoldOut,
)
from promotions.flash_sale.live import LiveItem, live, live_item, live_sale
from promotions.flash_sale.models import FlashSale, FlashSaleItem
from promotions.pricing.model import CartSnapshot, Mechanism, PricingLine, Terms, UnitPriceTerms
from promotions.pricing.scopes import Scope
from promotions.pricing.unit_prices import saving_fen
from shop.core.prepared import Prepared

# What is left of an item, what the member has had of it, and what is left of the sale's budget, where it has one.
_LEFT = Prepared(
    "flash_sale_left",
    """
SELECT item."left", coalesce(tally.units, 0), sale.budget_fen - sale.spent_fen
FROM flash_sale_flashsaleitem item
JOIN flash_sale_flashsalesession session ON session.id = item.session_id
JOIN flash_sale_flashsale sale ON sale.id = session.sale_id
LEFT JOIN flash_sale_flashsaletally tally ON tally.item_id = item.id AND tally.member_id = %(member)s::bigint
WHERE item.id = %(item)s
""",
)


def price_of(*, item_id: int, buyer: Buyer, cart: CartSnapshot, now: datetime, binding: bool) -> UnitPriceTerms:
    """The unit price of the item for the one line of the cart. A binding one is not counted here: the claim does that.

    Raises ActivityNotFound, ActivityGoods, FlashSaleNotStarted, FlashSaleOver, FlashSaleSoldOut, FlashSaleLimitReached,
    BudgetSpent and what says that the buyer is not of the sale's audience.
    """
    item = _open_item(item_id, buyer, now)
    line = only_line(cart)
    if line.sku_id != item.sku_id:
        raise ActivityGoods
    terms = _terms(item, asked=True)
    if not binding:
        _check_counts(item, buyer, line, saving_fen(line, terms))
    return terms


def pay_within(*, item_id: int, buyer: Buyer) -> timedelta | None:
    item = live(buyer.stamp).items.get(item_id)
    return item.sale.pay_within if item else None


def units_to_be_had(item: LiveItem) -> int | None:
    """As many as are left of the item, as the shop has, and as the sale's budget reaches for; None where it is gone.

    At worst a moment too old: the claim decides.
    """
    rows = FlashSaleItem.objects.select_related("sku__product__category", "sku__stock", "session__sale")
    row = rows.filter(pk=item.id).first()
    if row is None:
        return None
    units, budget_fen = min(row.left, max(row.sku.stock.available, 0)), row.session.sale.left_fen
    each_fen = saving_fen(line_of(row.sku, 1), _terms(item, asked=True))
    return units if budget_fen is None or not each_fen else min(units, max(budget_fen, 0) // each_fen)


def terms_of_sale(sale: FlashSale, paths: Mapping[int, str], *, at: datetime | None = None) -> Terms:
    """Of the sessions of that moment; see `campaigns.conflicts.terms_of`."""
    known = live_sale(sale)
    sessions = [each for each in sale.sessions.all() if at is None or each.is_at(at)]
    rows = [(row, session) for session in sessions for row in session.items.all()]
    rows.sort(key=lambda each: each[0].pk)
    return Terms(unit_prices=tuple(_terms(live_item(row, session, known)) for row, session in rows))


def _open_item(item_id: int, buyer: Buyer, now: datetime) -> LiveItem:
    item = live(buyer.stamp).items.get(item_id)
    if item is None:
        raise ActivityNotFound
    refusal = item.sale.audience.refusal(buyer)
    if refusal is not None:
        raise refusal
    if now < item.starts_at:
        raise FlashSaleNotStarted
    if now >= item.ends_at:
        raise FlashSaleOver
    return item


def _check_counts(item: LiveItem, buyer: Buyer, line: PricingLine, discount_fen: int) -> None:
    """In the order of the claim, so that both refuse for the same reason."""
    found = _LEFT.row({"item": item.id, "member": buyer.member_id})
    if found is None:
        raise ActivityNotFound
    left, had, budget_fen = found
    if budget_fen is not None and discount_fen > budget_fen:
        raise BudgetSpent(name=item.sale.name)
    limit = item.limit_per_member
    if limit is not None and had + line.quantity > limit:
        raise FlashSaleLimitReached(limit=limit)
    if left < line.quantity:
        raise FlashSaleSoldOut


def _terms(item: LiveItem, *, asked: bool = False) -> UnitPriceTerms:
    return UnitPriceTerms(
        id=item.id,
        label=item.sale.name,
        mechanism=Mechanism.ACTIVITY,
        scope=Scope(skus=frozenset([item.sku_id])),
        unit_price_fen=item.price_fen,
        points=item.points,
        asked=asked,
        below_floor=item.points > 0,
        kind=FlashSale.KIND,
        version=item.sale.revision,
        refuses=item.sale.refuses,
    )
