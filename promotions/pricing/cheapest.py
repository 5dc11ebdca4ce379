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
# Options that are gone through as fast as one is looked at closely.
PER_LOOK = 8


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

    @property
    def kin(self) -> Hashable:
        """Options of a kin have the same rivals, and are all rivals of one another or none; None has no kin."""

    def agrees_with(self, other: Any) -> bool: ...

    def leaves_nothing(self, other: Any) -> bool:
        """Whether `other`, which comes later, takes nothing off where this one acts."""


@dataclass(slots=True)
class Effort:
    """How many more looks may be taken at what an option is worth, by one search or by several that share it.

    It `was_short` where one of them has spent its part.
    """

    left: int
    whole: "Effort | None" = None
    was_short: bool = False

    def part(self, share: int) -> "Effort":
        """One of so many shares of what is left, for one search: it leaves something to those that come after it."""
        return Effort(max(0, self.left // share), self)

    def spend(self, looks: int) -> None:
        self.left -= looks
        if self.left <= 0:
            self.run_short()
        if self.whole is not None:
            self.whole.spend(looks)

    def run_short(self) -> None:
        self.was_short = True
        if self.whole is not None:
            self.whole.run_short()


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
    options: Sequence[O],
    balance: Balance,
    *,
    most: int,
    effort: Effort,
    ending: Ending = NOTHING_MORE,
) -> tuple[O, ...]:
    """The options, at most `most` and all agreeing, that cost the least in the end; of equal sets the first one met.

    `effort` bounds the sets looked at: exact, unless it is spent before the others are ruled out; then the best met.
    """
    worths = [option.worth(balance) for option in options]
    rivalries = _rivalries(options)
    if ending.is_empty and most and not any(rivalries):
        # Rivals all of them: it is the one that is worth most.
        effort.spend(2 + len(options) // PER_LOOK)
        best = max(worths, default=0)
        return (options[worths.index(best)],) if best else ()
    search = _Search(options, rivalries, most, effort, ending, balance)
    search.try_greedy(balance, worths)
    search.explore(balance, list(enumerate(worths)), (), balance.payable)
    return tuple(options[place] for place in search.best)


def together_at_most(options: Sequence[Option], balance: Balance, most: int) -> int:
    """What so many of them, all agreeing, take off at most in whatever order they act."""
    return _most_of(
        [(rivalry, each.worth(balance)) for each, rivalry in zip(options, _rivalries(options), strict=True)], most
    )


class _Search(Generic[O]):
    def __init__(
        self,
        options: Sequence[O],
        rivalries: Sequence[int],
        most: int,
        effort: Effort,
        ending: Ending,
        balance: Balance,
    ) -> None:
        self.options, self.most, self.effort, self.ending = options, most, effort, ending
        self.best: tuple[int, ...] = ()
        self.cost = ending.cost(balance)
        self._rivalry = rivalries

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
            if self.effort.left <= 0:
                return
            self.effort.spend(2 + len(still_open) // PER_LOOK)
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
                bounds = self._bounds(following, option, after)
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
                following = self._bounds([each for each in left.items() if each[0] > place], option, after)
                left = {at: most for at, most in left.items() if at < place} | dict(following)
        if chosen:
            self._judge(*self._tried(sorted(chosen), balance.copy()))

    def _most_of(self, still_open: Sequence[tuple[int, int]], more: int) -> int:
        return _most_of([(self._rivalry[place], bound) for place, bound in still_open], more)

    def _bounds(self, following: Sequence[tuple[int, int]], acted: O, after: Balance) -> list[tuple[int, int]]:
        """What these are worth at most when `acted` has: as much as before where they share no line."""
        options, lines = self.options, acted.lines
        bounds = [
            (place, options[place].worth(after) if most and options[place].lines & lines else most)
            for place, most in following
        ]
        self.effort.spend(len(bounds))
        return bounds

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


def _most_of(bounds: Sequence[tuple[int, int]], more: int) -> int:
    """What so many options take off at most, each with the number of its rivals: of rivals only one does."""
    by_rivalry: dict[int, int] = {}
    for rivalry, bound in bounds:
        if bound > by_rivalry.get(rivalry, 0):
            by_rivalry[rivalry] = bound
    return sum(nlargest(more, by_rivalry.values()) if len(by_rivalry) > more else by_rivalry.values())


def _rivalries(options: Sequence[Option]) -> list[int]:
    """To which set of options each belongs: sets of which only one takes something off."""
    # One of each kin stands for the others: rivals of one another are in one set, and of those that are not each looks
    # on from where the last one was put.
    found: list[list[Option]] = []
    numbers: list[int] = []
    last_of: dict[Hashable, int] = {}
    for option in options:
        kin = option.kin
        last = last_of.get(kin, -1) if kin is not None else -1
        if last >= 0 and option.leaves_nothing(option):
            numbers.append(last)
            continue
        sets = range(last + 1, min(len(found), RIVALRIES))
        number = next((at for at in sets if all(each.leaves_nothing(option) for each in found[at])), len(found))
        if number == len(found):
            found.append([])
        found[number].append(option)
        if kin is not None:
            last_of[kin] = number
        numbers.append(number)
    return numbers
