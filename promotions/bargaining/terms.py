"""What an attempt makes of the price of its goods."""

from collections.abc import Mapping
from datetime import datetime

from promotions.bargaining.errors import (
    BargainExpired,
    BargainNotAtFloor,
    BargainOneUnit,
    BargainOrdered,
    BargainSoldOut,
)
from promotions.bargaining.models import USED, AttemptStatus, Bargain, BargainAttempt
from promotions.campaigns.audience import Buyer
from promotions.campaigns.errors import ActivityGoods, ActivityNotFound, BudgetSpent
from promotions.campaigns.goods import only_line
from promotions.campaigns.version import OFF
from promotions.pricing.model import CartSnapshot, Mechanism, Terms, UnitPriceTerms
from promotions.pricing.scopes import Scope
from shop.core.money import yuan


def terms_of_attempt(*, buyer: Buyer, cart: CartSnapshot, attempt_id: int, now: datetime) -> UnitPriceTerms:
    """The price that the buyer's own attempt has reached, for one unit.

    It was promised with the floors of its day: those that the merchant has raised since do not hold it. Raises
    ActivityNotFound, ActivityGoods, BargainOneUnit, BargainOrdered, BargainExpired, BargainNotAtFloor, BargainSoldOut,
    BudgetSpent.
    """
    line = only_line(cart)
    if buyer.member_id is None or buyer.stamp == OFF:
        raise ActivityNotFound
    mine = BargainAttempt.objects.filter(pk=attempt_id, member_id=buyer.member_id)
    attempt = mine.select_related("bargain").first()
    if attempt is None:
        raise ActivityNotFound
    if line.sku_id != attempt.sku_id:
        raise ActivityGoods
    if line.quantity != 1:
        raise BargainOneUnit
    _check_usable(attempt, now)
    bargain = attempt.bargain
    if bargain.left_fen is not None and bargain.left_fen < line.unit_price_fen - attempt.price_fen:
        raise BudgetSpent(name=bargain.name)
    return _terms(bargain, attempt.sku_id, attempt.price_fen)


def terms_of_bargain(bargain: Bargain, paths: Mapping[int, str], *, at: datetime | None = None) -> Terms:
    """At the floor: see `campaigns.conflicts.terms_of`."""
    return Terms(unit_prices=(_terms(bargain, bargain.sku_id, bargain.floor_fen),))


def _check_usable(attempt: BargainAttempt, now: datetime) -> None:
    bargain = attempt.bargain
    if attempt.status in USED:
        raise BargainOrdered
    if attempt.status_at(now) == AttemptStatus.EXPIRED:
        raise BargainExpired
    if not bargain.is_live(now=now):
        raise ActivityNotFound
    if bargain.buy_at == Bargain.BuyAt.FLOOR and not attempt.is_at_floor:
        missing_fen = attempt.price_fen - attempt.floor_fen
        raise BargainNotAtFloor(missing=yuan(missing_fen), missing_fen=missing_fen)
    if bargain.is_sold_out:
        raise BargainSoldOut(name=bargain.name)


def _terms(bargain: Bargain, sku_id: int, price_fen: int) -> UnitPriceTerms:
    return UnitPriceTerms(
        bargain.pk,
        bargain.name,
        Mechanism.ACTIVITY,
        Scope(skus=frozenset([sku_id])),
        unit_price_fen=price_fen,
        asked=True,
        below_floor=True,
        kind=Bargain.KIND,
        version=bargain.revision,
        refuses=bargain.refused_mechanisms,
    )
