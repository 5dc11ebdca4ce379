"""What an order takes of a bargain, claimed in its transaction: the attempt first, then a unit, then the budget.

Building blocks: the caller holds the order's row. All are repeatable: what is claimed, paid or given back stays so.
"""

from datetime import datetime

from django.db.models import F, QuerySet

from promotions.bargaining.errors import BargainChanged, BargainSoldOut
from promotions.bargaining.models import AttemptStatus, Bargain, BargainAttempt
from promotions.bargaining.queries import open_at
from promotions.campaigns.services.budget import give_back_budgets, spend_budgets


def order_attempt(
    *, attempt_id: int, member_id: int, order_number: str, unit_price_fen: int, discount_fen: int, now: datetime
) -> None:
    """The order takes `discount_fen` off the unit's list price of now. The order is undone where it raises
    BargainChanged, BargainSoldOut, BudgetSpent or CampaignNotLive.
    """
    attempt = BargainAttempt.objects.get(pk=attempt_id, member_id=member_id)
    if attempt.order_number == order_number:
        return
    if max(0, unit_price_fen - attempt.price_fen) != discount_fen:
        raise BargainChanged
    held = {"status": AttemptStatus.ORDERED, "order_number": order_number, "ordered_at": now}
    if not _as_quoted(attempt, now).update(**held, discount_fen=discount_fen):
        raise BargainChanged
    take_unit(attempt.bargain)
    spend_budgets(model=Bargain, amounts_fen={attempt.bargain_id: discount_fen}, now=now)


def _as_quoted(attempt: BargainAttempt, now: datetime) -> QuerySet[BargainAttempt]:
    """It, as long as nobody has cut, ordered or outlived it."""
    return BargainAttempt.objects.filter(open_at(now), pk=attempt.pk, position=attempt.position)


def take_unit(bargain: Bargain) -> None:
    if not Bargain.objects.filter(Bargain.has_units(), pk=bargain.pk).update(taken=F("taken") + 1):
        raise BargainSoldOut(name=bargain.name)
    _show(bargain, when_left=0)


def confirm_attempt(*, order_number: str, paid_fen: int, now: datetime) -> int:
    """The order is paid, with so much money in all: the price is used up. Returns how many attempts this ended."""
    held = BargainAttempt.objects.filter(order_number=order_number, status=AttemptStatus.ORDERED)
    return held.update(status=AttemptStatus.BOUGHT, bought_at=now, revenue_fen=paid_fen)


def release_attempt(*, order_number: str, now: datetime) -> int:
    """The order is given up unpaid: the attempt is open again, for as long as it was when the order took it."""
    held = BargainAttempt.objects.filter(order_number=order_number, status=AttemptStatus.ORDERED)
    attempt = held.select_for_update(no_key=True, of=("self",)).first()
    if attempt is None:
        return 0
    _reopen(attempt, now)
    return 1


def count_return(*, order_number: str, paid_fen: int, is_whole: bool, was_sent: bool, now: datetime) -> None:
    """Money went back: `paid_fen` is what is still paid. A unit that is back can be sold to somebody else. The owner
    of a price who was sent nothing for it may order at it again.
    """
    bought = BargainAttempt.objects.filter(order_number=order_number, status=AttemptStatus.BOUGHT)
    if not is_whole:
        bought.update(revenue_fen=paid_fen)
        return
    attempt = bought.select_for_update(no_key=True, of=("self",)).first()
    if attempt is None:
        return
    if not was_sent:
        _reopen(attempt, now)
        return
    attempt.status, attempt.revenue_fen = AttemptStatus.RETURNED, paid_fen
    attempt.save(update_fields=["status", "revenue_fen"])
    _give_back(attempt, attempt.discount_fen)


def _reopen(attempt: BargainAttempt, now: datetime) -> None:
    """The time that its order held it comes back too."""
    assert attempt.ordered_at is not None
    given_back_fen = attempt.discount_fen
    attempt.status, attempt.order_number, attempt.discount_fen = AttemptStatus.OPEN, "", 0
    attempt.expires_at += now - attempt.ordered_at
    attempt.ordered_at, attempt.bought_at, attempt.revenue_fen = None, None, 0
    attempt.save(
        update_fields=[
            "status",
            "order_number",
            "discount_fen",
            "expires_at",
            "ordered_at",
            "bought_at",
            "revenue_fen",
        ]
    )
    _give_back(attempt, given_back_fen)


def _give_back(attempt: BargainAttempt, discount_fen: int) -> None:
    Bargain.objects.filter(pk=attempt.bargain_id).update(taken=F("taken") - 1)
    _show(attempt.bargain, when_left=1)
    give_back_budgets(model=Bargain, amounts_fen={attempt.bargain_id: discount_fen})


def _show(bargain: Bargain, *, when_left: int) -> None:
    """Products show the bargain as long as there are units: the last one has gone, or the first has come back."""
    if Bargain.objects.filter(pk=bargain.pk, taken=F("quota") - when_left).exists():
        bargain.touch_catalogue()
