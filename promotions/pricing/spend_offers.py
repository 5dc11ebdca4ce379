"""The second stage: offers for spending so much or buying so many, chosen so that together they take off the most.

Of the tiers reached each benefit is the best one: the largest amount off, free shipping if any gives it, the gifts of
the highest tier that has some. So an offer never gives less for more. All offers measure on what unit prices left, and
take off what is left when their turn comes.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from promotions.pricing.answers import GiftLine
from promotions.pricing.hindrance import note_hindrance, note_lost_tiers
from promotions.pricing.joint import Joint
from promotions.pricing.model import Measure, Mechanism, SpendOfferTerms, SpendTier
from promotions.pricing.offers import OFFERS, Offer, best_of, gives_more, grouped, on_cart
from promotions.pricing.workings import Workings
from shop.core.money import yuan

KIND = Mechanism.SPEND_OFFER.value
NOT_COMBINED = gettext_noop("“{offer}” does not combine with what is applied.")
ADD_MORE = gettext_noop("Add {count} more for “{offer}”.")
SPEND_MORE = gettext_noop("Spend {amount} more for “{offer}”.")


def spend_offers(w: Workings) -> None:
    if not w.terms.spend_offers:
        return
    offers = on_cart(w, w.balance.net.copy())
    for offer in offers:
        note_hindrance(w, offer)
    groups = grouped(w.balance, offers)
    for group in groups:
        note_lost_tiers(w, group)
    best, is_exact = [], True
    for group in groups:
        effort = w.setting.effort.part(OFFERS)
        best.append(tuple(best_of(w.balance, group, effort)))
        is_exact &= effort.left > 0 or len(best[-1]) == len(group)
    first = [offer for group in best for offer in group]
    joint = Joint(w, offers, groups, best, is_exact=is_exact)
    chosen = joint.best(first)
    if len(chosen) != len(first) or any(offer not in first for offer in chosen):
        # Some give way to coupons or points, which they might not have to at other prices.
        w.blame(tuple(range(len(w.lines))))
    before = w.balance.payable
    for offer in chosen:
        _apply(w, offer)
    # What is given up for coupons and points may come back when fewer unit prices hinder those.
    most_fen = sum([each.worth(w.shown) for each in offers]) if w.setting.some_make_way else joint.most_fen
    w.hope_fen += max(0, most_fen - (before - w.balance.payable))
    for offer in [each for each in offers if each not in chosen]:
        if offer in first or gives_more(w.balance, offer):
            message = _("Left out, because without it you pay less.")
            w.reject(KIND, offer.terms.id, "cheaper_without", message, asked=False)
        else:
            _explain(w, offer)


def _apply(w: Workings, offer: Offer) -> None:
    balance, terms, freight = w.balance, offer.terms, w.balance.freight
    places = balance.open_places(offer.party, offer.places)
    measured, reached = offer.measured(places), offer.reached(places)
    ships_free = offer.ships_free(places)
    w.may_round |= offer.may_round(balance, few=0)
    w.offers.append(offer.applied(w.lines, balance, places))
    w.credit(terms, KIND, offer.act(balance))
    if ships_free:
        w.credit_freight(KIND, terms.id, terms.label, freight or 0, terms.version)
    for tier, times in reversed(reached):
        if tier.gifts:
            _give(w, terms, tier, times)
            break
    following = next((tier for tier in terms.tiers if tier.threshold > measured), None)
    if following is not None:
        _tell_missing(w, terms, following.threshold - measured, code="spend_offer_next_tier")


def _give(w: Workings, terms: SpendOfferTerms, tier: SpendTier, times: int) -> None:
    for gift in tier.gifts:
        given = sum(each.quantity for each in w.gifts if each.sku_id == gift.sku_id)
        quantity = gift.quantity * times
        if quantity <= min(gift.quota, gift.available - given):
            w.gifts.append(GiftLine(gift.sku_id, quantity, gift.label, KIND, terms.id, gift.tier_id))
        else:
            message = _("The gift “{gift}” has run out.").format(gift=gift.label)
            w.reject(KIND, terms.id, "gift_run_out", message, asked=False)


def _explain(w: Workings, offer: Offer) -> None:
    """Why an offer does not act on the goods that it covers."""
    least, measured = min((tier.threshold for tier in offer.terms.tiers), default=0), offer.measured(offer.places)
    if measured < least:
        _tell_missing(w, offer.terms, least - measured, code="spend_offer_threshold")
    else:
        message = w.setting.say(NOT_COMBINED).format(offer=offer.terms.label)
        w.reject(KIND, offer.terms.id, "spend_offer_not_combined", message, asked=False)


def _tell_missing(w: Workings, terms: SpendOfferTerms, missing: int, *, code: str) -> None:
    if terms.measure == Measure.COUNT:
        message = w.setting.say(ADD_MORE).format(count=missing, offer=terms.label)
    else:
        message = w.setting.say(SPEND_MORE).format(amount=yuan(missing), offer=terms.label)
    w.reject(KIND, terms.id, code, message, asked=False)
