"""Which campaigns a price is made without, so that it is the least.

A campaign that acts may keep a later one from acting, or have it give less. Whoever does is written down as a hinderer,
and one law carries the search: to leave out none but campaigns that hinder nothing never lowers the price. So the least
price is the one with all hinderers, or one without some of them, of which the same holds in turn.
"""

from collections.abc import Callable, Set
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import combinations

from promotions.pricing import coupons, spend_offers
from promotions.pricing.model import Campaign
from promotions.pricing.workings import UNKNOWN, Workings

# How often a price is made: enough to try seven campaigns that hinder in every way.
PRICINGS = 128
NONE: frozenset[Campaign] = frozenset()
# Makes a price without some campaigns, unless unit prices leave so much to pay.
Work = Callable[[Set[Campaign], int], Workings]


@dataclass(order=True)
class _Node:
    """A price from which more may be left out: `at_least` is what is to be paid then, `kept` stays."""

    at_least: int
    absent: tuple[Campaign, ...]
    hinderers: Set[Campaign] = field(compare=False)
    kept: Set[Campaign] = field(compare=False)


def least(work: Work) -> Workings:
    """Of the prices that `work` makes without some campaigns the least before points.

    Exact, unless more than `PRICINGS` would have to be made or the effort for coupons is spent: then the least met, no
    dearer than the least that is met without any set of mechanisms.
    """
    best = work(NONE, UNKNOWN)
    nodes, left = _nodes(best, NONE), PRICINGS
    most_off = _most_off(best) if nodes else 0
    while nodes and nodes[0].at_least < best.before_points:
        node = heappop(nodes)
        for campaign in sorted(node.hinderers):
            if not (left and best.setting.effort.left):
                return _without_mechanisms(best, work)
            left -= 1
            other = work({*node.absent, campaign}, best.before_points + most_off)
            best = _cheaper(best, other)
            for each in _nodes(other, node.kept):
                heappush(nodes, each)
            node.kept = node.kept | {campaign}
    return best


def _nodes(workings: Workings, kept: Set[Campaign]) -> list[_Node]:
    """The node of a price, where somebody that is not `kept` hinders."""
    hinderers = workings.hinderers - kept
    if not hinderers:
        return []
    at_least = workings.before_points - workings.hope_fen
    return [_Node(at_least, tuple(sorted(workings.absent)), hinderers, kept)]


def _most_off(w: Workings) -> int:
    """What offers and coupons take off at most, whatever unit prices act."""
    listed = w.setting.listed(freight=w.shown.freight)
    return spend_offers.most_off(w, listed) + coupons.most_off(w, listed)


def _without_mechanisms(best: Workings, work: Work) -> Workings:
    """The least of `best` and the prices without one or more whole mechanisms."""
    campaigns = best.setting.campaigns
    mechanisms = sorted({mechanism for mechanism, _id in campaigns})
    for count in range(1, len(mechanisms) + 1):
        for absent in combinations(mechanisms, count):
            best = _cheaper(best, work({each for each in campaigns if each[0] in absent}, UNKNOWN))
    return best


def _cheaper(one: Workings, other: Workings) -> Workings:
    return other if other.before_points < one.before_points else one
