"""The price of a cart within what campaigns may still give away: for quotes, orders and previews alike."""

from collections import Counter
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from promotions.pricing.answers import Adjustment, Quote, Rejection
from promotions.pricing.engine import price
from promotions.pricing.model import CartSnapshot, Terms


def price_in_budget(cart: CartSnapshot, terms: Terms) -> Quote:
    """A campaign whose budget does not reach for this cart is left out of it, and goes on for smaller ones."""
    priced, left_out = price(cart, terms), list[Rejection]()
    while short := _beyond_budget(priced, terms):
        terms = terms.without({(each.kind, each.id or 0) for each in short})
        message = _("The budget of “{name}” does not reach for this order.")
        left_out += [
            Rejection(each.kind, each.id, "campaign_budget_short", message.format(name=each.label), asked=False)
            for each in short
        ]
        priced = price(cart, terms)
    return replace(priced, rejected=(*priced.rejected, *left_out)) if left_out else priced


def _beyond_budget(priced: Quote, terms: Terms) -> list[Adjustment]:
    """Of what is applied that for which less is left, its gifts included."""
    budgets, gifts = terms.budgets, Counter[tuple[str, int]]()
    if not budgets:
        return []
    for gift in priced.gifts:
        gifts[gift.kind, gift.id] += gift.quantity * terms.gift_costs.get(gift.tier_id, 0)
    short = []
    for each in priced.applied:
        cause = each.kind, each.id or 0
        if cause in budgets and gifts[cause] - each.amount_fen > budgets[cause]:
            short.append(each)
    return short
