"""The fourth stage: points pay part of the goods; freight is paid in money."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from promotions.pricing.model import WHOLE_BP, Mechanism, PointsTerms
from promotions.pricing.workings import Workings
from shop.core.money import spread

LABEL = gettext_lazy("Points")


def points(w: Workings) -> None:
    """Use the points asked for, all of them or none; "max" uses as many as the rules and the balance allow."""
    w.before_points = w.balance.payable
    asked, terms = w.cart.points_to_use, w.terms.points
    if asked == 0:
        return
    party = w.etiquette.party(Mechanism.POINTS)
    places = w.balance.open_places(party, w.setting.basket.everywhere)
    cap_fen = min(w.balance.base(places) * terms.cap_bp // WHOLE_BP, w.balance.room(places))
    available = terms.available - w.points_used
    most = min(available, cap_fen * terms.points_per_yuan // 100)
    usable = most // terms.step * terms.step
    if usable < _least(terms):
        usable = 0
    used = _worth_their_fen(usable, terms) if asked == "max" else asked
    if asked != "max":
        refusal = _refusal(asked, usable, available, terms)
        if refusal is not None:
            w.reject(Mechanism.POINTS, None, *refusal)
            return
    if not used:
        return
    fen = used * 100 // terms.points_per_yuan
    shares = w.balance.take(fen, places, party)
    w.credit_points(terms.label or LABEL, places, shares, spread(used, shares))
    w.points_used += used


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
