"""A draw: counted, paid, drawn by the published odds, and given, in one transaction.

The number is drawn after everything that could refuse the draw whatever it is but the points, which are asked for
whichever prize it stands for: nobody can try again because of what would have been drawn.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from points.ledger.services import grant, spend
from promotions.campaigns.queries import admits_at, buyer_for
from promotions.lottery.errors import DrawsUsed, DrawsUsedToday, LotteryNotFound, NoChancesLeft, NotDrawnWithPoints
from promotions.lottery.models import ChanceAccount, Draw, Lottery, OddsVersion, Prize, PrizeCode, Win, WinStatus
from promotions.lottery.notices import tell_won
from promotions.lottery.odds import odds_in
from promotions.lottery.services.chances import use_chance
from promotions.lottery.services.prizes import Taken, take_prize
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
    published = OddsVersion.objects.get(lottery=lottery, version=lottery.revision)
    made, taken = _drawn(ticket, published)
    made.save(force_insert=True)
    if ticket.paid_with == Paid.POINTS:
        spend(
            reference=ticket.reference,
            member_id=member_id,
            points=made.points_paid,
            source="campaign",
            now=now,
            note=lottery.name,
        )
    if taken.prize.kind != Prize.Kind.NONE:
        _hand_over(ticket, made, taken)
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


def _drawn(ticket: _Ticket, published: OddsVersion) -> tuple[Draw, Taken]:
    """By the words that were published, not by what stands in the prizes' rows."""
    lottery, odds = ticket.lottery, odds_in(published.document)
    value, drawn_id = odds.draw()
    prizes = Prize.objects.select_related("template").in_bulk([drawn_id, odds.fallback_id])
    drawn = prizes[drawn_id]
    taken = take_prize(
        lottery=lottery, prize=drawn, member_id=ticket.member_id, reference=ticket.reference, now=ticket.now
    )
    made = Draw(
        lottery=lottery,
        member_id=ticket.member_id,
        number=ticket.number,
        odds=published,
        value=value,
        total=odds.total,
        drawn=drawn,
        prize=drawn,
        paid_with=ticket.paid_with,
        points_paid=(lottery.points_per_draw or 0) if ticket.paid_with == Paid.POINTS else 0,
        drawn_at=ticket.now,
    )
    if isinstance(taken, Taken):
        return made, taken
    made.fallback, made.prize = taken, prizes[odds.fallback_id]
    return made, Taken(made.prize)


def _hand_over(ticket: _Ticket, made: Draw, taken: Taken) -> None:
    """Goods wait to be ordered; all else is the member's at once."""
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
