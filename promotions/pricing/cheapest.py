"""The set of options that together take off the most, found exactly.

Options act in the order given, whichever of them are chosen. The search relies on one law that every option keeps:
what it takes off only falls, never rises, when others have acted before it. So the worths of the options still open
are an upper bound of what they can add, and most branches are cut unseen.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Any, Generic, Protocol, TypeVar

from promotions.pricing.balance import Balance

# Sets of rivals that an option is compared with: more of them would tell little and cost much.
RIVALRIES = 32


class Option(Protocol):
    @property
    def lines(self) -> int:
        """A bit for each line that the option may act on; what acts elsewhere does not change its worth."""

    @property
    def effect(self) -> Hashable:
        """Options with the same effect are interchangeable; they stand side by side."""

    def worth(self, balance: Balance) -> int:
        """What `act` would take off."""

    def act(self, balance: Balance) -> object: ...

    def agrees_with(self, other: Any) -> bool: ...

    def leaves_nothing(self, other: Any) -> bool:
        """Whether `other`, which comes later, takes nothing off where this one acts."""


@dataclass(slots=True)
class Effort:
    """How many more sets may be looked at, by one search or by several that share it."""

    left: int


O = TypeVar("O", bound=Option)  # noqa: E741


class Ending(Protocol):
    """By what sets are compared: what their balance costs in the end."""

    @property
    def is_empty(self) -> bool:
        """Nothing comes after the options: a balance costs what it leaves to pay."""

    def at_least(self, payable: int) -> tuple[int, int]:
        """Of every balance that leaves so much to pay, or more, the least that it costs."""

    def cost(self, balance: Balance) -> tuple[int, int]: ...


class Nothing:
    """The end, when what is left to pay is what counts."""

    is_empty = True

    def at_least(self, payable: int) -> tuple[int, int]:
        return payable, 0

    def cost(self, balance: Balance) -> tuple[int, int]:
        return balance.payable, 0


NOTHING_MORE = Nothing()


def cheapest(
    options: Sequence[O], balance: Balance, *, most: int, effort: Effort, ending: Ending = NOTHING_MORE
) -> tuple[O, ...]:
    """The options, at most `most` and all agreeing, that cost the least in the end; of equal sets the first one met.

    `effort` bounds the sets looked at: exact, unless it is spent before the others are ruled out; then the best met.
    """
    search = _Search(options, most, effort, ending, balance)
    worths = [option.worth(balance) for option in options]
    search.try_greedy(balance, worths)
    search.explore(balance, list(enumerate(worths)), (), balance.payable)
    return tuple(options[place] for place in search.best)


class _Search(Generic[O]):
    def __init__(self, options: Sequence[O], most: int, effort: Effort, ending: Ending, balance: Balance) -> None:
        self.options, self.most, self.effort, self.ending = options, most, effort, ending
        self.best: tuple[int, ...] = ()
        self.cost = ending.cost(balance)
        self._rivalry = _rivalries(options)

    def explore(
        self, balance: Balance, still_open: list[tuple[int, int]], chosen: tuple[int, ...], payable: int
    ) -> None:
        """Try to add to `chosen`, which leaves `payable`: `still_open` are the options after it that agree, by place,
        each with the most that it can be worth.
        """
        more = self.most - len(chosen)
        if not more:
            return
        last_effect: Hashable = None
        for index, (place, bound) in enumerate(still_open):
            if self.ending.at_least(payable - self._most_of(still_open[index:], more)) >= self.cost:
                return
            option = self.options[place]
            if not bound or (last_effect is not None and option.effect == last_effect):
                continue
            last_effect = option.effect
            if not self.effort.left:
                return
            self.effort.left -= 1
            left = payable - option.worth(balance)
            following = [each for each in still_open[index + 1 :] if option.agrees_with(self.options[each[0]])]
            is_last = more == 1 or not following
            if is_last and (self.ending.is_empty or self.ending.at_least(left) >= self.cost):
                # Nobody comes after it, so that it need not act to be judged.
                self._judge((*chosen, place), self.ending.at_least(left))
                continue
            after = balance.copy()
            option.act(after)
            self._judge((*chosen, place), self.ending.cost(after))
            if not is_last:
                bounds = [(at, self._bound(self.options[at], most, option, after)) for at, most in following]
                self.explore(after, bounds, (*chosen, place), left)

    def try_greedy(self, balance: Balance, worths: Sequence[int]) -> None:
        """A good set to begin with: again and again the option that is worth most now."""
        chosen: list[int] = []
        left = dict(enumerate(worths))
        after = balance.copy()
        while left and len(chosen) < self.most:
            place = max(left, key=lambda each: (left[each], -each))
            if not left.pop(place):
                break
            option = self.options[place]
            chosen.append(place)
            left = {at: most for at, most in left.items() if option.agrees_with(self.options[at])}
            if left:
                option.act(after)
                # Those before it act first, so that it leaves them what they are worth.
                left = {
                    at: self._bound(self.options[at], most, option, after) if at > place else most
                    for at, most in left.items()
                }
        if chosen:
            self._judge(*self._tried(sorted(chosen), balance.copy()))

    def _most_of(self, still_open: Sequence[tuple[int, int]], more: int) -> int:
        """What so many of these options take off at most: of rivals only one does."""
        by_rivalry: dict[int, int] = {}
        for place, bound in still_open:
            rivalry = self._rivalry[place]
            if bound > by_rivalry.get(rivalry, 0):
                by_rivalry[rivalry] = bound
        return sum(nlargest(more, by_rivalry.values()) if len(by_rivalry) > more else by_rivalry.values())

    @staticmethod
    def _bound(other: O, most: int, acted: O, after: Balance) -> int:
        """What `other` is worth at most when `acted` has: as much as before where they share no line."""
        return other.worth(after) if other.lines & acted.lines else most

    def _tried(self, chosen: Sequence[int], balance: Balance) -> tuple[tuple[int, ...], tuple[int, int]]:
        """Those that take something off, and what it costs with them."""
        acting = []
        for place in chosen:
            if self.options[place].worth(balance):
                acting.append(place)
                self.options[place].act(balance)
        return tuple(acting), self.ending.cost(balance)

    def _judge(self, chosen: tuple[int, ...], cost: tuple[int, int]) -> None:
        if cost < self.cost:
            self.cost, self.best = cost, chosen


def _rivalries(options: Sequence[Option]) -> list[int]:
    """To which set of options each belongs: sets of which only one takes something off."""
    found: list[list[Option]] = []
    numbers = []
    for option in options:
        number = next(
            (
                number
                for number, rivals in enumerate(found[:RIVALRIES])
                if all(each.leaves_nothing(option) for each in rivals)
            ),
            len(found),
        )
        if number == len(found):
            found.append([])
        found[number].append(option)
        numbers.append(number)
    return numbers
