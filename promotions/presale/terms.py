"""A presale as pricing and orders read it."""

from collections.abc import Mapping
from datetime import datetime

from promotions.campaigns.audience import Buyer
from promotions.campaigns.errors import ActivityGoods, ActivityNotFound, BudgetSpent
from promotions.campaigns.goods import only_line
from promotions.campaigns.presold import DepositTerms, Presold
from promotions.campaigns.version import OFF
from promotions.presale.errors import PresaleLimitReached, PresaleSoldOut
from promotions.presale.models import Presale, PresaleItem, PresaleTally
from promotions.pricing.model import CartSnapshot, Mechanism, Terms, UnitPriceTerms
from promotions.pricing.scopes import Scope
from promotions.pricing.unit_prices import saving_fen


def price_of(*, item_id: int, buyer: Buyer, cart: CartSnapshot, now: datetime) -> UnitPriceTerms:
    """What the buyer pays for a unit in all.

    Raises ActivityNotFound, ActivityGoods, what says that the buyer is not of the audience, PresaleSoldOut,
    PresaleLimitReached, BudgetSpent.
    """
    item = _item(item_id)
    if item is None or buyer.stamp == OFF or not item.presale.is_live(now=now):
        raise ActivityNotFound
    refusal = item.presale.audience.refusal(buyer)
    if refusal is not None:
        raise refusal
    line = only_line(cart)
    if line.sku_id != item.sku_id:
        raise ActivityGoods
    if item.left is not None and item.left < line.quantity:
        raise PresaleSoldOut(left=item.left)
    if item.limit_per_member is not None and _taken_by(buyer, item) + line.quantity > item.limit_per_member:
        raise PresaleLimitReached(limit=item.limit_per_member)
    terms, budget_fen = _terms(item), item.presale.left_fen
    if budget_fen is not None and saving_fen(line, terms) > budget_fen:
        raise BudgetSpent(name=item.presale.name)
    return terms


def presold(*, item_id: int, cart: CartSnapshot) -> Presold | None:
    """When the goods are sent, and what of them is paid first."""
    item = _item(item_id)
    if item is None:
        return None
    presale = item.presale
    if not presale.takes_deposits or presale.balance_from is None or presale.balance_until is None:
        return Presold(presale.ships_at)
    agreed = DepositTerms(
        fen=item.deposit_fen * only_line(cart).quantity,
        balance_from=presale.balance_from,
        balance_until=presale.balance_until,
        back_if_missed=presale.back_if_missed,
        back_on_request=presale.back_on_request,
    )
    return Presold(presale.ships_at, agreed)


def terms_of_presale(presale: Presale, paths: Mapping[int, str], *, at: datetime | None = None) -> Terms:
    """See `campaigns.conflicts.terms_of`: as for somebody who comes through it."""
    items = sorted(presale.items.all(), key=lambda item: item.pk)
    return Terms(unit_prices=tuple(_terms(each) for each in items))


def _item(pk: int) -> PresaleItem | None:
    return PresaleItem.objects.filter(pk=pk).select_related("presale").first()


def _taken_by(buyer: Buyer, item: PresaleItem) -> int:
    return PresaleTally.objects.filter(item=item, member=buyer.member_id).values_list("units", flat=True).first() or 0


def _terms(item: PresaleItem) -> UnitPriceTerms:
    return UnitPriceTerms(
        id=item.pk,
        label=item.presale.name,
        mechanism=Mechanism.ACTIVITY,
        scope=Scope(skus=frozenset([item.sku_id])),
        unit_price_fen=item.unit_price_fen,
        asked=True,
        kind=Presale.KIND,
        version=item.presale.revision,
    )
