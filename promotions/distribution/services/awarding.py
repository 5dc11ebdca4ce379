"""When a period is over its ranks are rewarded, once: money as commission, points as points.

A board knows until which day it has rewarded: whatever nights were missed, no period is left out and none comes twice.
"""

from datetime import date, datetime, timedelta

from members.identity.models import Member
from points.ledger.services import grant
from promotions.distribution.ledger import Move, book
from promotions.distribution.models import Distributor, EntryKind, Leaderboard, RankAward, RankReward, Standing
from promotions.distribution.notices import tell_awarded
from promotions.distribution.preferences import AWARD_DAYS
from promotions.distribution.ranking import Rank, days_of, ranks
from shop.core.clock import business_day
from shop.core.transactions import use_case

SOURCE = "leaderboard"


def award_due(*, now: datetime) -> int:
    """Reward the ranks of every period that ended long enough ago and was not rewarded yet; returns how many."""
    last = business_day(now - timedelta(days=AWARD_DAYS.value()))
    rewarded = 0
    for board in Leaderboard.objects.order_by("pk"):
        first_day, end_day = days_of(board.period, board.rewarded_until)
        while end_day <= last:
            rewarded += award(board_id=board.pk, first_day=first_day, end_day=end_day, now=now)
            first_day, end_day = days_of(board.period, end_day)
    return rewarded


@use_case
def award(*, board_id: int, first_day: date, end_day: date, now: datetime) -> int:
    """Reward the ranks of one period, if they were not; whoever is paused or blocked, or has left,
    gets nothing and keeps the rank.

    What falls due while a board does not run passes without reward.
    """
    due = Leaderboard.objects.filter(pk=board_id, rewarded_until__gte=first_day, rewarded_until__lt=end_day)
    if not due.update(rewarded_until=end_day):
        return 0
    board = Leaderboard.objects.get(pk=board_id)
    rewards = list(board.rewards.all()) if board.is_running else []
    if not rewards:
        return 0
    most = max(each.last_rank for each in rewards)
    found = ranks(measure=board.measure, first_day=first_day, end_day=end_day, least=board.least, most=most)
    made = [_made(board, first_day, each, rewards, now) for each in found]
    given = RankAward.objects.bulk_create([each for each in made if each is not None])
    _give(given, now)
    return len(given)


def _made(
    board: Leaderboard, first_day: date, rank: Rank, rewards: list[RankReward], now: datetime
) -> RankAward | None:
    reward = next((each for each in rewards if each.first_rank <= rank.rank <= each.last_rank), None)
    sells = {"standing": Standing.ACTIVE, "member__status": Member.Status.ACTIVE}
    seller = Distributor.objects.filter(pk=rank.distributor_id, **sells).first()
    if reward is None or seller is None:
        return None
    return RankAward(
        leaderboard=board,
        first_day=first_day,
        rank=rank.rank,
        distributor=seller,
        value=rank.value,
        least=board.least,
        reward_fen=reward.reward_fen,
        points=reward.points,
        awarded_at=now,
    )


def _give(awards: list[RankAward], now: datetime) -> None:
    """Accounts of commission before those of points."""
    moves = [Move(each.distributor_id, EntryKind.AWARDED, each.reward_fen, reference_of(each)) for each in awards]
    book(moves, now=now)
    for each in sorted(awards, key=lambda award: award.distributor.member_id):
        if each.points:
            grant(
                reference=reference_of(each),
                member_id=each.distributor.member_id,
                points=each.points,
                source=SOURCE,
                now=now,
                matures_at=now,
            )
        tell_awarded(each, now=now)


def reference_of(award: RankAward) -> str:
    return f"leaderboard:{award.leaderboard_id}:{award.first_day}:{award.rank}"
