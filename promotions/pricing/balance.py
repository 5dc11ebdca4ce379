"""What is left to pay while a price comes about, and who has taken something off which line.

Always: a line never falls below the least that it costs, the goods together never below what the order keeps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from promotions.pricing.model import Combination, Mechanism
from shop.core.money import spread

NOBODY: frozenset[Mechanism] = frozenset()


class Party(NamedTuple):
    """One that takes part in a price: its mechanism, and whom it refuses beyond what the matrix says."""

    mechanism: Mechanism
    refuses: frozenset[Mechanism] = NOBODY


class Etiquette:
    """Who gets along with whom: both sides must agree. Answers are kept for the length of one pricing."""

    def __init__(self, combination: Combination) -> None:
        self._combination = combination
        self._known: dict[tuple[Party, Party], bool] = {}

    def agree(self, one: Party, other: Party) -> bool:
        pair = (one, other)
        known = self._known.get(pair)
        if known is None:
            known = self._known[pair] = (
                other.mechanism not in one.refuses
                and one.mechanism not in other.refuses
                and self._combination.agree(one.mechanism, other.mechanism)
            )
        return known

    def welcome(self, party: Party, present: Iterable[Party]) -> bool:
        return all(self.agree(party, each) for each in present)


@dataclass(slots=True)
class Balance:
    """Of each line what is left to pay (`net`), what it costs at `least`, and who has acted on it (`acted`).

    `order_room` is what may still be taken off the goods together; `freight` is None while it is unknown.
    """

    net: list[int]
    least: list[int]
    order_room: int
    freight: int | None
    acted: list[tuple[Party, ...]]

    def copy(self) -> "Balance":
        return Balance(self.net.copy(), self.least, self.order_room, self.freight, self.acted.copy())

    @property
    def payable(self) -> int:
        return sum(self.net) + (self.freight or 0)

    def base(self, places: Sequence[int]) -> int:
        net = self.net
        return sum([net[place] for place in places])

    def room(self, places: Sequence[int]) -> int:
        """The most that can be taken off the lines at `places`."""
        net, least = self.net, self.least
        return min(sum([net[place] - least[place] for place in places]), self.order_room)

    def take(self, fen: int, places: Sequence[int], party: Party) -> list[int]:
        """Take `fen`, which the lines have room for, off them by their nets; returns each one's share."""
        net, least = self.net, self.least
        shares = spread_within(fen, [net[place] for place in places], [net[place] - least[place] for place in places])
        for place, share in zip(places, shares, strict=True):
            net[place] -= share
            self.acted[place] = (*self.acted[place], party)
        self.order_room -= fen
        return shares

    def take_freight(self, fen: int) -> None:
        if self.freight is not None:
            self.freight -= fen


def spread_within(total_fen: int, weights: Sequence[int], rooms: Sequence[int]) -> list[int]:
    """Split over weights by largest remainder, no share above its room; what does not fit goes to the others.

    Sums exactly to `total_fen`, which must not exceed the sum of the rooms; only a weighty line has room.
    """
    shares = spread(total_fen, weights)
    if all(share <= room for share, room in zip(shares, rooms, strict=True)):
        return shares
    shares, left = [0] * len(weights), total_fen
    unfilled = [place for place, room in enumerate(rooms) if room]
    while left:
        parts = spread(left, [weights[place] for place in unfilled])
        over = [place for place, part in zip(unfilled, parts, strict=True) if part >= rooms[place]]
        if not over:
            for place, part in zip(unfilled, parts, strict=True):
                shares[place] = part
            break
        for place in over:
            shares[place] = rooms[place]
            left -= rooms[place]
        unfilled = [place for place in unfilled if place not in over]
    return shares
