"""What an order does with a seat: takes it unpaid, keeps it once paid, gives it up.

Building blocks: the caller holds the order's row. The team first, then the budget, then the member's tally.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F

from promotions.campaigns.services.budget import spend_budgets
from promotions.group_buy.errors import AlreadyInTeam, GroupBuyLimitReached, TeamFull, TeamOver
from promotions.group_buy.facts import SeatFailed, SeatSucceeded
from promotions.group_buy.locks import lock_team
from promotions.group_buy.models import (
    STANDING,
    Ending,
    GroupBuy,
    Seat,
    SeatStatus,
    Team,
    TeamStatus,
)
from promotions.group_buy.notices import tell_joined, tell_leads, tell_missed, tell_missing, tell_opened, tell_succeeded
from promotions.group_buy.services.ending import close, named, paid_seats, succeed
from promotions.group_buy.services.giving_back import give_back
from promotions.group_buy.terms import is_in
from shop.core.outbox import publish

# One row for each group buy and member: their orders wait here for each other, and the limit decides.
_COUNT_MEMBER = """
INSERT INTO group_buy_membertally AS tally (group_buy_id, member_id, orders) VALUES (%(group_buy)s, %(member)s, 1)
ON CONFLICT (group_buy_id, member_id) DO UPDATE SET orders = tally.orders + 1
WHERE %(limit)s::int IS NULL OR tally.orders < %(limit)s
"""


@dataclass(frozen=True)
class Wanted:
    """What the order buys in the group, and what that takes off its price."""

    sku_id: int
    units: int
    discount_fen: int


def take_seat(
    *, order_number: str, member_id: int, group_buy_id: int, team_id: int | None, wanted: Wanted, now: datetime
) -> Seat:
    """Hold a seat for the unpaid order, in a new team that it leads where none is named. Taken already, it stays so.

    The order is undone where it raises TeamFull, TeamOver, AlreadyInTeam, GroupBuyLimitReached, BudgetSpent or
    CampaignNotLive.
    """
    known = Seat.objects.filter(order_number=order_number).first()
    if known is not None:
        return known
    group_buy = GroupBuy.objects.get(pk=group_buy_id)
    team = _open(group_buy, now) if team_id is None else _join(team_id, member_id, now)
    spend_budgets(model=GroupBuy, amounts_fen={group_buy_id: wanted.discount_fen}, now=now)
    if not _count_member(group_buy, member_id):
        raise GroupBuyLimitReached
    return Seat.objects.create(
        team=team,
        member_id=member_id,
        order_number=order_number,
        leads=team_id is None,
        sku_id=wanted.sku_id,
        units=wanted.units,
        discount_fen=wanted.discount_fen,
        taken_at=now,
    )


def confirm_seat(*, order_number: str, paid_fen: int, now: datetime) -> None:
    """The order is paid: its seat is, and the last one lets the team succeed. What is paid after its team has ended
    goes back; a team that staff or time completed keeps the seats that were held.
    """
    seat, team = _locked(order_number)
    if seat.paid_at is not None:
        return
    seat.paid_at, seat.paid_fen = now, paid_fen
    if seat.status != SeatStatus.HELD:
        seat.status = SeatStatus.REFUSED
        _save(seat)
        publish(SeatFailed(late=True, at=now, **named(seat)))
        tell_missed(seat, team=team, now=now)
        return
    seat.status = SeatStatus.PAID
    seat.leads = seat.leads or _takes_the_lead(seat)
    _save(seat)
    team.seats_paid += 1
    team.save(update_fields=["seats_paid"])
    if team.status == TeamStatus.SUCCEEDED:
        publish(SeatSucceeded(at=now, **named(seat)))
        tell_succeeded([seat], team=team, now=now)
    elif team.missing:
        _tell_of_payment(team, seat, now)
    else:
        succeed(team, Ending.FULL, by="", now=now)


def release_seat(*, order_number: str, now: datetime) -> None:
    """The order is given up unpaid: the seat is free. Where it led, the next paid member leads; a team that everybody
    has left is given up.
    """
    seat, team = _locked(order_number)
    if seat.status != SeatStatus.HELD:
        return
    seat.status, seat.released_at = SeatStatus.RELEASED, now
    led, seat.leads = seat.leads, False
    _save(seat)
    team.seats_taken -= 1
    team.save(update_fields=["seats_taken"])
    give_back(team, [seat])
    if led:
        _pass_on_the_lead(team, now)
    if team.status == TeamStatus.OPEN and not team.seats_taken:
        close(team, TeamStatus.GIVEN_UP, Ending.EMPTY, by="", now=now)


def _open(group_buy: GroupBuy, now: datetime) -> Team:
    due_at = now + timedelta(hours=group_buy.hours)
    if group_buy.ends_at is not None:
        due_at = min(due_at, group_buy.ends_at)
    return Team.objects.create(group_buy=group_buy, size=group_buy.size, seats_taken=1, opened_at=now, due_at=due_at)


def _join(team_id: int, member_id: int, now: datetime) -> Team:
    """The conditional update holds the team's row: who comes at the same time waits, and sees this seat."""
    if not _take_place(team_id, now):
        team = Team.objects.get(pk=team_id)
        raise TeamFull if team.status == TeamStatus.OPEN and now < team.due_at else TeamOver
    team = Team.objects.get(pk=team_id)
    if is_in(team, member_id):
        raise AlreadyInTeam
    return team


def _take_place(team_id: int, now: datetime) -> int:
    free = Team.objects.filter(pk=team_id, status=TeamStatus.OPEN, due_at__gt=now, seats_taken__lt=F("size"))
    return free.update(seats_taken=F("seats_taken") + 1)


def _count_member(group_buy: GroupBuy, member_id: int) -> int:
    with connection.cursor() as cursor:
        limits = {"group_buy": group_buy.pk, "member": member_id, "limit": group_buy.limit_per_member}
        cursor.execute(_COUNT_MEMBER, limits)
        return cursor.rowcount


def _locked(order_number: str) -> tuple[Seat, Team]:
    """The seat as it is under the lock of its team."""
    team = lock_team(Seat.objects.values_list("team_id", flat=True).get(order_number=order_number))
    return Seat.objects.get(order_number=order_number), team


def _save(seat: Seat) -> None:
    seat.save(update_fields=["status", "leads", "paid_at", "paid_fen", "released_at"])


def _takes_the_lead(seat: Seat) -> bool:
    """Who pays before the leader has takes the lead: a team is not led by an order that may never come about."""
    unpaid = Seat.objects.filter(team=seat.team_id, leads=True, status=SeatStatus.HELD).exclude(pk=seat.pk)
    return bool(unpaid.update(leads=False))


def _pass_on_the_lead(team: Team, now: datetime) -> None:
    """To who paid first, or to who holds a seat for longest while nobody has. They are told."""
    heirs = Seat.objects.filter(team=team, status__in=STANDING).select_related("member", "sku__product")
    heir = heirs.order_by(F("paid_at").asc(nulls_last=True), "pk").first()
    if heir is not None:
        Seat.objects.filter(pk=heir.pk).update(leads=True)
        tell_leads(heir, team=team, now=now)


def _tell_of_payment(team: Team, seat: Seat, now: datetime) -> None:
    if team.seats_paid == 1:
        tell_opened(seat, team=team, now=now)
        return
    others = [each for each in paid_seats(team) if each.pk != seat.pk]
    tell_joined(others, who=seat, team=team, now=now)
    if team.missing == 1:
        tell_missing([*others, seat], team=team, occasion="one", now=now)
