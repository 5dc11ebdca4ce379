"""What is left to pay while a price comes about, and who has taken something off which line.

Always: a line never falls below the least that it costs, the goods together never below what the order keeps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import gt
from typing import NamedTuple

from promotions.pricing.model import Combination, Mechanism
from shop.core.money import spread

NOBODY: frozenset[Mechanism] = frozenset()
Manner = tuple[Mechanism, frozenset[Mechanism]]
Places = tuple[int, ...]


class Party(NamedTuple):
    """One that takes part in a price. `bit` is its own in the number that says who has acted on a line, `hostile` holds
    the bits of those it does not get along with: the question is asked very often.
    """

    bit: int
    hostile: int

    def agrees_with(self, other: "Party") -> bool:
        return not self.hostile & other.bit


class Etiquette:
    """Who gets along with whom: both sides must agree, each as its mechanism has it and as it refuses beyond that."""

    def __init__(self, combination: Combination, manners: Iterable[Manner]) -> None:
        known = list(dict.fromkeys(manners))
        self._parties = {
            one: Party(
                1 << place, sum(1 << at for at, other in enumerate(known) if not _agree(combination, one, other))
            )
            for place, one in enumerate(known)
        }

    def party(self, mechanism: Mechanism, refuses: frozenset[Mechanism] = NOBODY) -> Party:
        return self._parties[mechanism, refuses]


def _agree(combination: Combination, one: Manner, other: Manner) -> bool:
    return other[0] not in one[1] and one[0] not in other[1] and combination.agree(one[0], other[0])


class Sums(NamedTuple):
    """Of some lines what is left to pay, and how much of it is above the least that they cost."""

    net: int
    room: int


@dataclass(slots=True)
class Balance:
    """Of each line what is left to pay (`net`), what it costs at `least`, and the bits of who has acted on it.

    `order_room` is what may still be taken off the goods together; `freight` is None while it is unknown; `involved`
    holds the bits of all who have acted on any line. Sums are kept until something is taken: offers and coupons ask
    for those of the same lines again and again.
    """

    net: list[int]
    least: list[int]
    order_room: int
    freight: int | None
    acted: list[int]
    involved: int = 0
    _sums: dict[Places, Sums] = field(default_factory=dict, repr=False, compare=False)

    def copy(self) -> "Balance":
        return Balance(self.net.copy(), self.least, self.order_room, self.freight, self.acted.copy(), self.involved)

    def untouched(self) -> "Balance":
        """A copy in which nobody has acted, so that everybody may."""
        return Balance(self.net.copy(), self.least, self.order_room, self.freight, [0] * len(self.acted))

    def open_places(self, party: Party, places: Places) -> Places:
        """Of the lines at `places` those where everybody who acted agrees with `party`."""
        acted, hostile = self.acted, party.hostile
        if not self.involved & hostile:
            return places
        return tuple([place for place in places if not acted[place] & hostile])

    @property
    def payable(self) -> int:
        return sum(self.net) + (self.freight or 0)

    def base(self, places: Places) -> int:
        return self._sums_of(places).net

    def room(self, places: Places) -> int:
        """The most that can be taken off the lines at `places`."""
        return min(self._sums_of(places).room, self.order_room)

    def reprice(self, place: int, saving: int, party: Party) -> None:
        """Give the line another price than that of the list, before any order has a limit."""
        self.net[place] -= saving
        if self.net[place] < self.least[place]:
            self.least = [min(pair) for pair in zip(self.least, self.net, strict=True)]
        self._note(party, (place,))

    def take(self, fen: int, places: Places, party: Party) -> list[int]:
        """Take `fen`, which the lines have room for, off them by their nets; returns each one's share."""
        net, least = self.net, self.least
        shares = [fen]
        if len(places) != 1:
            rooms = [net[place] - least[place] for place in places]
            shares = spread_within(fen, [net[place] for place in places], rooms)
        for place, share in zip(places, shares, strict=True):
            net[place] -= share
        self.order_room -= fen
        self._note(party, places)
        return shares

    def take_freight(self, fen: int) -> None:
        if self.freight is not None:
            self.freight -= fen

    def _note(self, party: Party, places: Places) -> None:
        for place in places:
            self.acted[place] |= party.bit
        self.involved |= party.bit
        self._sums.clear()

    def _sums_of(self, places: Places) -> Sums:
        found = self._sums.get(places)
        if found is None:
            net, least = self.net, self.least
            to_pay = sum([net[place] for place in places])
            found = self._sums[places] = Sums(to_pay, to_pay - sum([least[place] for place in places]))
        return found


def spread_within(total_fen: int, weights: Sequence[int], rooms: Sequence[int]) -> list[int]:
    """Split over weights by largest remainder, no share above its room; what does not fit goes to the others.

    Sums exactly to `total_fen`, which must not exceed the sum of the rooms; only a weighty line has room.
    """
    shares = spread(total_fen, weights)
    if not any(map(gt, shares, rooms)):
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
