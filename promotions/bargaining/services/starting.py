"""Starting an attempt: its whole way to the floor is drawn before anybody cuts."""

import secrets
from datetime import datetime, timedelta

from django.db.models import Q

from promotions.bargaining.errors import (
    BargainAttemptsUsed,
    BargainNotFound,
    BargainPriceFallen,
    BargainSoldOut,
    BargainUnderWay,
)
from promotions.bargaining.models import AttemptStatus, Bargain, BargainAttempt, Cut
from promotions.bargaining.plans import plan_of
from promotions.bargaining.queries import open_at, running_at
from promotions.bargaining.services.counting import count_attempt
from promotions.campaigns.errors import BudgetSpent
from promotions.campaigns.queries import buyer_for
from promotions.campaigns.version import OFF
from shop.core.transactions import use_case


@use_case
def start_attempt(*, bargain_id: int, member_id: int, channel: str, now: datetime) -> BargainAttempt:
    """Whom the bargain is for is asked here and never again: who has begun may finish, and may buy.

    Raises BargainNotFound, what says that the member is not of its audience, BargainSoldOut, BudgetSpent,
    BargainPriceFallen, BargainAttemptsUsed, BargainUnderWay.
    """
    bargain = Bargain.objects.filter(running_at(now), pk=bargain_id).select_related("sku__stock").first()
    buyer = buyer_for(member_id=member_id, channel=channel, now=now)
    if bargain is None or buyer.stamp == OFF:
        raise BargainNotFound
    refusal = bargain.audience.refusal(buyer)
    if refusal is not None:
        raise refusal
    _check_worth_starting(bargain)
    _count(bargain, member_id, now)
    attempt = _drawn(bargain, member_id, now)
    attempt.save(force_insert=True)
    if attempt.position:
        own = {"position": 0, "steps": 1, "fen": attempt.cut_fen, "is_own": True, "made_at": now}
        Cut.objects.create(attempt=attempt, helper_id=member_id, **own)
    return attempt


def _check_worth_starting(bargain: Bargain) -> None:
    """Nobody asks friends for what could not be sold to them."""
    span_fen = bargain.sku.price_fen - bargain.floor_fen
    if span_fen < 1:
        raise BargainPriceFallen
    if bargain.is_sold_out or bargain.sku.stock.available < 1:
        raise BargainSoldOut(name=bargain.name)
    if bargain.left_fen is not None and bargain.left_fen < span_fen:
        raise BudgetSpent(name=bargain.name)


def _count(bargain: Bargain, member_id: int, now: datetime) -> None:
    """One attempt at a time. Counted first: two starts at once wait for each other there, and the later one looks."""
    counted = count_attempt(bargain, member_id, now=now)
    mine = BargainAttempt.objects.filter(bargain=bargain, member=member_id)
    under_way = mine.filter(open_at(now) | Q(status=AttemptStatus.ORDERED)).order_by("pk").first()
    if under_way is not None:
        raise BargainUnderWay(attempt_id=under_way.pk)
    if not counted:
        raise BargainAttemptsUsed


def _drawn(bargain: Bargain, member_id: int, now: datetime) -> BargainAttempt:
    list_fen, seed = bargain.sku.price_fen, secrets.token_hex(16)
    plan = plan_of(
        span_fen=list_fen - bargain.floor_fen,
        fewest=bargain.fewest_cuts,
        most=bargain.most_cuts,
        first_bp=bargain.first_cut_bp,
        seed=seed,
    )
    until = now + timedelta(hours=bargain.attempt_hours)
    made = int(bargain.owner_cuts_first)
    return BargainAttempt(
        bargain=bargain,
        member_id=member_id,
        sku=bargain.sku,
        list_fen=list_fen,
        floor_fen=bargain.floor_fen,
        seed=seed,
        plan=plan,
        position=made,
        cut_fen=sum(plan[:made]),
        started_at=now,
        expires_at=until if bargain.ends_at is None else min(until, bargain.ends_at),
    )
