"""Which campaigns a price is made without, and with which offers, so that it is the least.

A campaign that acts may keep a later one from acting, or have it give less. Whoever does is written down as a hinderer,
and one law carries the search: to leave out none but campaigns that hinder nothing lowers the price by no more than
rounding. So the least price is the one with all hinderers, or one without some of them, of which the same holds in
turn. From the least that is met so, single campaigns are left out and put back until nothing falls: that finds the fen
that rounding makes, offers that take off less and leave more to coupons, and much of what was too much to search.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import combinations
from typing import Protocol

from promotions.pricing import coupons, spend_offers
from promotions.pricing.model import Campaign, Mechanism
from promotions.pricing.purse import Cost
from promotions.pricing.workings import Limit, Workings

# How often a price is made by the search: enough to try seven campaigns that hinder in every way. Then how often with
# single ones left out or put back.
PRICINGS, MOVES = 128, 384
# What either may cost: the lines that promotions cover are looked at for each price.
LOOKS = 60_000
# Of so few offers that do not agree every set is tried; of more the stage chooses, unless the search was too much.
FEW = 4
NONE: frozenset[Campaign] = frozenset()
Choice = tuple[Set[Campaign], Set[Campaign] | None]


class Work(Protocol):
    """Makes a price without some campaigns, left at that where it cannot be less than a limit; see `engine.work`."""

    def __call__(
        self, absent: Set[Campaign], limit: Limit | None = None, acting: Set[Campaign] | None = None, /
    ) -> Workings: ...


@dataclass(order=True)
class _Node:
    """A price from which more may be left out: `at_least` is what it costs then, `kept` stays."""

    at_least: Cost
    absent: tuple[Campaign, ...]
    hinderers: Set[Campaign] = field(compare=False)
    kept: Set[Campaign] = field(compare=False)


def least(work: Work) -> Workings:
    """Of the prices that `work` makes without some campaigns the one that costs the least.

    Where too many prices would have to be made, or the effort for coupons is spent, it is the least met: no dearer than
    without any set of mechanisms, nor, unless that is too much as well, with one campaign more or less.
    """
    best = work(NONE)
    nodes = [each for each in _nodes(best, NONE) if each.at_least < best.cost]
    may_round = best.squeezed or _takes_few_fen(best)
    if not (nodes or may_round):
        return best
    most_off = _most_off(best)
    best, is_exact = _searched(best, nodes, work, most_off)
    if may_round or not is_exact or len(best.setting.rivals) <= FEW:
        best = _descended(best, work, most_off)
    return best


def _searched(best: Workings, nodes: list[_Node], work: Work, most_off: int) -> tuple[Workings, bool]:
    """The least price that is found by leaving out hinderers, and whether all that could be less were tried."""
    left = min(PRICINGS, LOOKS // best.setting.looks)
    while nodes and nodes[0].at_least < best.cost:
        node = heappop(nodes)
        for campaign in sorted(node.hinderers):
            if not (left and best.setting.effort.left):
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
    """From `best` on single campaigns left out or put back, until none of that makes it less."""
    setting, left = best.setting, min(MOVES, LOOKS // best.setting.looks)
    tried: set[tuple[frozenset[Campaign], frozenset[Campaign] | None]] = set()
    moved = True
    while moved:
        moved = False
        for campaign in (None, *sorted(setting.met | setting.rivals | best.absent)):
            moves = _sets_of_rivals(best) if campaign is None else _moves(best, campaign)
            for absent, acting in list(moves):
                choice = frozenset(absent), None if acting is None else frozenset(acting)
                if choice in tried:
                    continue
                if not left:
                    return best
                left -= 1
                tried.add(choice)
                other = work(absent, Limit(best.cost, most_off), acting)
                if other.cost < best.cost:
                    best, moved = other, True
    return best


def _sets_of_rivals(best: Workings) -> Iterator[Choice]:
    """Every set of the offers that do not agree, if they are few."""
    rivals = best.setting.rivals
    if 0 < len(rivals) <= FEW:
        others = {offer.terms.campaign for offer in best.offers} - rivals
        for count in range(len(rivals) + 1):
            for acting in combinations(sorted(rivals), count):
                yield best.absent - set(acting), others | set(acting)


def _moves(best: Workings, campaign: Campaign) -> Iterator[Choice]:
    """What may be absent and which offers act, if it is otherwise with this campaign."""
    acting = {offer.terms.campaign for offer in best.offers}
    absent = set(best.absent)
    if campaign[0] != Mechanism.SPEND_OFFER:
        yield absent ^ {campaign}, None
        yield absent ^ {campaign}, acting
    elif campaign in acting:
        yield absent | {campaign}, None
        yield absent | {campaign}, acting - {campaign}
    else:
        yield absent - {campaign}, None
        yield absent - {campaign}, acting | {campaign}
        yield absent - {campaign}, (acting - spend_offers.in_the_way(best, campaign)) | {campaign}


def _takes_few_fen(w: Workings) -> bool:
    """Whether a campaign takes off no more than others may lose by rounding."""
    amounts = w.taken()
    return any(0 < fen <= len(amounts) for fen in amounts)


def _most_off(w: Workings) -> int:
    """What offers and coupons take off at most, whatever unit prices act: each may gain a fen by rounding."""
    listed = w.setting.listed(freight=w.shown.freight)
    rounding = len(w.terms.spend_offers) + w.terms.limits.max_coupons
    return spend_offers.most_off(w, listed) + coupons.most_off(w, listed) + rounding


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
