"""The only place where a price is made: pure, so that cart, quote and order agree to the fen.

A stage acts on what earlier ones left and writes down its contribution. Where one campaign keeps another from acting,
the price is also made without it, and the cheapest for the buyer is answered.
"""

from collections.abc import Callable, Set
from dataclasses import replace
from functools import partial
from operator import attrgetter

from django.utils.translation import gettext as _

from promotions.pricing.answers import Quote
from promotions.pricing.coupons import coupons
from promotions.pricing.leaving_out import least
from promotions.pricing.model import Campaign, CartSnapshot, Stage, Terms
from promotions.pricing.points import points
from promotions.pricing.spend_offers import spend_offers
from promotions.pricing.unit_prices import shipping_benefits, unit_prices
from promotions.pricing.workings import Limit, Setting, Workings

NOTHING = Terms()
# Lines and promotions that are gone through as fast as one is looked at closely.
PER_LOOK = 4


def price(cart: CartSnapshot, terms: Terms = NOTHING) -> Quote:
    """The quote for `cart`; the order in which its lines and the terms come changes nothing but the order of answers.

    Cheapest means the least money to pay, and of equal money the fewest points: what refuses the points that the buyer
    asks to use, or leaves too little to use them on, acts only where it is worth more than they are. The best coupons
    cost no more than none, and the same when they are named.
    """
    best, is_exact = _searched(cart, terms)
    if cart.coupon_ids == "best" and terms.coupons and not is_exact:
        # What is answered is then a price of coupons that are named, so that it is the same when the buyer names them.
        # None comes first, so that of equal prices it is taken.
        named = [_settled(cart, terms, ids) for ids in dict.fromkeys(((), tuple(best.coupon_ids)))]
        best = min(named, key=attrgetter("cost"))
    setting = best.setting
    for mechanism, id_ in sorted(setting.met & best.absent):
        message = _("Left out, because without it you pay less.")
        best.reject(mechanism.value, id_ or None, "cheaper_without", message, asked=False)
    return best.quote()


def _searched(cart: CartSnapshot, terms: Terms) -> tuple[Workings, bool]:
    """The least price that was found, and whether none can be less."""
    return least(partial(work, Setting(cart, terms)))


def _settled(cart: CartSnapshot, terms: Terms, coupon_ids: tuple[int, ...]) -> Workings:
    """The price of these coupons, or of those that are left when it leaves some of them out."""
    named, _is_exact = _searched(replace(cart, coupon_ids=coupon_ids), terms)
    return named if len(named.coupon_ids) == len(coupon_ids) else _settled(cart, terms, tuple(named.coupon_ids))


def freight(w: Workings) -> None:
    """What no benefit and no coupon has paid of freight is paid in money."""
    w.freight_fen = w.balance.freight


STAGES: tuple[tuple[Stage, Callable[[Workings], None]], ...] = (
    (Stage.PRICE, unit_prices),
    (Stage.PRICE, shipping_benefits),
    (Stage.SPEND_OFFERS, spend_offers),
    (Stage.COUPONS, coupons),
    (Stage.POINTS, points),
    (Stage.FREIGHT, freight),
)


def work(setting: Setting, absent: Set[Campaign], limit: Limit | None = None) -> Workings:
    """The price without the campaigns that are `absent`; left at that where it cannot fall below the `limit`.

    Offers and coupons are chosen so that it costs the least with these unit prices.
    """
    setting.effort.spend(setting.looks // PER_LOOK)
    workings = Workings(setting, absent)
    for stage, act in STAGES:
        if stage == Stage.SPEND_OFFERS and limit is not None and limit.is_reached(workings):
            break
        act(workings)
    return workings
