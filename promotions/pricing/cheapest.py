"""The set of options that together take off the most, found exactly.

Options act in the order given, whichever of them are chosen. The search relies on one law that every option keeps:
what it takes off only falls, never rises, when others have acted before it. So the worths of the options still open
are an upper bound of what they can add, and most branches are cut unseen.
"""

from collections.abc import Hashable, Sequence
from heapq import nlargest
from typing import Any, Generic, Protocol, TypeVar

from promotions.pricing.balance import Balance


class Option(Protocol):
    @property
    def effect(self) -> Hashable:
        """Options with the same effect are interchangeable; they stand side by side."""

    def worth(self, balance: Balance) -> int:
        """What `act` would take off."""

    def act(self, balance: Balance) -> object: ...

    def agrees_with(self, other: Any) -> bool: ...


O = TypeVar("O", bound=Option)  # noqa: E741


def cheapest(options: Sequence[O], balance: Balance, *, most: int, effort: int | None = None) -> tuple[O, ...]:
    """The options, at most `most` and all agreeing, that take the most off; of equal sets the first one met.

    `effort` bounds the sets looked at; the best met by then is answered. Without it the answer is exact.
    """
    search = _Search(options, most, effort)
    search.try_greedy(balance)
    search.explore(balance, tuple(range(len(options))), (), 0)
    return tuple(options[place] for place in search.best)


class _Search(Generic[O]):
    def __init__(self, options: Sequence[O], most: int, effort: int | None) -> None:
        self.options, self.most, self.effort = options, most, effort
        self.best: tuple[int, ...] = ()
        self.saved = 0

    def explore(self, balance: Balance, open_places: tuple[int, ...], chosen: tuple[int, ...], saved: int) -> None:
        """Try to add to `chosen`, which has saved `saved`, options at `open_places`: those after it that agree."""
        if saved > self.saved:
            self.saved, self.best = saved, chosen
        more = self.most - len(chosen)
        if not more or not open_places:
            return
        worths = [self.options[place].worth(balance) for place in open_places]
        last_effect: Hashable = None
        for index, place in enumerate(open_places):
            if saved + sum(nlargest(more, worths[index:])) <= self.saved:
                return
            option, worth = self.options[place], worths[index]
            if not worth or (index and option.effect == last_effect):
                continue
            last_effect = option.effect
            if self.effort is not None:
                if not self.effort:
                    return
                self.effort -= 1
            after = balance.copy()
            option.act(after)
            still_open = tuple(each for each in open_places[index + 1 :] if option.agrees_with(self.options[each]))
            self.explore(after, still_open, (*chosen, place), saved + worth)

    def try_greedy(self, balance: Balance) -> None:
        """A good set to begin with: again and again the option that is worth most now."""
        chosen: list[int] = []
        left = set(range(len(self.options)))
        after = balance.copy()
        while left and len(chosen) < self.most:
            worth, place = max((self.options[place].worth(after), -place) for place in left)
            if not worth:
                break
            option = self.options[-place]
            option.act(after)
            chosen.append(-place)
            left = {each for each in left if each != -place and option.agrees_with(self.options[each])}
        self._judge(tuple(sorted(chosen)), balance.copy())

    def _judge(self, chosen: tuple[int, ...], balance: Balance) -> None:
        saved = 0
        for place in chosen:
            saved += self.options[place].worth(balance)
            self.options[place].act(balance)
        if saved > self.saved:
            self.saved, self.best = saved, chosen
