"""A plan as bars, one for each cut: what is left of the price, and on top of it what the cut takes off."""

from collections.abc import Sequence
from dataclasses import dataclass

from shop.core.money import yuan

WIDTH, HEIGHT, GAP = 720, 160, 4


@dataclass(frozen=True)
class Bar:
    """`top` to `middle` is what the cut takes off, `middle` to the ground what is left. `is_made`: not to come yet."""

    x: int
    width: int
    top: int
    middle: int
    cut: str
    left: str
    is_made: bool

    @property
    def cut_height(self) -> int:
        return self.middle - self.top

    @property
    def left_height(self) -> int:
        return HEIGHT - self.middle


def bars_of(plan: Sequence[int], *, list_fen: int, made: int) -> list[Bar]:
    """As high as the list price. A cut is seen, however small it is."""
    step = WIDTH // len(plan)
    price_fen, bars = list_fen, []
    for number, fen in enumerate(plan):
        top = HEIGHT - HEIGHT * price_fen // list_fen
        price_fen -= fen
        middle = max(top + 1, HEIGHT - HEIGHT * price_fen // list_fen)
        bars.append(Bar(number * step, max(1, step - GAP), top, middle, yuan(fen), yuan(price_fen), number < made))
    return bars
