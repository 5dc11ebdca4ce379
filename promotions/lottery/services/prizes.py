"""Taking a prize that was drawn, as far as stock, days and the budget reach, and putting one back."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Case, F, Q, When

from promotions.campaigns.queries import live_at
from promotions.coupons.models import Coupon, CouponTemplate
from promotions.coupons.services import give_many
from promotions.lottery.models import Fallback, Lottery, Prize, PrizeCode, Win
from shop.core.clock import business_day


@dataclass(frozen=True)
class Taken:
    """One of a prize that now belongs to a draw; nothing of it where not `is_given`."""

    prize: Prize
    cost_fen: int = 0
    is_given: bool = True
    coupon: Coupon | None = None
    code: PrizeCode | None = None


class _NotThere(Exception):
    def __init__(self, why: Fallback) -> None:
        super().__init__(why)
        self.why = why


def take_prize(*, lottery: Lottery, prize: Prize, member_id: int, reference: str, now: datetime) -> Taken | Fallback:
    """One of the prize, or why there is none; inside the transaction of the draw. What is refused takes nothing."""
    if prize.is_fallback:
        return take_rest(lottery=lottery, prize=prize, now=now)
    if prize.kind == Prize.Kind.NONE:
        return Taken(prize, is_given=False)
    try:
        with transaction.atomic():
            _spend(lottery, prize, now)
            _count(prize, now)
            code = _free_code(prize) if prize.kind == Prize.Kind.CODE else None
            coupon = _coupon(prize, member_id, reference, now) if prize.kind == Prize.Kind.COUPON else None
            return Taken(prize, prize.cost_fen, coupon=coupon, code=code)
    except _NotThere as refused:
        return refused.why


def take_rest(*, lottery: Lottery, prize: Prize, now: datetime) -> Taken:
    """What is for the rest, as far as the budget reaches for it: otherwise nothing is given."""
    if prize.kind == Prize.Kind.NONE:
        return Taken(prize, is_given=False)
    try:
        _spend(lottery, prize, now)
    except _NotThere:
        return Taken(prize, is_given=False)
    return Taken(prize, prize.cost_fen)


def put_back(win: Win) -> None:
    """Nobody has claimed it: there is one more, and the budget has its cost. The pace of its day is not undone."""
    budget = Lottery.objects.filter(pk=win.draw.lottery_id, budget_fen__isnull=False, spent_fen__gte=win.cost_fen)
    if win.cost_fen:
        budget.update(spent_fen=F("spent_fen") - win.cost_fen)
    Prize.objects.filter(pk=win.prize_id, won__gte=1).update(won=F("won") - 1)


def _spend(lottery: Lottery, prize: Prize, now: datetime) -> None:
    """The budget and the pace of all prizes, where either is limited: otherwise nobody waits at the lottery's row.

    What is for the rest is on the budget too, and on the pace of no day.
    """
    if lottery.budget_fen is None and (lottery.prizes_per_day is None or prize.is_fallback):
        return
    day, cost = business_day(now), prize.cost_fen
    paid = Q(budget_fen__isnull=True) | Q(spent_fen__lte=F("budget_fen") - cost)
    paced = Q(prizes_per_day__isnull=True) | _another_day(day) | Q(prizes_of_day__lt=F("prizes_per_day"))
    mine = Lottery.objects.filter(live_at(now), pk=lottery.pk)
    spent = Case(When(budget_fen__isnull=True, then=F("spent_fen")), default=F("spent_fen") + cost)
    if prize.is_fallback:
        if not mine.filter(paid).update(spent_fen=spent):
            raise _NotThere(Fallback.BUDGET)
        return
    of_day = Case(When(day=day, then=F("prizes_of_day") + 1), default=1)
    if not mine.filter(paid, paced).update(spent_fen=spent, prizes_of_day=of_day, day=day):
        raise _NotThere(Fallback.PACED if mine.filter(paid).exists() else Fallback.BUDGET)


def _count(prize: Prize, now: datetime) -> None:
    """One of the stock and of the day."""
    if not prize.is_counted:
        return
    day = business_day(now)
    there = Q(stock__isnull=True) | Q(won__lt=F("stock"))
    paced = Q(per_day__isnull=True) | _another_day(day) | Q(won_of_day__lt=F("per_day"))
    mine = Prize.objects.filter(pk=prize.pk)
    of_day = Case(When(day=day, then=F("won_of_day") + 1), default=1)
    if not mine.filter(there, paced).update(won=F("won") + 1, won_of_day=of_day, day=day):
        raise _NotThere(Fallback.PACED if mine.filter(there).exists() else Fallback.SOLD_OUT)


def _another_day(day: date) -> Q:
    return Q(day__isnull=True) | ~Q(day=day)


def _free_code(prize: Prize) -> PrizeCode:
    """One that nobody has or is just about to get: whoever draws beside us takes another."""
    free = PrizeCode.objects.filter(prize=prize, win__isnull=True).order_by("pk")
    code = free.select_for_update(skip_locked=True, of=("self",)).first()
    if code is None:
        raise _NotThere(Fallback.SOLD_OUT)
    return code


def _coupon(prize: Prize, member_id: int, reference: str, now: datetime) -> Coupon:
    assert prize.template is not None
    way = CouponTemplate.Way.REWARD
    given = give_many(template=prize.template, references={member_id: reference}, way=way, now=now)
    if member_id not in given.coupons:
        raise _NotThere(Fallback.GONE)
    return given.coupons[member_id]
