"""A draft beside the live rules on past orders: what both would have given, with limits filling up as they did."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from points.rules.counting import NOTHING, CounterKey, Used
from points.rules.earners import earners_at
from points.rules.engine import Evaluation, RuleSet, evaluate
from points.rules.events import Earner, EarningEvent
from points.rules.trace import Code


@dataclass
class Side:
    """One of the two sets of rules. `by_rule` counts points, `hits` orders that a limit cut, by rule id."""

    rules: RuleSet
    counters: dict[CounterKey, Used] = field(default_factory=dict)
    points: int = 0
    by_rule: Counter[int] = field(default_factory=Counter)
    hits: Counter[int] = field(default_factory=Counter)
    withheld: Counter[int] = field(default_factory=Counter)

    def take(self, event: EarningEvent, earner: Earner) -> int:
        found = evaluate(event, earner, self.rules, self.counters)
        for key, used in found.uses.items():
            self.counters[key] = self.counters.get(key, NOTHING).plus(used)
        self.points += found.points
        self._note(found)
        return found.points

    def _note(self, found: Evaluation) -> None:
        for step in found.steps:
            if step.gave:
                self.by_rule[step.rule_id] += step.points
            if "limits" in step.data or step.code == Code.LIMIT_REACHED:
                self.hits[step.rule_id] += 1
                self.withheld[step.rule_id] += step.data["wanted"] - step.points


@dataclass
class Simulation:
    """Feed it orders by the time of their payment; counters start empty."""

    live: Side
    draft: Side
    orders: int = 0
    changed_orders: int = 0
    worth_fen: int = 0
    by_member: Counter[int] = field(default_factory=Counter)

    def add(self, events: Sequence[EarningEvent]) -> None:
        """Everybody at the tier that they held then. A constant number of queries for each batch."""
        asked = [(event.member_id, event.at) for event in events]
        # Whichever of the two asks for segments.
        both = RuleSet(0, (*self.live.rules.rules, *self.draft.rules.rules))
        for event, earner in zip(events, earners_at(asked, rules=both), strict=True):
            more = self.draft.take(event, earner) - self.live.take(event, earner)
            self.orders += 1
            self.worth_fen += event.worth_fen
            self.changed_orders += more != 0
            self.by_member[event.member_id] += more
