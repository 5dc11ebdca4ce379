"""Which unit prices a price is made without, so that it costs the least.

A unit price may keep an offer, a coupon or points from acting, or have them give less; or it stands where a lesser one
would leave them more, by keeping others off. Whoever does is written down as a hinderer, and one law
carries the search: to leave out none but unit prices that hinder nothing lowers the cost by no more than rounding. So
the least price is the one with all hinderers, or one without some of them, of which the same holds in turn. Where
rounding counts, or there was too much to search, single ones are left out and put back from the least that was met,
until nothing falls.
"""

from collections.abc import Set
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import combinations
from typing import Protocol

from promotions.pricing import coupons, offers
from promotions.pricing.model import Campaign
from promotions.pricing.purse import Cost
from promotions.pricing.workings import Limit, Workings

# How often a price is made by the search: enough to try seven campaigns that hinder in every way. Then how often with
# single ones left out or put back, for which a third of the effort is kept.
PRICINGS, MOVES = 128, 384
KEPT = 3
NONE: frozenset[Campaign] = frozenset()


class Work(Protocol):
    """Makes a price without some unit prices, left at that where it cannot fall below a limit; see `engine.work`."""

    def __call__(self, absent: Set[Campaign], limit: Limit | None = None, /) -> Workings: ...


@dataclass(order=True)
class _Node:
    """A price from which more may be left out: `at_least` is what it costs then, `kept` stays."""

    at_least: Cost
    absent: tuple[Campaign, ...]
    hinderers: Set[Campaign] = field(compare=False)
    kept: Set[Campaign] = field(compare=False)


def least(work: Work) -> tuple[Workings, bool]:
    """Of the prices that `work` makes without some unit prices the one that costs the least, and whether that is sure.

    Where too many prices would have to be made, or the effort is spent, it is the least met: no dearer than the one
    with all of them, nor than those without any set of mechanisms, nor, unless that is too much as well, than with one
    unit price more or less.
    """
    best = work(NONE)
    effort = best.setting.effort
    nodes = [each for each in _nodes(best, NONE) if each.at_least < best.cost]
    may_round = best.may_round or _takes_few_fen(best)
    if not (nodes or may_round):
        return best, not effort.was_short
    most_off = _most_off(best)
    best, is_exact = _searched(best, nodes, work, most_off)
    if may_round or not is_exact:
        best = _descended(best, work, most_off)
    return best, is_exact and not (may_round or effort.was_short)


def _searched(best: Workings, nodes: list[_Node], work: Work, most_off: int) -> tuple[Workings, bool]:
    """The least price that is found by leaving out hinderers, and whether all that could be less were tried."""
    left, effort = PRICINGS, best.setting.effort
    kept = effort.left // KEPT
    while nodes and nodes[0].at_least < best.cost:
        node = heappop(nodes)
        for campaign in sorted(node.hinderers):
            if not left or effort.left <= kept:
                return _without_mechanisms(best, work), False
            left -= 1
            other = work({*node.absent, campaign}, Limit(best.cost, most_off))
            best = _cheaper(best, other)
            for each in _nodes(other, node.kept):
                heappush(nodes, each)
            node.kept = node.kept | {campaign}
    return best, True


def _nodes(workings: Workings, kept: Set[Campaign]) -> list[_Node]:
    """The node of a price, where somebody that is not `kept` hinders."""
    hinderers = workings.hinderers - kept
    if not hinderers:
        return []
    at_least = workings.setting.purse.at_least(workings.before_points - workings.hope_fen)
    return [_Node(at_least, tuple(sorted(workings.absent)), hinderers, kept)]


def _descended(best: Workings, work: Work, most_off: int) -> Workings:
    """From `best` on single unit prices left out or put back, until none of that makes it less."""
    setting, left = best.setting, MOVES
    tried: set[frozenset[Campaign]] = {frozenset(best.absent)}
    moved = True
    while moved:
        moved = False
        for campaign in sorted(setting.met | best.absent):
            absent = frozenset(best.absent ^ {campaign})
            if absent in tried:
                continue
            if not left or setting.effort.left <= 0:
                return best
            left -= 1
            tried.add(absent)
            other = work(absent, Limit(best.cost, most_off))
            if other.cost < best.cost:
                best, moved = other, True
    return best


def _takes_few_fen(w: Workings) -> bool:
    """Whether a campaign takes off no more than others may lose by rounding."""
    amounts = w.taken()
    return any(0 < fen <= len(amounts) for fen in amounts)


def _most_off(w: Workings) -> int:
    """What offers and coupons take off at most, whatever unit prices act: each may gain a fen by rounding."""
    listed = w.setting.listed(freight=w.shown.freight)
    rounding = len(w.terms.spend_offers) + w.terms.limits.max_coupons
    return offers.most_off(w, listed) + coupons.most_off(w, listed) + rounding


def _without_mechanisms(best: Workings, work: Work) -> Workings:
    """The least of `best` and the prices without one or more whole mechanisms."""
    campaigns = best.setting.campaigns
    mechanisms = sorted({mechanism for mechanism, _id in campaigns})
    for count in range(1, len(mechanisms) + 1):
        for absent in combinations(mechanisms, count):
            best = _cheaper(best, work({each for each in campaigns if each[0] in absent}))
    return best


def _cheaper(one: Workings, other: Workings) -> Workings:
    return other if other.cost < one.cost else one
