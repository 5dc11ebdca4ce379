"""The price that staff give an order, computed: pure, on the order's own snapshot.

What the shop itself asks for never changes; staff's part stands beside it as one adjustment a line, of kind `manual`,
and another change takes its place. So a price can be lowered twice, raised again up to the shop's own, and undone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orders.checkout.models import Order, OrderLine
from orders.workbench.errors import PriceBelowZero, PriceUnchanged
from shop.core.money import spread

MANUAL = "manual"


@dataclass(frozen=True)
class OwnPrice:
    """What the shop asks without staff: fen a line by position, and freight."""

    lines: Mapping[int, int]
    freight_fen: int


@dataclass(frozen=True)
class StaffPrice:
    """What staff take off each line (fen by position), and what freight costs."""

    taken_off: Mapping[int, int]
    freight_fen: int

    @property
    def discount_fen(self) -> int:
        return sum(self.taken_off.values())


def own_price(order: Order, lines: Sequence[OrderLine]) -> OwnPrice:
    freight = order.freight_fen - _manual(order.freight_adjustments)
    return OwnPrice({line.position: line.payable_fen - _manual(line.adjustments) for line in lines}, freight)


def spread_over(own: OwnPrice, discount_fen: int) -> dict[int, int]:
    """A discount on the whole order, split over its lines by what each costs; sums exactly to it.

    Raises PriceBelowZero when it is more than they cost together.
    """
    if not 0 <= discount_fen <= sum(own.lines.values()):
        raise PriceBelowZero
    if not discount_fen:
        return {}
    shares = zip(own.lines, spread(discount_fen, list(own.lines.values())), strict=True)
    return {position: share for position, share in shares if share}


def lowered_by(own: OwnPrice, price: StaffPrice) -> int:
    """How much staff give away in all, freight included; never less than nothing."""
    return max(0, price.discount_fen + own.freight_fen - price.freight_fen)


def reprice(order: Order, lines: Sequence[OrderLine], price: StaffPrice, *, label: str) -> None:
    """Write the price into the rows, not yet saved. Raises PriceBelowZero, PriceUnchanged."""
    own, before = own_price(order, lines), order.payable_fen
    if price.freight_fen < 0 or set(price.taken_off) - set(own.lines):
        raise PriceBelowZero
    if any(not 0 <= fen <= own.lines[position] for position, fen in price.taken_off.items()):
        raise PriceBelowZero
    was = [line.payable_fen for line in lines]
    for line in lines:
        taken = price.taken_off.get(line.position, 0)
        line.payable_fen = own.lines[line.position] - taken
        line.adjustments = _with(line.adjustments, -taken, label)
    freight_delta = price.freight_fen - own.freight_fen
    order.freight_fen = price.freight_fen
    order.freight_adjustments = _with(order.freight_adjustments, freight_delta, label)
    order.adjustments = _with(order.adjustments, freight_delta - price.discount_fen, label)
    order.discount_fen = order.goods_fen - sum(line.payable_fen for line in lines)
    order.payable_fen = order.goods_fen - order.discount_fen + order.freight_fen
    if (order.payable_fen, [line.payable_fen for line in lines]) == (before, was):
        raise PriceUnchanged


def _manual(adjustments: Sequence[Mapping[str, Any]]) -> int:
    return sum(each["amount_fen"] for each in adjustments if each["kind"] == MANUAL)


def _with(adjustments: Sequence[Mapping[str, Any]], amount_fen: int, label: str) -> list[Mapping[str, Any]]:
    kept = [each for each in adjustments if each["kind"] != MANUAL]
    own = {
        "kind": MANUAL,
        "id": None,
        "label": label,
        "amount_fen": amount_fen,
        "version": None,
        "points": 0,
        "units": 0,
    }
    return [*kept, own] if amount_fen else kept
