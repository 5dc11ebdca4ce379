"""The fourth stage: points pay part of the goods; freight is paid in money."""

from django.utils.translation import gettext_lazy

from promotions.pricing.model import Mechanism
from promotions.pricing.purse import Payment, Purse
from promotions.pricing.workings import Workings
from shop.core.money import spread

LABEL = gettext_lazy("Points")


def points(w: Workings) -> None:
    """Use the points asked for, all of them or none; "max" uses as many as the rules and the balance allow.

    Points that are worth no further fen stay with the buyer.
    """
    purse = w.purse
    w.before_points, w.cost = w.balance.payable, purse.cost(w.balance)
    payment = purse.payment(w.balance)
    _note_hindrance(w, purse, payment)
    if payment.refusal is not None:
        w.reject(Mechanism.POINTS, None, *payment.refusal)
    elif payment.used:
        shares = w.balance.take(payment.fen, payment.places, purse.party)
        w.credit_points(purse.terms.label or str(LABEL), payment.places, shares, spread(payment.used, shares))
        w.points_used += payment.used


def _note_hindrance(w: Workings, purse: Purse, payment: Payment) -> None:
    """The campaigns without which points might pay more: who refuses them, or leaves too little to pay."""
    if payment.fen < purse.most_fen:
        w.blame(purse.places, None if payment.is_curbed else purse.party)
