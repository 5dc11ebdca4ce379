"""How many points an event earns, and why: pure, so that grants, quotes, previews and backtests agree.

Rules that give points act first, each on what was paid for the goods it is about; the multiplier of the tier and
the multiplying rules add their share of that, never of each other's. Each contribution is cut off to whole points and
then to the rule's limits, and is a step of the trace; so is every rule that gave nothing, with its reason.

What is given is told apart by line, so that goods that come back take along what they have earned, and no more.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any, NamedTuple

from points.rules.counting import CounterKey, Used, hits, key_for, room
from points.rules.events import Earner, EarningEvent, EarningLine
from points.rules.screening import Calendar, matching, objection
from points.rules.spec import (
    WHOLE_BP,
    ByStreak,
    ByTier,
    Combine,
    Fixed,
    Multiplier,
    PerAmount,
    RuleSpec,
)
from points.rules.trace import Code, Step
from shop.core.money import spread


@dataclass(frozen=True)
class LiveRule:
    """A version of a rule; version 0 is a draft."""

    rule_id: int
    version_id: int
    name: str
    spec: RuleSpec


@dataclass(frozen=True)
class RuleSet:
    """The rules that hold together, and what their conditions look up. Rules stand in the order of `by_priority`.

    A `visitor` is somebody of whom nothing is known, who earns like a member without growth.
    """

    version: int
    rules: tuple[LiveRule, ...]
    calendar: Calendar = Calendar()
    category_paths: Mapping[int, str] = field(default_factory=dict)
    visitor: Earner = Earner(None, "", WHOLE_BP)

    def with_draft(self, draft: LiveRule) -> "RuleSet":
        """The set as it would be with this rule published."""
        others = [rule for rule in self.rules if rule.rule_id != draft.rule_id]
        return replace(self, rules=by_priority([*others, draft]))

    def without(self, rule_id: int) -> "RuleSet":
        return replace(self, rules=tuple(rule for rule in self.rules if rule.rule_id != rule_id))


@dataclass(frozen=True)
class Part:
    """Points that expire together, by line of the event, and the rule that gave most of them."""

    expiry_policy_id: int | None
    by_line: tuple[int, ...]
    version_id: int

    @property
    def points(self) -> int:
        return sum(self.by_line)


@dataclass(frozen=True)
class Evaluation:
    """`uses` is what to add to the counters of limited rules."""

    points: int
    steps: tuple[Step, ...]
    parts: tuple[Part, ...]
    uses: Mapping[CounterKey, Used]


class Place(NamedTuple):
    """A line of the event; `own` where it earns for itself, else its share of what the event earns as a whole."""

    line: int
    own: bool


@dataclass(frozen=True)
class Shares:
    """What is earned where, in parts of a point; `whole` parts are a point."""

    parts: Mapping[Place, int]
    whole: int = 1

    @cached_property
    def total(self) -> Fraction:
        return Fraction(sum(self.parts.values()), self.whole)

    def times(self, factor: Fraction) -> "Shares":
        scaled = {place: part * factor.numerator for place, part in self.parts.items()}
        return Shares(scaled, self.whole * factor.denominator)

    def of(self, lines: Container[int]) -> "Shares":
        """What these lines earn for themselves."""
        chosen = {place: part for place, part in self.parts.items() if place.own and place.line in lines}
        return Shares(chosen, self.whole)

    def by_line(self, lines: int) -> list[int]:
        found = [0] * lines
        for place, part in self.parts.items():
            found[place.line] += part
        return found


@dataclass(frozen=True)
class _Offer:
    """What a rule would give: `exact` before, `points` after cutting off and limits."""

    rule: LiveRule
    code: Code
    exact: Fraction
    points: int
    data: Mapping[str, Any]
    shares: Shares
    limited: bool = False

    def step(self) -> Step:
        return _step(self.rule, self.code, self.points, **self.data)


def by_priority(rules: Sequence[LiveRule]) -> tuple[LiveRule, ...]:
    """Higher first; among equals the older rule. A rule that was never saved counts as the newest."""
    return tuple(sorted(rules, key=lambda rule: (-rule.spec.priority, rule.rule_id or 2**63)))


def bounded(event: EarningEvent, earner: Earner, rules: RuleSet) -> list[LiveRule]:
    """The rules with limits whose conditions hold: those that need counters."""
    limited = (rule for rule in _of_kind(event, rules) if rule.spec.limits)
    return [rule for rule in limited if _objection(rule, event, earner, rules) is None]


def counter_keys(event: EarningEvent, rules: Sequence[LiveRule]) -> list[CounterKey]:
    """The counters that the limits of these rules look at, in the order in which everybody locks them."""
    keys = (key_for(rule.rule_id, limit, event) for rule in rules for limit in rule.spec.limits)
    return sorted({key for key in keys if key}, key=lambda key: (key.rule_id, key.member_id or 0, key.period))


def evaluate(event: EarningEvent, earner: Earner, rules: RuleSet, counters: Mapping[CounterKey, Used]) -> Evaluation:
    """The same answer for the same arguments, at any time and in any process."""
    decided = _decide(event, earner, rules, counters)
    return Evaluation(
        points=decided.points,
        steps=(*(offer.step() for offer in decided.accepted), *decided.refused),
        parts=_parts(decided.accepted, len(event.net_fen)),
        uses=_uses(decided.counted, event),
    )


def worth(event: EarningEvent, earner: Earner, rules: RuleSet, counters: Mapping[CounterKey, Used]) -> int:
    """The points of the evaluation, for who does not ask where they come from."""
    return _decide(event, earner, rules, counters).points


class _Decision(NamedTuple):
    """What is given: `counted` by rules, the others by the tier; and why the other rules gave nothing."""

    counted: list[_Offer]
    accepted: list[_Offer]
    refused: list[Step]

    @property
    def points(self) -> int:
        return sum(offer.points for offer in self.accepted)


def _decide(event: EarningEvent, earner: Earner, rules: RuleSet, counters: Mapping[CounterKey, Used]) -> _Decision:
    able, steps = list[LiveRule](), list[Step]()
    for rule in _of_kind(event, rules):
        refused = _objection(rule, event, earner, rules)
        if refused:
            steps.append(_step(rule, refused[0], **refused[1]))
        else:
            able.append(rule)

    multiplying = [rule for rule in able if rule.spec.multiplies]

    def offers(chosen: Sequence[LiveRule], base: Shares) -> list[_Offer]:
        return [_offer(rule, event, earner, rules, base, counters) for rule in chosen]

    given, refused_steps = _choose(offers([rule for rule in able if not rule.spec.multiplies], Shares({})))
    tier = [offer for each in given if (offer := _tier_offer(each, earner)) is not None]
    multiplied, more_refused = _choose(offers(multiplying, _sum_of_shares(given)) if multiplying else [])
    return _Decision(
        counted=[*given, *multiplied],
        accepted=[*given, *tier, *multiplied],
        refused=[*refused_steps, *more_refused, *steps],
    )


def _of_kind(event: EarningEvent, rules: RuleSet) -> Iterator[LiveRule]:
    return (rule for rule in rules.rules if rule.spec.event == event.kind)


def _objection(
    rule: LiveRule, event: EarningEvent, earner: Earner, rules: RuleSet
) -> tuple[Code, Mapping[str, Any]] | None:
    return objection(rule.spec, event, earner, rules.calendar, rules.category_paths)


def _offer(
    rule: LiveRule,
    event: EarningEvent,
    earner: Earner,
    rules: RuleSet,
    base: Shares,
    counters: Mapping[CounterKey, Used],
) -> _Offer:
    lines = list(enumerate(event.lines))
    if rule.spec.goods:
        lines = [(i, line) for i, line in lines if matching(rule.spec, line, rules.category_paths)]
    code, shares, data = _act(rule.spec, lines, event, earner, base)
    exact = shares.total
    whole = int(exact)
    points = min(whole, room(rule.rule_id, rule.spec.limits, event, counters, wanted=whole))
    if points < whole:
        shares = shares.times(Fraction(points) / exact)
        data = {**data, "wanted": whole, "limits": hits(rule.rule_id, rule.spec.limits, event, counters, wanted=whole)}
    return _Offer(rule, code, exact, points, data, shares, limited=points < whole)


def _act(
    spec: RuleSpec, lines: Sequence[tuple[int, EarningLine]], event: EarningEvent, earner: Earner, base: Shares
) -> tuple[Code, Shares, Mapping[str, Any]]:
    """What the rule says, by line, without regard to limits."""
    match spec.effect:
        case Fixed(points=points):
            return Code.FIXED, _as_a_whole(points, lines, event), {}
        case PerAmount(points=points, per_fen=per_fen):
            shares = Shares({Place(i, True): line.net_fen * points for i, line in lines}, per_fen)
            fen = sum(line.net_fen for _, line in lines)
            return Code.PER_AMOUNT, shares, {"fen": fen, "rate": points, "per_fen": per_fen}
        case ByStreak() as table:
            points = table.points_for(event.streak)
            return Code.BY_STREAK, _as_a_whole(points, lines, event), {"streak": event.streak}
        case ByTier(points=table_of_tiers):
            points = dict(table_of_tiers).get(earner.tier_code, 0)
            return Code.BY_TIER, _as_a_whole(points, lines, event), {"tier": earner.tier_code}
        case Multiplier(bp=bp):
            acted_on = base if not spec.goods else base.of({i for i, _ in lines})
            shares = acted_on.times(Fraction(bp - WHOLE_BP, WHOLE_BP))
            return Code.MULTIPLIER, shares, {"bp": bp, "base": int(acted_on.total)}


def _as_a_whole(points: int, lines: Sequence[tuple[int, EarningLine]], event: EarningEvent) -> Shares:
    """Shared by what is paid for the goods that the rule is about: who returns them returns the points.

    Where nothing is paid for those, all goods have their share.
    """
    paid = {i: line.net_fen for i, line in lines if line.net_fen} or dict(enumerate(event.net_fen))
    whole = sum(paid.values())
    if not whole:
        return Shares({Place(0, own=False): points})
    return Shares({Place(i, own=False): points * fen for i, fen in paid.items()}, whole)


def _tier_offer(given: _Offer, earner: Earner) -> _Offer | None:
    more = earner.multiplier_bp - WHOLE_BP
    if not given.rule.spec.tier_multiplier or not more:
        return None
    base = given.shares.total
    exact = base * Fraction(more, WHOLE_BP)
    # Rounded down as a whole, so that a tier that earns less never costs a part of a point more than it should.
    points = int((base + exact) // 1) - int(base // 1) if more < 0 else int(exact)
    data = {"tier": earner.tier_code, "bp": earner.multiplier_bp, "base": int(base)}
    return _Offer(given.rule, Code.TIER, exact, points, data, given.shares.times(Fraction(more, WHOLE_BP)))


def _choose(offers: Sequence[_Offer]) -> tuple[list[_Offer], list[Step]]:
    """Who acts of those who would, by groups; the others with the reason. Offers come by priority."""
    accepted, refused = list[_Offer](), list[Step]()
    willing = [offer for offer in offers if offer.points > 0]
    refused += [_step(offer.rule, _why_nothing(offer), **offer.data) for offer in offers if offer.points <= 0]
    alone = next((offer for offer in willing if offer.rule.spec.combine == Combine.EXCLUSIVE), None)
    for offer in willing:
        winner = alone or _winner(offer, willing)
        if winner is offer:
            accepted.append(offer)
        else:
            refused.append(_step(offer.rule, _BEATEN[winner.rule.spec.combine], winner=winner.rule.name))
    return accepted, refused


_BEATEN = {
    Combine.EXCLUSIVE: Code.EXCLUDED,
    Combine.BEST: Code.NOT_BEST,
    Combine.FIRST: Code.NOT_FIRST,
}


def _winner(offer: _Offer, willing: Sequence[_Offer]) -> _Offer:
    spec = offer.rule.spec
    if not spec.group or spec.combine not in (Combine.BEST, Combine.FIRST):
        return offer
    rivals = [each for each in willing if each.rule.spec.group == spec.group]
    # `max` keeps the first of equals, which has the higher priority.
    return max(rivals, key=lambda each: each.points) if spec.combine == Combine.BEST else rivals[0]


def _why_nothing(offer: _Offer) -> Code:
    if offer.limited:
        return Code.LIMIT_REACHED
    return Code.NOTHING_TO_MULTIPLY if offer.code == Code.MULTIPLIER and not offer.exact else Code.TOO_LITTLE


def _sum_of_shares(offers: Sequence[_Offer]) -> Shares:
    whole = lcm(*(offer.shares.whole for offer in offers))
    total: dict[Place, int] = {}
    for shares in (offer.shares for offer in offers):
        for place, part in shares.parts.items():
            total[place] = total.get(place, 0) + part * (whole // shares.whole)
    return Shares(total, whole)


def _parts(accepted: Sequence[_Offer], lines: int) -> tuple[Part, ...]:
    by_policy: dict[int | None, list[_Offer]] = {}
    for offer in accepted:
        by_policy.setdefault(offer.rule.spec.expiry_policy_id, []).append(offer)
    given = ((policy, offers, sum(offer.points for offer in offers)) for policy, offers in by_policy.items())
    return tuple(
        Part(
            policy,
            by_line=tuple(spread(points, _sum_of_shares(offers).by_line(lines))),
            version_id=max(offers, key=lambda offer: offer.points).rule.version_id,
        )
        for policy, offers, points in given
        if points > 0
    )


def _uses(offers: Sequence[_Offer], event: EarningEvent) -> dict[CounterKey, Used]:
    return {
        key: Used(offer.points, 1)
        for offer in offers
        for limit in offer.rule.spec.limits
        if (key := key_for(offer.rule.rule_id, limit, event)) is not None
    }


def _step(rule: LiveRule, code: Code, points: int = 0, **data: Any) -> Step:
    return Step(rule.rule_id, rule.version_id, rule.name, code, points, data)
