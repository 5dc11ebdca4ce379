"""Which offers act, when coupons and points come after them: the set with which it costs the least in the end.

An offer may refuse a coupon, bring the goods below its threshold, or take what it would have taken off. So the offers
that take the most off are only where the search begins. It is exact by two laws: no set of offers takes off more than
those of each group that take off the most; and the coupons that act after offers take off no more than they would have
taken off before. Where so little is taken off that rounding counts, a fen is allowed for each that may act.

Where the effort is spent before that, it is not exact: then single offers are exchanged from the best set that was met
until nothing falls or that effort is spent as well. It never costs more than the offers met that take the most off, nor
than without offers.

Offers act the narrower before the wider, so that a set of them makes one price. Those that give goods, or freight that
nobody knows yet, are put into the set that was found where it costs no more with them.
"""

from collections.abc import Sequence

from promotions.pricing.balance import Balance
from promotions.pricing.cheapest import NOTHING_MORE, Ending, cheapest, together_at_most
from promotions.pricing.offers import Offer, gives_more, narrow_first
from promotions.pricing.purse import Cost
from promotions.pricing.tickets import Ticket, act_alike, tickets_on
from promotions.pricing.workings import UNKNOWN, Workings

# Of the effort that is left one price takes at most a sixth to look at sets of offers, the coupons after one set a
# fourth of that.
SETS, COUPONS = 6, 4
NO_LIMIT: Cost = (UNKNOWN, 0)
# An offer, and the most that it can be worth.
Open = tuple[Offer, int]


class Joint:
    """The search for the offers with which `w` costs the least. `groups` are offers that meet on lines, `best` those of
    each that take the most off, together `most_fen`, unless `is_exact` is False: then they are the best that were met.
    """

    def __init__(
        self,
        w: Workings,
        offers: Sequence[Offer],
        groups: Sequence[Sequence[Offer]],
        best: Sequence[Sequence[Offer]],
        *,
        is_exact: bool,
    ) -> None:
        self._w, self._purse, self._start, self._groups = w, w.purse, w.balance.copy(), groups
        self._givers = sorted([each for each in offers if gives_more(self._start, each)], key=narrow_first)
        self._is_simple = not (w.terms.coupons or w.purse.asked)
        self._group_of = {offer.terms.id: number for number, group in enumerate(groups) for offer in group}
        self._most_of_group = [_taken(self._start, each) for each in best]
        self._is_exact = is_exact
        self.most_fen = sum(self._most_of_group)
        self._payable = w.balance.payable
        # What rounding may lose: a fen for each that may act.
        self._few = len(self._group_of) + w.terms.limits.max_coupons
        self._may_round = False
        self._effort = w.setting.effort.part(SETS)
        self._cost = NO_LIMIT
        self._best: tuple[Offer, ...] = ()

    def best(self, first: Sequence[Offer]) -> tuple[Offer, ...]:
        """The offers that cost the least in the end; of equal sets `first`, which take off the most."""
        self._search(tuple(sorted(first, key=narrow_first)))
        givers = [each for each in self._givers if each not in self._best]
        if givers:
            cost = self._ending(self._acting(self._best)[1], NO_LIMIT)[0]
        for giver in givers:
            chosen, after = self._acting((*self._best, giver))
            if giver in chosen and (with_gifts := self._ending(after, NO_LIMIT)[0]) <= cost:
                self._best, cost = chosen, with_gifts
        return self._best

    def _search(self, first: tuple[Offer, ...]) -> None:
        self._best = first
        balance = self._start.copy()
        for offer in first:
            self._may_round |= offer.may_round(balance, self._few)
            offer.act(balance)
        if self._is_exact and self._is_simple and not self._may_round:
            return
        first_cost, _off = self._ending(balance, NO_LIMIT)
        more = self._few if self._may_round else 0
        tickets, most = tickets_on(self._w, self._start), self._w.terms.limits.max_coupons
        at_most = self.most_fen + together_at_most(tickets, self._start, most) + more
        if self._is_exact and self._purse.at_least(self._payable - at_most) >= first_cost:
            return
        cost, off = self._ending(self._start, NO_LIMIT)
        self._cost = first_cost
        self._judge((), cost)
        offers = sorted([offer for group in self._groups for offer in group], key=narrow_first)
        self._explore(self._start, [(each, each.worth(self._start)) for each in offers], (), off)
        if not (self._is_exact and self._effort.left > 0):
            self._effort = self._w.setting.effort.part(SETS)
            self._descend(offers, off)

    def _ending(self, balance: Balance, limit: Cost) -> tuple[Cost, int]:
        """What `balance` costs after coupons and points, and what coupons take off at most.

        Of a cost that does not fall below the `limit` only that much is told.
        """
        tickets = tickets_on(self._w, balance)
        most = self._w.terms.limits.max_coupons
        self._effort.spend(1 + len(tickets))
        if not tickets:
            return self._purse.cost(balance), 0
        alike = act_alike(tickets)
        bound = 0
        if limit is not NO_LIMIT or not alike:
            bound = together_at_most(tickets, balance, most)
            lower = self._purse.at_least(balance.payable - bound)
            if lower >= limit:
                return lower, bound
        after = self._after(tickets, balance, NOTHING_MORE)
        if alike:
            bound = balance.payable - after.payable
        cost = self._purse.cost(after)
        if self._purse.at_least(after.payable) < min(cost, limit):
            cost = self._purse.cost(self._after(tickets, balance, self._purse))
        return cost, bound

    def _after(self, tickets: Sequence[Ticket], balance: Balance, ending: Ending) -> Balance:
        """What is left when of these coupons those act with which it costs the least."""
        after, most = balance.copy(), self._w.terms.limits.max_coupons
        for ticket in cheapest(tickets, balance, most=most, effort=self._effort.part(COUPONS), ending=ending):
            self._may_round |= ticket.may_round(after, self._few)
            ticket.act(after)
        return after

    def _explore(self, balance: Balance, still_open: list[Open], chosen: tuple[Offer, ...], off: int) -> None:
        """Try to add to `chosen`: `still_open` are those after it, after `balance` coupons take off so much at most."""
        payable = balance.payable
        left = self.most_fen - (self._payable - payable)
        more = self._few if self._may_round else 0
        for index, (offer, bound) in enumerate(still_open):
            most = min(left, self._most_of(still_open[index:])) + off + more
            if self._effort.left <= 0 or self._purse.at_least(payable - most) >= self._cost:
                return
            if not bound:
                continue
            after = balance.copy()
            offer.act(after)
            cost, after_off = self._ending(after, self._cost)
            self._judge((*chosen, offer), cost)
            following = [
                (each, each.worth(after) if most and each.lines & offer.lines else most)
                for each, most in still_open[index + 1 :]
            ]
            self._effort.spend(2 + len(following))
            self._explore(after, following, (*chosen, offer), after_off)

    def _descend(self, offers: Sequence[Offer], off: int) -> None:
        """From the best set met single offers are left out, or take the place of those in their way, until nothing
        falls.
        """
        moved = True
        while moved:
            moved = False
            for offer in offers:
                if self._effort.left <= 0:
                    return
                others = [each for each in self._best if each is not offer]
                if len(others) == len(self._best):
                    others = [each for each in others if not each.is_in_the_way_of(offer)] + [offer]
                chosen, after = self._acting(others)
                self._effort.spend(len(others))
                if self._purse.at_least(after.payable - off) < self._cost:
                    before = self._cost
                    self._judge(chosen, self._ending(after, self._cost)[0])
                    moved |= self._cost < before

    def _acting(self, offers: Sequence[Offer]) -> tuple[tuple[Offer, ...], Balance]:
        """Those that give something, and what they leave."""
        after, acting = self._start.copy(), []
        for offer in sorted(offers, key=narrow_first):
            if offer.worth(after) or (offer in self._givers and gives_more(after, offer)):
                offer.act(after)
                acting.append(offer)
        return tuple(acting), after

    def _most_of(self, still_open: Sequence[Open]) -> int:
        by_group: dict[int, int] = {}
        for offer, bound in still_open:
            number = self._group_of[offer.terms.id]
            by_group[number] = by_group.get(number, 0) + bound
        return sum([min(bound, self._most_of_group[number]) for number, bound in by_group.items()])

    def _judge(self, chosen: tuple[Offer, ...], cost: Cost) -> None:
        if cost < self._cost:
            self._cost, self._best = cost, chosen


def _taken(balance: Balance, offers: Sequence[Offer]) -> int:
    """What the offers take off of it."""
    if len(offers) == 1:
        return offers[0].worth(balance)
    after = balance.copy()
    for offer in sorted(offers, key=narrow_first):
        offer.act(after)
    return balance.payable - after.payable
