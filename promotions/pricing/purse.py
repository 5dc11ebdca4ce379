"""The points that a buyer asks to use, and what a balance costs in the end: money, and of equal money fewer points."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from django.utils.translation import gettext as _

from promotions.pricing.balance import Balance, Party, Places
from promotions.pricing.model import WHOLE_BP, CartSnapshot, CouponKind, PointsTerms, Terms

# Money to pay, and points used.
Cost = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Payment:
    """What points pay of the lines at `places`, or why they cannot be used. It `is_curbed` where they would be more, or
    worth more, if the lines were dearer.
    """

    places: Places
    used: int = 0
    fen: int = 0
    is_curbed: bool = False
    refusal: tuple[str, Any] | None = None


@dataclass(frozen=True)
class Purse:
    """The points `asked` for, all of them or none; "max" asks for as many as the rules and the balance allow. None of
    them is used that is worth no further fen.

    They may pay the lines at `places`, where `party` agrees with whoever has acted. In money are paid at least
    `freight_fen` and `kept_fen` of the goods. `spent` are points that unit prices have used.
    """

    asked: int | Literal["max"]
    terms: PointsTerms
    party: Party
    places: Places
    freight_fen: int = 0
    kept_fen: int = 0
    spent: int = 0

    @cached_property
    def most_fen(self) -> int:
        """What points pay at most, however much there is to pay."""
        terms, least = self.terms, _least(self.terms)
        asked = terms.available if self.asked == "max" else self.asked
        if not least <= asked <= terms.available or (self.asked != "max" and asked % terms.step):
            return 0
        return asked * 100 // terms.points_per_yuan

    @property
    def is_empty(self) -> bool:
        return not self.most_fen

    def at_least(self, payable: int) -> Cost:
        """Of every balance that leaves so much to pay, or more, the least that it costs."""
        most, cap_bp = self.most_fen, self.terms.cap_bp
        goods = payable - self.freight_fen
        fen = max(0, min(most, goods * cap_bp // WHOLE_BP, goods - self.kept_fen))
        if fen < most and self.asked != "max":
            # As soon as there is so much to pay all of them may be used.
            enough = max(-(-most * WHOLE_BP // max(cap_bp, 1)), most + self.kept_fen) + self.freight_fen
            fen = most if enough - most < payable else 0
            return min(payable, enough - most), self._points(fen)
        return payable - fen, self._points(fen)

    def cost(self, balance: Balance) -> Cost:
        if self.is_empty:
            return balance.payable, self.spent
        payment = self.payment(balance)
        return balance.payable - payment.fen, self.spent + payment.used

    def payment(self, balance: Balance) -> Payment:
        asked, terms, available = self.asked, self.terms, self.terms.available - self.spent
        places = balance.open_places(self.party, self.places)
        if asked == 0:
            return Payment(places)
        cap_fen = min(balance.base(places) * terms.cap_bp // WHOLE_BP, balance.room(places))
        affordable = cap_fen * terms.points_per_yuan // 100
        usable = min(available, affordable) // terms.step * terms.step
        if usable < _least(terms):
            usable = 0
        is_curbed = affordable < available
        if asked == "max":
            # Of dearer lines points pay their share to the fen, unless they go by steps that are worth more than one.
            is_curbed &= not usable or terms.step * 100 > terms.points_per_yuan
        else:
            refusal = _refusal(asked, usable, available, terms)
            if refusal is not None:
                return Payment(places, 0, 0, is_curbed, refusal)
            usable = asked
        used = _worth_their_fen(usable, terms)
        return Payment(places, used, used * 100 // terms.points_per_yuan, is_curbed)

    def _points(self, fen: int) -> int:
        """So much takes at least so many points."""
        return self.spent + -(-fen * self.terms.points_per_yuan // 100)


def purse_of(cart: CartSnapshot, terms: Terms, party: Party, kept_fen: int) -> Purse:
    """The purse of a cart; `kept_fen` is what its goods cost at least, unless they are given."""
    free = (
        terms.freight
        or any(tier.free_shipping for offer in terms.spend_offers for tier in offer.tiers)
        or any(each.kind == CouponKind.SHIPPING for each in terms.coupons)
    )
    return Purse(
        cart.points_to_use,
        terms.points,
        party,
        cart.basket.everywhere,
        freight_fen=0 if free else cart.freight_fen or 0,
        kept_fen=0 if any(each.below_floor for each in terms.unit_prices) else kept_fen,
    )


def _refusal(asked: int, usable: int, available: int, terms: PointsTerms) -> tuple[str, Any] | None:
    least = _least(terms)
    if asked > available:
        return "points_insufficient", _("You do not have enough points.")
    if asked < least:
        return "points_too_few", _("Use at least {points} points.").format(points=least)
    if asked % terms.step:
        return "points_not_in_steps", _("Points are used in steps of {step}.").format(step=terms.step)
    if asked > usable:
        return "points_over_limit", _("At most {points} points can be used here.").format(points=usable)
    return None


def _least(terms: PointsTerms) -> int:
    """The fewest points that can be used: the minimum, and enough to be worth a fen, in whole steps."""
    least = max(terms.minimum, -(-terms.points_per_yuan // 100), 1)
    return -(-least // terms.step) * terms.step


def _worth_their_fen(usable: int, terms: PointsTerms) -> int:
    """As few points as are worth the same fen as `usable`, so that none is spent for nothing."""
    fen = usable * 100 // terms.points_per_yuan
    needed = -(-fen * terms.points_per_yuan // 100)
    return max(-(-needed // terms.step) * terms.step, _least(terms)) if usable else 0
