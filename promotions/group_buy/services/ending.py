"""How teams end: full, completed, over, stopped, or left by everybody. Each is ended once, under its lock."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from promotions.campaigns.models import CampaignStatus
from promotions.group_buy.errors import CompletionNotAllowed, TeamNotFound, TeamNotOpen
from promotions.group_buy.facts import SeatFailed, SeatReleased, SeatSucceeded
from promotions.group_buy.locks import lock_team
from promotions.group_buy.models import Ending, GroupBuy, Seat, SeatStatus, Team, TeamStatus
from promotions.group_buy.notices import tell_closed, tell_failed, tell_missing, tell_succeeded
from promotions.group_buy.preferences import WARN_MINUTES
from promotions.group_buy.services.giving_back import give_back
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.transactions import use_case

SWEPT_AT_ONCE = 500
Completion = GroupBuy.Completion


@use_case
def complete_team(*, team_id: int, actor: Actor, now: datetime) -> Team:
    """Let a team succeed that is not full; seats that are held may still be paid. Completed already, it stays so.

    Raises TeamNotFound, TeamNotOpen, CompletionNotAllowed.
    """
    team = _locked(team_id)
    if team.status == TeamStatus.SUCCEEDED:
        return team
    if team.status != TeamStatus.OPEN:
        raise TeamNotOpen
    if team.group_buy.completion == Completion.NEVER or not team.seats_paid:
        raise CompletionNotAllowed
    succeed(team, Ending.BY_HAND, by=str(actor), now=now)
    return team


@use_case
def end_team(*, team_id: int, actor: Actor, now: datetime) -> Team:
    """Let a team fail before its time: who has paid is refunded. Raises TeamNotFound, TeamNotOpen once it succeeded."""
    team = _locked(team_id)
    if team.status == TeamStatus.SUCCEEDED:
        raise TeamNotOpen
    if team.status == TeamStatus.OPEN:
        fail(team, Ending.BY_HAND, by=str(actor), now=now)
    return team


def sweep_teams(*, now: datetime) -> dict[str, int]:
    """End the teams whose time is over or whose group buy was stopped, each in a transaction of its own."""
    due = Team.objects.filter(_due(now), status=TeamStatus.OPEN).order_by("due_at", "pk")
    effect = {"succeeded": 0, "failed": 0}
    for team_id in due.values_list("pk", flat=True)[:SWEPT_AT_ONCE]:
        status = _end_due(team_id=team_id, now=now)
        if status in effect:
            effect[status] += 1
    return effect


def warn_teams(*, now: datetime) -> int:
    """Tell the members of teams that will soon be over how many are missing; returns how many teams."""
    minutes = WARN_MINUTES.value()
    soon = Team.objects.filter(
        status=TeamStatus.OPEN,
        warned_at=None,
        seats_paid__gt=0,
        due_at__gt=now,
        due_at__lte=now + timedelta(minutes=minutes),
    )
    ids = soon.order_by("due_at", "pk").values_list("pk", flat=True)[:SWEPT_AT_ONCE]
    return sum(_warn(team_id=team_id, now=now) for team_id in ids) if minutes else 0


def succeed(team: Team, ending: Ending, *, by: str, now: datetime) -> None:
    """The locked team succeeds; inside the caller's transaction."""
    close(team, TeamStatus.SUCCEEDED, ending, by=by, now=now)
    seats = paid_seats(team)
    publish(*(SeatSucceeded(at=now, **named(seat)) for seat in seats))
    tell_succeeded(seats, team=team, now=now)


def fail(team: Team, ending: Ending, *, by: str, now: datetime) -> None:
    """The locked team fails: paid orders go back, unpaid ones are closed; inside the caller's transaction."""
    paid, held = paid_seats(team), _seats(team, SeatStatus.HELD)
    close(team, TeamStatus.FAILED if paid else TeamStatus.GIVEN_UP, ending, by=by, now=now)
    team.seats_taken -= len(held)
    team.save(update_fields=["seats_taken"])
    Seat.objects.filter(pk__in=[seat.pk for seat in held]).update(status=SeatStatus.RELEASED, released_at=now)
    give_back(team, [*paid, *held])
    publish(*(SeatFailed(late=False, at=now, **named(seat)) for seat in paid))
    publish(*(SeatReleased(at=now, **named(seat)) for seat in held))
    tell_failed(paid, team=team, now=now)
    tell_closed(held, team=team, now=now)


def close(team: Team, status: TeamStatus, ending: Ending, *, by: str, now: datetime) -> None:
    team.status, team.ending, team.ended_by, team.ended_at = status, ending, by[:80], now
    team.save(update_fields=["status", "ending", "ended_by", "ended_at"])


def _due(now: datetime) -> Q:
    return Q(due_at__lte=now) | Q(group_buy__status=CampaignStatus.ENDED)


@use_case
def _end_due(*, team_id: int, now: datetime) -> str:
    """One that another worker is ending, or whose last seat is being paid at this moment, is left for the next time."""
    waiting = Team.objects.filter(_due(now), pk=team_id, status=TeamStatus.OPEN).select_related("group_buy")
    team = waiting.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
    if team is None:
        return ""
    ending = Ending.TIME if team.due_at <= now else Ending.STOPPED
    enough = team.group_buy.completes_from
    if ending == Ending.TIME and enough is not None and team.seats_paid >= enough:
        succeed(team, ending, by="", now=now)
    else:
        fail(team, ending, by="", now=now)
    return team.status


@use_case
def _warn(*, team_id: int, now: datetime) -> bool:
    """In the second half of its life: who has just opened it need not be told that it is new."""
    waiting = Team.objects.filter(pk=team_id, status=TeamStatus.OPEN, warned_at=None).select_related("group_buy")
    team = waiting.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
    if team is None or now - team.opened_at < team.due_at - now:
        return False
    team.warned_at = now
    team.save(update_fields=["warned_at"])
    tell_missing(paid_seats(team), team=team, occasion="soon", now=now)
    return True


def paid_seats(team: Team) -> list[Seat]:
    return _seats(team, SeatStatus.PAID)


def _seats(team: Team, status: SeatStatus) -> list[Seat]:
    """With what members are told of."""
    return list(team.seats.filter(status=status).select_related("member", "sku__product"))


def named(seat: Seat) -> dict[str, Any]:
    """What every fact of it says."""
    return {"order_number": seat.order_number, "member_id": seat.member_id, "team_id": seat.team_id}


def _locked(team_id: int) -> Team:
    try:
        return lock_team(team_id)
    except Team.DoesNotExist as error:
        raise TeamNotFound from error
