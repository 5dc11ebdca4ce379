"""Coupons on the lines of a cart where they may act."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from promotions.pricing.balance import Balance, Party, Places
from promotions.pricing.model import WHOLE_BP, CouponKind, CouponTerms
from promotions.pricing.workings import Setting, Workings

_RANK = {kind: rank for rank, kind in enumerate(CouponKind)}
_NO_CAP = 2**62
# What these take off is shared by the lines that they cover.
_SHARED = (CouponKind.PERCENT, CouponKind.AMOUNT)


class Ticket:
    """A coupon on the lines where it may act."""

    def __init__(self, terms: CouponTerms, places: Places, quantities: Sequence[int], party: Party) -> None:
        self.terms, self.places, self.party = terms, places, party
        self._quantities = quantities
        self.effect = (
            _RANK[terms.kind],
            len(places),
            terms.off_bp,
            terms.off_fen,
            _capped(terms),
            terms.units,
            terms.pay_fen,
            places,
            tuple(sorted(terms.refuses)),
        )

    @cached_property
    def lines(self) -> int:
        return sum([1 << place for place in self.places])

    @property
    def units(self) -> int:
        return sum([self._quantities[place] for place in self.places])

    def is_reached(self, base_fen: int) -> bool:
        """Whether it may be used where the goods that it acts on come to so much."""
        terms = self.terms
        if not self.places or base_fen < terms.threshold_fen:
            return False
        return not terms.threshold_count or self.units >= terms.threshold_count

    @property
    def kin(self) -> Party:
        return self.party

    def agrees_with(self, other: "Ticket") -> bool:
        return self.party.agrees_with(other.party)

    def leaves_nothing(self, other: "Ticket") -> bool:
        return not self.agrees_with(other)

    def worth(self, balance: Balance) -> int:
        terms = self.terms
        if terms.kind == CouponKind.SHIPPING:
            return min(balance.freight or 0, _capped(terms))
        if terms.kind == CouponKind.EXCHANGE:
            return max(self._exchange(balance)[0], 0)
        return min(self._wanted(balance), balance.room(self.places))

    def may_round(self, balance: Balance, few: int) -> bool:
        """Whether it takes off few fen, or has so little room, that it matters how others are rounded."""
        is_squeezed = self.terms.kind in _SHARED and self._wanted(balance) > balance.room(self.places)
        return is_squeezed or 0 < self.worth(balance) <= few

    def _wanted(self, balance: Balance) -> int:
        terms = self.terms
        if terms.kind == CouponKind.AMOUNT:
            return terms.off_fen
        return min(balance.base(self.places) * terms.off_bp // WHOLE_BP, _capped(terms))

    def act(self, balance: Balance) -> list[tuple[int, int]]:
        """Returns each line's share; what a shipping coupon pays comes off freight."""
        off = self.worth(balance)
        if self.terms.kind == CouponKind.SHIPPING:
            balance.take_freight(off)
            balance.take(0, self.places, self.party)
            return []
        places = self.places
        if self.terms.kind == CouponKind.EXCHANGE:
            places = (self._exchange(balance)[1],)
        return list(zip(places, balance.take(off, places, self.party), strict=True))

    @cached_property
    def _parts(self) -> list[tuple[int, int, int, int]]:
        """Of each line its place and units, how many of them the coupon pays, and what is to be paid for those."""
        units, pay_fen = self.terms.units, self.terms.pay_fen
        quantities = [(place, self._quantities[place]) for place in self.places]
        return [(place, count, min(units, count), pay_fen * min(units, count)) for place, count in quantities]

    def _exchange(self, balance: Balance) -> tuple[int, int]:
        """What the coupon pays, and of which line: the earliest of the dearest."""
        net, least, most = balance.net, balance.least, min(_capped(self.terms), balance.order_room)
        best, at = -1, 0
        for place, count, units, pay_fen in self._parts:
            to_pay = net[place]
            off = max(0, min(to_pay * units // count - pay_fen, to_pay - least[place], most))
            if off > best:
                best, at = off, place
        return best, at


def ticket_on(w: Workings, balance: Balance, terms: CouponTerms) -> Ticket:
    """The coupon on the lines where it agrees with whoever has acted."""
    return _ticket(w.setting, balance, terms, w.etiquette.party(terms.mechanism, terms.refuses), w.places(terms))


def tickets_on(w: Workings, balance: Balance) -> list[Ticket]:
    """The coupons that the buyer wants and that may be used on this balance, in the order in which they would act."""
    found = [_ticket(w.setting, balance, *each) for each in w.setting.wanted]
    return sorted([each for each in found if each.is_reached(balance.base(each.places))], key=acting_order)


def _ticket(setting: Setting, balance: Balance, terms: CouponTerms, party: Party, covered: Places) -> Ticket:
    places, known = balance.open_places(party, covered), setting.tickets
    found = known.get((terms.id, places))
    if found is None:
        found = known[terms.id, places] = Ticket(terms, places, setting.quantities, party)
    return found


def act_alike(tickets: Sequence[Ticket]) -> bool:
    """Whether they take off no more when others have acted before them: neither is another line the dearest then, which
    an exchange pays, nor another share the narrower, which acts first.
    """
    kinds = [each.terms.kind for each in tickets]
    return CouponKind.EXCHANGE not in kinds and kinds.count(CouponKind.PERCENT) < 2


def acting_order(each: Ticket) -> tuple[Any, ...]:
    return each.effect, each.terms.id


def _capped(terms: CouponTerms) -> int:
    return _NO_CAP if terms.cap_fen is None else terms.cap_fen
