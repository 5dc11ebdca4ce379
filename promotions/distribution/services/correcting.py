"""Ranks of a rewarded period are counted again, and a person brings rewards to what they say now.

Awards stay as they were given: a correction is a row of its own with an entry of its own, whichever way it goes; money
that was spent is owed, and so are points. Always: what a distributor has had for a period is never less than nothing.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from members.identity.models import Member
from points.ledger.queries import kept_of, transaction_of
from points.ledger.services import claw_back, grant
from promotions.distribution.errors import RanksChanged
from promotions.distribution.ledger import Move, book
from promotions.distribution.locks import lock_board
from promotions.distribution.models import (
    AwardCorrection,
    Distributor,
    EntryKind,
    Leaderboard,
    RankAward,
    RankReward,
    Standing,
)
from promotions.distribution.notices import tell_corrected
from promotions.distribution.ranking import Rank, days_of, ranks
from promotions.distribution.services.awarding import SOURCE, reference_of
from shop.core.actors import Actor
from shop.core.transactions import use_case


@dataclass(frozen=True)
class Worth:
    fen: int = 0
    points: int = 0

    def __add__(self, other: "Worth") -> "Worth":
        return Worth(self.fen + other.fen, self.points + other.points)

    def __sub__(self, other: "Worth") -> "Worth":
        return Worth(self.fen - other.fen, self.points - other.points)


@dataclass(frozen=True)
class Difference:
    """A distributor has had `given` for a period whose ranks now say `due`; ranks are None for who had or has none."""

    distributor: Distributor
    rank_then: int | None
    rank_now: int | None
    value_now: int
    given: Worth
    due: Worth

    @property
    def change(self) -> Worth:
        return self.due - self.given


def differences_of(*, board: Leaderboard, first_day: date) -> list[Difference]:
    """Between what was given for a rewarded period and what its orders say now, by rank.

    A rank is worth what was given for it, or what the board says where nobody had it. Who is paused or
    blocked, or has left, is due nothing more.
    """
    awards = list(board.awards.filter(first_day=first_day).order_by("rank"))
    if not awards:
        return []
    given, rank_then = _given(board, first_day, awards)
    now = {each.distributor_id: each for each in _ranks_now(board, first_day, awards)}
    worth = _worth_of_ranks(board, awards)
    sellers = Distributor.objects.select_related("member").in_bulk({*given, *now})
    found = []
    for pk in [*given, *(pk for pk in now if pk not in given)]:
        place, had = now.get(pk), given.get(pk, Worth())
        due = worth.get(place.rank, Worth()) if place else Worth()
        if sellers[pk].standing != Standing.ACTIVE or sellers[pk].member.status != Member.Status.ACTIVE:
            due = Worth(min(due.fen, had.fen), min(due.points, had.points))
        if due != had:
            rank, value = (place.rank, place.value) if place else (None, 0)
            found.append(Difference(sellers[pk], rank_then.get(pk), rank, value, had, due))
    return found


@use_case
def correct_awards(
    *, board_id: int, first_day: date, changes: Mapping[int, Worth], reason: str, actor: Actor, now: datetime
) -> list[AwardCorrection]:
    """Book the differences of these distributors, as somebody has just seen them. Raises RanksChanged."""
    board = lock_board(pk=board_id)
    found = {each.distributor.pk: each for each in differences_of(board=board, first_day=first_day)}
    wanted = [found[pk] for pk in changes if pk in found and found[pk].change == changes[pk]]
    if len(wanted) != len(changes):
        raise RanksChanged
    made = [
        AwardCorrection.objects.create(
            leaderboard=board,
            first_day=first_day,
            distributor=each.distributor,
            rank_now=each.rank_now,
            value_now=each.value_now,
            reward_fen=each.change.fen,
            points=each.change.points,
            reason=reason,
            corrected_by=str(actor)[:80],
            corrected_at=now,
        )
        for each in sorted(wanted, key=lambda each: each.distributor.pk)
    ]
    book([_move(each, actor) for each in made], now=now)
    # Accounts of commission before those of points.
    for each in sorted(made, key=lambda row: row.distributor.member_id):
        _correct_points(each, now)
    for row in made:
        seen = found[row.distributor_id]
        before, after = (seen.given.fen, seen.given.points), (seen.due.fen, seen.due.points)
        tell_corrected(row, before=before, after=after, now=now)
    return made


def correction_reference(row: AwardCorrection) -> str:
    return f"correction:{row.leaderboard_id}:{row.first_day}:{row.pk}"


def _given(board: Leaderboard, first_day: date, awards: list[RankAward]) -> tuple[dict[int, Worth], dict[int, int]]:
    """What each has had so far, corrections included, and the best rank that they had; accounts become one at times."""
    given, rank_then = defaultdict[int, Worth](Worth), dict[int, int]()
    for award in awards:
        given[award.distributor_id] += Worth(award.reward_fen, award.points)
        rank_then.setdefault(award.distributor_id, award.rank)
    for row in board.corrections.filter(first_day=first_day):
        given[row.distributor_id] += Worth(row.reward_fen, row.points)
    return dict(given), rank_then


def _ranks_now(board: Leaderboard, first_day: date, awards: list[RankAward]) -> list[Rank]:
    most = max([each.rank for each in awards] + [each.last_rank for each in board.rewards.all()])
    least, end_day = min(each.least for each in awards), days_of(board.period, first_day)[1]
    return ranks(measure=board.measure, first_day=first_day, end_day=end_day, least=least, most=most)


def _worth_of_ranks(board: Leaderboard, awards: list[RankAward]) -> dict[int, Worth]:
    found = {rank: _worth(each) for each in board.rewards.all() for rank in range(each.first_rank, each.last_rank + 1)}
    return found | {each.rank: _worth(each) for each in awards}


def _worth(row: RankAward | RankReward) -> Worth:
    return Worth(row.reward_fen, row.points)


def _move(row: AwardCorrection, actor: Actor) -> Move:
    kind = EntryKind.AWARDED if row.reward_fen > 0 else EntryKind.RESCINDED
    return Move(row.distributor_id, kind, abs(row.reward_fen), correction_reference(row), actor=actor)


def _correct_points(row: AwardCorrection, now: datetime) -> None:
    reference = correction_reference(row)
    if row.points > 0:
        member_id = row.distributor.member_id
        grant(reference=reference, member_id=member_id, points=row.points, source=SOURCE, now=now, matures_at=now)
    missing = -row.points
    for of in _grants_of(row) if missing > 0 else []:
        granted = transaction_of(reference=of)
        share = min(missing, kept_of(granted)) if granted else 0
        if share:
            claw_back(of=of, reference=f"{of}:{row.pk}", points=share, now=now)
        missing -= share


def _grants_of(row: AwardCorrection) -> list[str]:
    """Under what the distributor was given points for the period, the latest first."""
    period = {"leaderboard": row.leaderboard_id, "first_day": row.first_day, "distributor": row.distributor_id}
    again = AwardCorrection.objects.filter(**period, points__gt=0).order_by("-pk")
    awards = RankAward.objects.filter(**period, points__gt=0).order_by("-pk")
    return [*map(correction_reference, again), *map(reference_of, awards)]
