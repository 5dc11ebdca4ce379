"""A draw: counted, paid, drawn by the published odds, and given, in one transaction.

The number is drawn after everything that could refuse the draw whatever it is but the points, which are asked for
whichever prize it stands for: nobody can try again because of what would have been drawn.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from points.ledger.services import grant, spend
from promotions.campaigns.queries import admits_at, buyer_for
from promotions.lottery.errors import DrawsUsed, DrawsUsedToday, LotteryNotFound, NoChancesLeft, NotDrawnWithPoints
from promotions.lottery.models import (
    ChanceAccount,
    Draw,
    Fallback,
    Lottery,
    OddsVersion,
    Prize,
    PrizeCode,
    Win,
    WinStatus,
)
from promotions.lottery.notices import tell_won
from promotions.lottery.odds import odds_in
from promotions.lottery.services.chances import use_chance
from promotions.lottery.services.keeping import keep_goods
from promotions.lottery.services.prizes import Taken, take_prize, take_rest
from shop.catalog.errors import OutOfStock
from shop.core.clock import business_day
from shop.core.transactions import use_case

Paid = Draw.Paid

# One row for each lottery and member: their draws wait for each other here, and the limits decide.
_COUNT_DRAW = """
INSERT INTO lottery_chanceaccount AS mine (lottery_id, member_id, balance, draws, day, draws_of_day)
VALUES (%(lottery)s, %(member)s, 0, 1, %(day)s, 1)
ON CONFLICT (lottery_id, member_id) DO UPDATE SET
    draws = mine.draws + 1,
    day = excluded.day,
    draws_of_day = CASE WHEN mine.day = excluded.day THEN mine.draws_of_day + 1 ELSE 1 END
WHERE (%(in_all)s::int IS NULL OR mine.draws < %(in_all)s)
    AND (%(a_day)s::int IS NULL OR mine.day <> excluded.day OR mine.draws_of_day < %(a_day)s)
RETURNING draws
"""


@dataclass(frozen=True)
class _Ticket:
    """A draw that is counted and paid: all but what comes of it."""

    lottery: Lottery
    member_id: int
    number: int
    paid_with: str
    now: datetime

    @property
    def reference(self) -> str:
        return f"lottery:{self.lottery.pk}:{self.member_id}:{self.number}"


@dataclass(frozen=True)
class _Drawn:
    """The number, the prize that it stands for, and what is given where that is not there."""

    odds: OddsVersion
    value: int
    total: int
    prize: Prize
    rest: Prize


@use_case
def draw(*, lottery_id: int, member_id: int, channel: str, now: datetime, pay_with: str | None = None) -> Draw:
    """Draw once; without `pay_with` a chance pays where there is one, and points where there is none.

    Raises LotteryNotFound, what says that the member is not of its audience, DrawsUsed, DrawsUsedToday, NoChancesLeft,
    NotDrawnWithPoints, InsufficientPoints.
    """
    lottery = Lottery.objects.filter(admits_at(now), pk=lottery_id).first()
    if lottery is None:
        raise LotteryNotFound
    refusal = lottery.audience.refusal(buyer_for(member_id=member_id, channel=channel, now=now))
    if refusal is not None:
        raise refusal
    number = _count_draw(lottery, member_id, now)
    ticket = _Ticket(lottery, member_id, number, _pay(lottery, member_id, number, pay_with, now), now)
    drawn = _draw_number(OddsVersion.objects.get(lottery=lottery, version=lottery.revision))
    try:
        with transaction.atomic():
            return _settle(ticket, drawn, _take(ticket, drawn.prize))
    except OutOfStock:
        # What was to be won has been bought.
        return _settle(ticket, drawn, Fallback.SOLD_OUT)


def _settle(ticket: _Ticket, drawn: _Drawn, taken: Taken | Fallback) -> Draw:
    """Write the draw down, with what is given for it, be it for the rest. Raises OutOfStock."""
    points = ticket.lottery.points_per_draw if ticket.paid_with == Paid.POINTS else None
    lottery, now = ticket.lottery, ticket.now
    given = taken if isinstance(taken, Taken) else take_rest(lottery=lottery, prize=drawn.rest, now=now)
    made = Draw.objects.create(
        lottery=lottery,
        member_id=ticket.member_id,
        number=ticket.number,
        odds=drawn.odds,
        value=drawn.value,
        total=drawn.total,
        drawn=drawn.prize,
        prize=given.prize,
        fallback="" if isinstance(taken, Taken) else taken,
        paid_with=ticket.paid_with,
        points_paid=points or 0,
        drawn_at=now,
    )
    if points:
        spend(
            reference=ticket.reference,
            member_id=ticket.member_id,
            points=points,
            source="campaign",
            now=now,
            note=lottery.name,
        )
    if given.is_given:
        _hand_over(ticket, made, given)
    return made


def _count_draw(lottery: Lottery, member_id: int, now: datetime) -> int:
    """The number of this draw among the member's."""
    limits = {"in_all": lottery.draws_in_all, "a_day": lottery.draws_per_day}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_DRAW, {"lottery": lottery.pk, "member": member_id, "day": business_day(now), **limits})
        counted = cursor.fetchone()
    if counted is None:
        mine = ChanceAccount.objects.get(lottery=lottery, member=member_id)
        raise DrawsUsed if mine.draws == lottery.draws_in_all else DrawsUsedToday
    return int(counted[0])


def _pay(lottery: Lottery, member_id: int, number: int, pay_with: str | None, now: datetime) -> str:
    """With what; a chance is used here, points are spent once promotions hold all their rows."""
    if pay_with == Paid.POINTS and not lottery.points_per_draw:
        raise NotDrawnWithPoints
    wants_chance = lottery.takes_chances and pay_with != Paid.POINTS
    if wants_chance and use_chance(lottery_id=lottery.pk, member_id=member_id, number=number, now=now):
        return Paid.CHANCE
    if lottery.points_per_draw and pay_with != Paid.CHANCE:
        return Paid.POINTS
    raise NoChancesLeft


def _draw_number(published: OddsVersion) -> _Drawn:
    """By the words that were published, not by what stands in the prizes' rows."""
    odds = odds_in(published.document)
    value, prize_id = odds.draw()
    prizes = Prize.objects.select_related("template", "sku").in_bulk([prize_id, odds.fallback_id])
    return _Drawn(published, value, odds.total, prizes[prize_id], prizes[odds.fallback_id])


def _take(ticket: _Ticket, prize: Prize) -> Taken | Fallback:
    return take_prize(
        lottery=ticket.lottery, prize=prize, member_id=ticket.member_id, reference=ticket.reference, now=ticket.now
    )


def _hand_over(ticket: _Ticket, made: Draw, taken: Taken) -> None:
    """Goods are kept until they are ordered; all else is the member's at once. Raises OutOfStock."""
    prize, now = taken.prize, ticket.now
    waits = prize.kind == Prize.Kind.GOODS
    win = Win.objects.create(
        draw=made,
        prize=prize,
        status=WinStatus.WAITING if waits else WinStatus.DELIVERED,
        cost_fen=taken.cost_fen,
        coupon=taken.coupon,
        due_at=now + timedelta(days=ticket.lottery.claim_days) if waits else None,
    )
    if waits:
        keep_goods(win)
    if taken.code is not None:
        PrizeCode.objects.filter(pk=taken.code.pk).update(win=win)
    if prize.kind == Prize.Kind.POINTS:
        grant(
            reference=f"{ticket.reference}:won",
            member_id=ticket.member_id,
            points=prize.points,
            source="campaign",
            now=now,
            matures_at=now,
            trace={"lottery": ticket.lottery.pk, "name": ticket.lottery.name, "draw": made.pk},
            note=ticket.lottery.name,
        )
    tell_won(win, lottery=ticket.lottery, member_id=ticket.member_id, now=now)
