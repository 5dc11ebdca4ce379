"""What a line gives back when some of its units come back: pure, on what the order wrote down, never priced anew.

Always: what is given back for units one by one, in whatever steps, sums exactly to the line's whole, and never exceeds
it. The shares of the units that stay are untouched: nothing is spread anew over what is left.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from promotions.pricing.model import Mechanism


@dataclass(frozen=True, slots=True)
class LineSnapshot:
    """A line as it was ordered: paid in money, paid in points, taken off by coupons."""

    units: int
    payable_fen: int
    points: int = 0
    coupon_fen: int = 0


@dataclass(frozen=True, slots=True)
class LineShare:
    """What belongs to some units of a line."""

    cash_fen: int
    points: int
    coupon_fen: int


def refundable(line: LineSnapshot, *, units_before: int, units_after: int) -> LineShare:
    """What goes back when the units returned rise from `units_before` to `units_after`: R(after) − R(before).

    Raises ValueError unless 0 ≤ before ≤ after ≤ the units of the line.
    """
    if not 0 <= units_before <= units_after <= line.units:
        raise ValueError("units returned only rise, up to those of the line")

    def share(whole: int) -> int:
        return whole * units_after // line.units - whole * units_before // line.units

    return LineShare(share(line.payable_fen), share(line.points), share(line.coupon_fen))


def line_snapshot(*, units: int, payable_fen: int, adjustments: Iterable[Mapping[str, Any]]) -> LineSnapshot:
    """From the adjustments that an order keeps of a line."""
    kept = list(adjustments)
    return LineSnapshot(
        units,
        payable_fen,
        points=sum(each.get("points", 0) for each in kept),
        coupon_fen=-sum(each["amount_fen"] for each in kept if each["kind"] == Mechanism.COUPON),
    )
