"""The third stage: of the coupons named, or of all that the buyer holds, those that together take off the most.

All coupons measure their threshold on what earlier stages left, whichever of them act; then they act one after the
other on the current net, exchanges first, then shares, then amounts, then freight; of a kind the narrower first, so
that it leaves the wider what it has no room for.
"""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from promotions.pricing.answers import CouponOption
from promotions.pricing.balance import Balance, Places
from promotions.pricing.cheapest import cheapest, together_at_most
from promotions.pricing.model import CouponKind, CouponTerms, Refusal
from promotions.pricing.purse import Purse
from promotions.pricing.tickets import Ticket, act_alike, acting_order, ticket_on
from promotions.pricing.workings import Workings
from shop.core.money import yuan

KIND = "coupon"
# Of the effort that is left one search takes at most a fourth, unless no other one follows it.
COUPONS = 4


def coupons(w: Workings) -> None:
    asked = w.cart.coupon_ids
    held = {terms.id: terms for terms in sorted(w.terms.coupons, key=lambda terms: terms.id)}
    refusals: dict[int, Refusal] = {}
    tickets = usable_tickets(w, held, refusals)
    candidates = tickets if asked == "best" else [ticket for ticket in tickets if ticket.terms.id in asked]
    _note_exchanges(w, candidates)
    purse = w.purse
    effort = w.setting.effort.part(COUPONS if w.hinderers else 1)
    chosen = cheapest(candidates, w.balance, most=w.terms.limits.max_coupons, effort=effort, ending=purse)
    w.options = [
        CouponOption(ticket.terms.id, ticket.terms.label, ticket.worth(w.balance), refusals.get(ticket.terms.id))
        for ticket in tickets
    ]
    w.options += [
        CouponOption(each, held[each].label, 0, refusal) for each, refusal in refusals.items() if each in held
    ]
    if asked != "best":
        chosen = _with_freight_unknown(w, chosen, candidates, purse)
    before, most_fen = w.balance.payable, 0
    if w.setting.met and not purse.is_empty:
        most_fen = together_at_most(candidates, w.balance, w.terms.limits.max_coupons)
    for each in chosen:
        _apply(w, each)
    if most_fen > before - w.balance.payable:
        # Some give way to points, which they might not have to at other prices.
        w.blame(w.cart.basket.everywhere)
    if asked != "best":
        _reject(w, asked, held, {t.terms.id: t for t in candidates}, chosen, refusals)
    if w.hinderers:
        w.hope_fen += most_off(w, w.shown) - (before - w.balance.payable)


def most_off(w: Workings, balance: Balance) -> int:
    """What coupons would take off at most if nobody had acted on this balance, and nothing hindered them."""
    most, tickets, asked = w.terms.limits.max_coupons, [], w.cart.coupon_ids
    for terms in w.terms.coupons:
        found = ticket_on(w, balance, terms)
        is_wanted = terms.refusal is None and (asked == "best" or terms.id in asked)
        if is_wanted and found.is_reached(w.setting.listed_fen(found.places)):
            tickets.append(found)
    if not act_alike(tickets):
        return together_at_most(tickets, balance, most)
    after = balance.copy()
    tickets.sort(key=acting_order)
    for each in cheapest(tickets, after, most=most, effort=w.setting.effort.part(COUPONS)):
        each.act(after)
    return balance.payable - after.payable


def usable_tickets(w: Workings, held: Mapping[int, CouponTerms], refusals: dict[int, Refusal]) -> list[Ticket]:
    """The coupons that may act on this cart, in the order in which they would; the others' reasons in `refusals`."""
    tickets = []
    for terms in held.values():
        found = ticket_on(w, w.balance, terms)
        refusal = terms.refusal or _refusal(w, found, w.places(terms))
        if refusal is None:
            tickets.append(found)
        else:
            refusals[terms.id] = refusal
    return sorted(tickets, key=acting_order)


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
    w.may_round |= ticket.may_round(w.balance, few=0)
    shares = ticket.act(w.balance)
    if terms.kind == CouponKind.SHIPPING:
        paid = (freight or 0) - (w.balance.freight or 0)
        w.credit_freight(KIND, terms.id, terms.label, paid, terms.version)
    else:
        w.credit(terms, KIND, shares)
    w.coupon_ids.append(terms.id)
