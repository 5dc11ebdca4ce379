"""The only place where a price is made: pure, so that cart, quote and order agree to the fen.

A stage acts on what earlier ones left and writes down its contribution. Where one mechanism keeps another from acting,
the price is also made without each of them, and the cheapest for the buyer is answered.
"""

from collections.abc import Callable, Iterator, Set
from itertools import combinations

from django.utils.translation import gettext as _

from promotions.pricing.answers import Quote
from promotions.pricing.coupons import coupons
from promotions.pricing.model import CartSnapshot, Mechanism, Stage, Terms
from promotions.pricing.points import points
from promotions.pricing.spend_offers import spend_offers
from promotions.pricing.unit_prices import shipping_benefits, unit_prices
from promotions.pricing.workings import Setting, Workings

NOTHING = Terms()


def price(cart: CartSnapshot, terms: Terms = NOTHING) -> Quote:
    """The quote for `cart`; the order in which its lines and the terms come changes nothing but the order of answers.

    Cheapest means the least to pay before points: points are the buyer's own, so that saving them counts as well.
    """
    setting = Setting(cart, terms)
    best = _work(setting, frozenset())
    if best.hindered:
        for absent in _selections(best.automatic.copy()):
            other = _work(setting, absent)
            if other.before_points < best.before_points:
                best = other
    for mechanism in sorted(best.absent):
        message = _("Left out, because without it you pay less.")
        best.reject(mechanism.value, None, "cheaper_without", message, asked=False)
    return best.quote()


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


def _work(setting: Setting, absent: frozenset[Mechanism]) -> Workings:
    workings = Workings(setting, absent)
    for _stage, act in STAGES:
        act(workings)
    return workings


def _selections(mechanisms: Set[Mechanism]) -> Iterator[frozenset[Mechanism]]:
    """What may be left out; what is applied unasked need not be."""
    for count in range(1, len(mechanisms) + 1):
        for absent in combinations(sorted(mechanisms), count):
            yield frozenset(absent)
