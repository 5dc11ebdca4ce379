"""The third stage: of the coupons named, or of all that the buyer holds, those that together take off the most.

All coupons measure their threshold on what earlier stages left, whichever of them act; then they act one after the
other on the current net, exchanges first, then shares, then amounts, then freight; of a kind the narrower first, so
that it leaves the wider what it has no room for.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from heapq import nlargest
from typing import Any

from django.utils.translation import gettext as _

from promotions.pricing.answers import CouponOption
from promotions.pricing.balance import Balance, Party, Places
from promotions.pricing.cheapest import cheapest
from promotions.pricing.model import WHOLE_BP, CouponKind, CouponTerms, Refusal
from promotions.pricing.purse import Purse
from promotions.pricing.workings import Workings
from shop.core.money import yuan

KIND = "coupon"
_RANK = {kind: rank for rank, kind in enumerate(CouponKind)}
_NO_CAP = 2**62
# What these take off is shared by the lines that they cover.
_SHARED = (CouponKind.PERCENT, CouponKind.AMOUNT)


class Ticket:
    """A coupon on the lines where it may act."""

    def __init__(self, terms: CouponTerms, places: Places, quantities: Sequence[int], party: Party) -> None:
        self.terms, self.places, self.party = terms, places, party
        self._quantities = quantities

    @cached_property
    def lines(self) -> int:
        return sum(1 << place for place in self.places)

    @property
    def units(self) -> int:
        return sum(self._quantities[place] for place in self.places)

    @cached_property
    def effect(self) -> tuple[Any, ...]:
        terms = self.terms
        return (
            _RANK[terms.kind],
            len(self.places),
            terms.off_bp,
            terms.off_fen,
            _capped(terms),
            terms.units,
            terms.pay_fen,
            self.places,
            tuple(sorted(terms.refuses)),
        )

    def agrees_with(self, other: "Ticket") -> bool:
        return self.party.agrees_with(other.party)

    def leaves_nothing(self, other: "Ticket") -> bool:
        return not self.agrees_with(other)

    def worth(self, balance: Balance) -> int:
        terms = self.terms
        if terms.kind == CouponKind.SHIPPING:
            return min(balance.freight or 0, _capped(terms))
        if terms.kind == CouponKind.EXCHANGE:
            return max(self._exchanges(balance), default=(0, 0))[0]
        return min(self._wanted(balance), balance.room(self.places))

    def is_squeezed(self, balance: Balance) -> bool:
        """Whether it would take off more than there is room for."""
        return self.terms.kind in _SHARED and self._wanted(balance) > balance.room(self.places)

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
            places = (-max(self._exchanges(balance))[1],)
        return list(zip(places, balance.take(off, places, self.party), strict=True))

    def _exchanges(self, balance: Balance) -> list[tuple[int, int]]:
        """What the coupon would pay of each line, with the negated place: the earliest of the dearest lines wins."""
        found = []
        for place in self.places:
            units = min(self.terms.units, self._quantities[place])
            price = balance.net[place] * units // self._quantities[place] - self.terms.pay_fen * units
            found.append((max(0, min(price, _capped(self.terms), balance.room((place,)))), -place))
        return found


def coupons(w: Workings) -> None:
    asked = w.cart.coupon_ids
    held = {terms.id: terms for terms in sorted(w.terms.coupons, key=lambda terms: terms.id)}
    refusals: dict[int, Refusal] = {}
    tickets = usable_tickets(w, held, refusals)
    candidates = tickets if asked == "best" else [ticket for ticket in tickets if ticket.terms.id in asked]
    _note_exchanges(w, candidates)
    purse = w.purse
    chosen = cheapest(candidates, w.balance, most=w.terms.limits.max_coupons, effort=w.setting.effort, ending=purse)
    w.options = [
        CouponOption(ticket.terms.id, ticket.terms.label, ticket.worth(w.balance), refusals.get(ticket.terms.id))
        for ticket in tickets
    ]
    w.options += [
        CouponOption(each, held[each].label, 0, refusal) for each, refusal in refusals.items() if each in held
    ]
    if asked != "best":
        chosen = _with_freight_unknown(w, chosen, candidates, purse)
    before = w.balance.payable
    for ticket in chosen:
        _apply(w, ticket)
    if asked != "best":
        _reject(w, asked, held, {t.terms.id: t for t in candidates}, chosen, refusals)
    if w.acting is None and (w.rivals or w.hinderers):
        more = most_off(w, w.shown) - (before - w.balance.payable)
        w.hope_fen += more
        if more:
            # It matters which of the offers that do not agree have acted, and where.
            w.hinderers |= w.rivals


def most_off(w: Workings, balance: Balance) -> int:
    """What coupons would take off at most if nobody had acted on this balance, and nothing hindered them."""
    most, tickets = w.terms.limits.max_coupons, []
    for terms in w.terms.coupons:
        ticket = Ticket(terms, w.places(terms), w.setting.quantities, w.etiquette.party(terms.mechanism, terms.refuses))
        if (
            (w.cart.coupon_ids == "best" or terms.id in w.cart.coupon_ids)
            and terms.refusal is None
            and w.setting.listed_fen(ticket.places) >= terms.threshold_fen
            and ticket.units >= terms.threshold_count
        ):
            tickets.append(ticket)
    if any(ticket.terms.kind == CouponKind.EXCHANGE for ticket in tickets):
        return sum(nlargest(most, [ticket.worth(balance) for ticket in tickets]))
    after = balance.copy()
    tickets.sort(key=lambda ticket: ticket.effect)
    for ticket in cheapest(tickets, after, most=most, effort=w.setting.effort):
        ticket.act(after)
    return balance.payable - after.payable


def usable_tickets(w: Workings, held: Mapping[int, CouponTerms], refusals: dict[int, Refusal]) -> list[Ticket]:
    """The coupons that may act on this cart, in the order in which they would; the others' reasons in `refusals`."""
    tickets = []
    for terms in held.values():
        covered, party = w.places(terms), w.etiquette.party(terms.mechanism, terms.refuses)
        ticket = Ticket(terms, w.balance.open_places(party, covered), w.setting.quantities, party)
        refusal = terms.refusal or _refusal(w, ticket, covered)
        if refusal is None:
            tickets.append(ticket)
        else:
            refusals[terms.id] = refusal
    return sorted(tickets, key=lambda ticket: (ticket.effect, ticket.terms.id))


def _refusal(w: Workings, ticket: Ticket, covered: Places) -> Refusal | None:
    if not covered:
        return Refusal("coupon_out_of_scope", _("Nothing here is covered by this coupon."))
    missing = ticket.terms.threshold_fen - w.balance.base(ticket.places)
    if w.cart.coupon_ids == "best" or ticket.terms.id in w.cart.coupon_ids:
        if len(ticket.places) < len(covered):
            w.blame(covered, ticket.party)
        if missing > 0 and w.setting.listed_fen(covered) >= ticket.terms.threshold_fen:
            w.blame(covered)
    if not ticket.places:
        return Refusal("coupon_not_combined", _("This coupon does not combine with what is applied."))
    if missing > 0:
        return Refusal(
            "coupon_threshold_not_met", _("Spend {amount} more to use this coupon.").format(amount=yuan(missing))
        )
    if ticket.terms.threshold_count and ticket.units < ticket.terms.threshold_count:
        count = ticket.terms.threshold_count - ticket.units
        return Refusal("coupon_threshold_not_met", _("Add {count} more to use this coupon.").format(count=count))
    return None


def _note_exchanges(w: Workings, candidates: Sequence[Ticket]) -> None:
    if len(candidates) > 1 and any(ticket.terms.kind == CouponKind.EXCHANGE for ticket in candidates):
        # The dearest line, which an exchange pays, is another one at another price; the next coupon may need this one.
        for ticket in candidates:
            w.blame(ticket.places)


def _with_freight_unknown(
    w: Workings, chosen: Sequence[Ticket], candidates: Sequence[Ticket], purse: Purse
) -> tuple[Ticket, ...]:
    """While nobody knows the freight a shipping coupon that was asked for counts, though it takes nothing off yet.

    One that keeps points out does not.
    """
    taken = list(chosen)
    if w.balance.freight is None:
        for ticket in candidates:
            if (
                ticket.terms.kind == CouponKind.SHIPPING
                and (purse.is_empty or ticket.party.agrees_with(purse.party))
                and len(taken) < w.terms.limits.max_coupons
                and all(ticket.agrees_with(other) for other in taken)
            ):
                taken.append(ticket)
    return tuple(taken)


def _reject(
    w: Workings,
    asked: Sequence[int],
    held: Mapping[int, CouponTerms],
    candidates: Mapping[int, Ticket],
    chosen: Sequence[Ticket],
    refusals: Mapping[int, Refusal],
) -> None:
    """Say of each coupon asked for that does not act why."""
    acting = {ticket.terms.id for ticket in chosen}
    for coupon_id in asked:
        if coupon_id not in held:
            refusal = Refusal("coupon_not_found", _("You do not have this coupon."))
        elif coupon_id in refusals:
            refusal = refusals[coupon_id]
        elif coupon_id in acting:
            continue
        elif any(not candidates[coupon_id].agrees_with(other) for other in chosen):
            refusal = Refusal("coupon_not_combined", _("This coupon does not combine with what is applied."))
        elif len(chosen) >= w.terms.limits.max_coupons:
            count = w.terms.limits.max_coupons
            refusal = Refusal("coupon_too_many", _("An order takes at most {count} coupons.").format(count=count))
        elif candidates[coupon_id].worth(w.balance):
            refusal = Refusal("cheaper_without", _("Left out, because without it you pay less."))
        else:
            refusal = Refusal("coupon_without_effect", _("There is nothing left for this coupon to take off."))
        w.reject(KIND, coupon_id, refusal.code, refusal.message)


def _apply(w: Workings, ticket: Ticket) -> None:
    terms, freight = ticket.terms, w.balance.freight
    w.squeezed |= ticket.is_squeezed(w.balance)
    shares = ticket.act(w.balance)
    if terms.kind == CouponKind.SHIPPING:
        paid = (freight or 0) - (w.balance.freight or 0)
        w.credit_freight(KIND, terms.id, terms.label, paid, terms.version)
    else:
        w.credit(terms, KIND, shares)
    w.coupon_ids.append(terms.id)


def _capped(terms: CouponTerms) -> int:
    return _NO_CAP if terms.cap_fen is None else terms.cap_fen
