"""From what a member asks for to a priced offer: loads the rows, checks them, asks for the price once.

The quote page and the order use the same offer, so that they cannot disagree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace as struct_replace

from logistics.freight.engine import Freight, Goods
from logistics.freight.errors import NotDeliverable
from logistics.freight.queries import quote_freight
from members.identity.queries import RecipientSnapshot, address_snapshot
from orders.cart.errors import OffShelf, SkuNotFound, TooManyUnits
from orders.cart.preferences import MAX_LINES, MAX_UNITS
from orders.cart.queries import selected_units
from orders.cart.validity import LIMIT, OFF_SHELF, Problem, Wanted, problems, shortages
from orders.checkout.errors import (
    AddressNotFound,
    CartEmpty,
    KindNotSold,
    LimitExceeded,
    LinesOutOfStock,
    PickupStoreNotFound,
    TooManyLines,
)
from orders.checkout.limits import bought_before
from orders.checkout.locks import lock_buyer
from orders.checkout.pickup import pickup_recipient
from promotions.campaigns.audience import Buyer
from promotions.campaigns.presold import DepositTerms, Presold
from promotions.campaigns.queries import buyer_for
from promotions.checkout.mechanism import ActivityAsk, Asking
from promotions.checkout.services import kept, owes, pay_within, presold, quote, sells
from promotions.pricing.answers import GiftLine, Quote
from promotions.pricing.model import CartSnapshot, PricingLine
from shop.catalog.models import Product
from shop.catalog.queries import SkuSnapshot, sku_snapshots
from shop.core.errors import Detail


class Item(Struct, frozen=True):
    sku_id: int
    quantity: int


@dataclass(frozen=True)
class Wish:
    """What a member asks for; `items` is None for the selected lines of the cart."""

    member_id: int
    items: tuple[Item, ...] | None
    address_id: int | None = None
    pickup_store_id: int | None = None
    coupon_ids: tuple[int, ...] | Literal["best"] = ()
    points_to_use: int | Literal["max"] = 0
    channel: str = ""
    activity: ActivityAsk | None = None


@dataclass(frozen=True)
class Gift:
    """A SKU that an offer gives, for nothing, with whatever else is bought."""

    sku: SkuSnapshot
    quantity: int
    given: GiftLine


@dataclass(frozen=True)
class Offer:
    """A wish that can be fulfilled at this price. Goods are not ordered without a recipient: freight is unknown.

    `pointers` say which item of the wish each line stands for. `gifts` are looked up for a binding offer only: until
    then the quote says enough of them. `pay_within` is how long an activity waits for money, where it says so;
    `presold` when it sends its goods, where that is later.
    """

    lines: tuple[Wanted, ...]
    cart: CartSnapshot
    buyer: Buyer
    quote: Quote
    recipient: RecipientSnapshot | None
    pointers: tuple[str, ...] = ()
    gifts: tuple[Gift, ...] = ()
    pay_within: timedelta | None = None
    presold: Presold | None = None
    # Before promotions.
    freight: Freight | None = None

    @property
    def needs_parcel(self) -> bool:
        """Whatever is no goods travels nowhere and is not stocked."""
        return any(line.sku.kind == Product.Kind.GOODS for line in self.lines)

    @property
    def deposit(self) -> DepositTerms | None:
        """What is paid first: of the goods at most what they cost. None where nothing would be left to pay later."""
        terms = self.presold.deposit if self.presold else None
        if terms is None:
            return None
        fen = min(terms.fen, self.quote.goods_fen - self.quote.discount_fen)
        return replace(terms, fen=fen) if 0 < fen < self.quote.payable_fen else None


def filled(wish: Wish) -> Wish:
    """The wish with its items, those selected in the cart where it names none."""
    if wish.items is not None:
        return wish
    units = selected_units(member_id=wish.member_id)
    return replace(wish, items=tuple(Item(sku_id, quantity) for sku_id, quantity in units.items()))


def make_offer(*, wish: Wish, now: datetime, binding: bool = False) -> Offer:
    """Price the wish. A `binding` offer is made inside the transaction that orders it and holds the member's limits.

    Raises SkuNotFound, OffShelf, KindNotSold, LimitExceeded, LinesOutOfStock, CartEmpty, TooManyLines, TooManyUnits,
    AddressNotFound, PickupStoreNotFound, NotDeliverable, and what the activity raises; details point at the items.
    """
    units, pointers = _wanted_units(wish)
    # Only an order keeps options and pictures.
    skus = sku_snapshots(sku_ids=units, now=now, shown=binding)
    for sku_id, more in kept(wish.activity, member_id=wish.member_id).items():
        if sku_id in skus:
            skus[sku_id] = struct_replace(skus[sku_id], available=skus[sku_id].available + more)
    lines = _known(units, skus, pointers)
    if binding and any(line.sku.limit_per_member is not None for line in lines):
        lock_buyer(member_id=wish.member_id)
    _refuse_kinds(lines, sells(wish.activity), pointers)
    goods = [line for line in lines if line.sku.kind == Product.Kind.GOODS]
    _refuse_problems(lines, _problems(wish, goods), pointers)
    recipient = _recipient(wish) if goods else None
    freight = _freight(wish, goods, recipient, pointers, binding)
    cart = CartSnapshot(
        lines=tuple(_pricing_line(line) for line in lines),
        freight_fen=None if freight is None else freight.fen,
        coupon_ids=wish.coupon_ids,
        points_to_use=wish.points_to_use,
    )
    buyer = buyer_for(member_id=wish.member_id, channel=wish.channel, now=now)
    asking = Asking(buyer, cart, now, binding, wish.activity)
    priced = quote(asking)
    return Offer(
        lines,
        cart,
        buyer,
        priced,
        recipient,
        pointers=tuple(pointers[line.sku.sku_id] for line in lines),
        gifts=_gifts(priced, now) if binding else (),
        pay_within=pay_within(asking),
        presold=presold(asking),
        freight=freight,
    )


def _pricing_line(line: Wanted) -> PricingLine:
    sku = line.sku
    return PricingLine(
        sku_id=sku.sku_id,
        quantity=line.quantity,
        unit_price_fen=sku.price_fen,
        product_id=sku.product_id,
        category_path=sku.category_path,
        floor_price_fen=sku.floor_price_fen or 0,
        max_discount_bp=sku.max_discount_bp,
    )


def _gifts(priced: Quote, now: datetime) -> tuple[Gift, ...]:
    """One query where something is given."""
    if not priced.gifts:
        return ()
    skus = sku_snapshots(sku_ids=[gift.sku_id for gift in priced.gifts], now=now)
    return tuple(Gift(skus[gift.sku_id], gift.quantity, gift) for gift in priced.gifts)


def _wanted_units(wish: Wish) -> tuple[dict[int, int], dict[int, str]]:
    """Units by SKU id, duplicates merged, and the JSON pointer of the item that first named each."""
    asked = filled(wish).items
    if not asked:
        raise CartEmpty
    units: dict[int, int] = {}
    pointers: dict[int, str] = {}
    for index, item in enumerate(asked):
        if item.sku_id in units:
            units[item.sku_id] += item.quantity
        else:
            units[item.sku_id], pointers[item.sku_id] = item.quantity, f"/items/{index}"
    if len(units) > MAX_LINES.value():
        raise TooManyLines(limit=MAX_LINES.value())
    most = MAX_UNITS.value()
    too_many = [sku_id for sku_id, wanted in units.items() if wanted > most]
    if too_many:
        message = str(TooManyUnits(limit=most))
        raise TooManyUnits(
            limit=most,
            details=[Detail(f"{pointers[s]}/quantity", TooManyUnits.code, message) for s in too_many],
        )
    return units, pointers


def _known(
    units: Mapping[int, int], skus: Mapping[int, SkuSnapshot], pointers: Mapping[int, str]
) -> tuple[Wanted, ...]:
    unknown = [sku_id for sku_id in units if sku_id not in skus]
    if unknown:
        raise SkuNotFound(
            details=[Detail(f"{pointers[s]}/sku_id", SkuNotFound.code, SkuNotFound.message) for s in unknown]
        )
    return tuple(Wanted(skus[sku_id], quantity) for sku_id, quantity in units.items())


def _refuse_kinds(lines: Sequence[Wanted], sold: frozenset[str], pointers: Mapping[int, str]) -> None:
    kinds = [line.sku.sku_id for line in lines if line.sku.kind not in sold]
    if kinds:
        raise KindNotSold(
            details=[Detail(f"{pointers[s]}/sku_id", KindNotSold.code, KindNotSold.message) for s in kinds]
        )


def _problems(wish: Wish, goods: Sequence[Wanted]) -> Mapping[int, tuple[Problem, ...]]:
    """What is owed to the member needs to be there, and nothing else."""
    if owes(wish.activity):
        return shortages(goods)
    return problems(goods, bought_before=bought_before(member_id=wish.member_id, lines=goods))


def _refuse_problems(
    lines: Sequence[Wanted], found: Mapping[int, tuple[Problem, ...]], pointers: Mapping[int, str]
) -> None:
    if not found:
        return
    details = [
        Detail(f"{pointers[sku_id]}/{'sku_id' if each.code == OFF_SHELF else 'quantity'}", each.code, each.message)
        for sku_id, those in found.items()
        for each in those
    ]
    codes = {detail.code for detail in details}
    if OFF_SHELF in codes:
        raise OffShelf(details=details)
    if LIMIT in codes:
        raise LimitExceeded(details=details)
    short = [short_line(pointers[line.sku.sku_id], line) for line in lines if line.sku.sku_id in found]
    raise LinesOutOfStock(details=details, lines=short, sku_ids=sorted(found))


def short_line(pointer: str, line: Wanted) -> dict[str, Any]:
    """A line that asks for more than is left, as `LinesOutOfStock` answers it."""
    sku = line.sku
    return {
        "field": f"{pointer}/quantity",
        "sku_id": sku.sku_id,
        "product_name": sku.product_name,
        "quantity": line.quantity,
        "available": max(0, sku.available),
    }


def _recipient(wish: Wish) -> RecipientSnapshot | None:
    if wish.pickup_store_id is not None:
        recipient = pickup_recipient(member_id=wish.member_id, store_id=wish.pickup_store_id)
        if recipient is None:
            raise PickupStoreNotFound
        return recipient
    recipient = address_snapshot(member_id=wish.member_id, address_id=wish.address_id)
    if recipient is None and wish.address_id is not None:
        raise AddressNotFound
    return recipient


def _freight(
    wish: Wish,
    goods: Sequence[Wanted],
    recipient: RecipientSnapshot | None,
    pointers: Mapping[int, str],
    binding: bool,
) -> Freight | None:
    """Before promotions; None while nobody knows where to. Free from so much on means the goods at list price: no
    discount ever costs freight. What is owed to the member makes no freight lower: that is for purchases.
    """
    if wish.pickup_store_id is not None or not goods:
        return Freight()
    if recipient is None:
        return None
    bought = not owes(wish.activity)
    sent = {
        line.sku.sku_id: Goods(
            weight_g=line.sku.weight_g * line.quantity,
            volume_cm3=line.sku.volume_cm3 * line.quantity,
            pieces=line.quantity,
            worth_fen=line.sku.price_fen * line.quantity,
            are_bought=bought,
        )
        for line in goods
    }
    try:
        return quote_freight(region_code=recipient.region_code, goods=sent, binding=binding)
    except NotDeliverable as refusal:
        stays: Sequence[int] = refusal.data["sku_ids"]
        if len(stays) == len(sent):
            raise
        details = [Detail(f"{pointers[sku_id]}/sku_id", refusal.code, str(refusal)) for sku_id in stays]
        raise NotDeliverable(details=details, sku_ids=stays) from refusal
