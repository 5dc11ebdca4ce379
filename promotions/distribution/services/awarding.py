"""When a period is over its ranks are rewarded, once: money as commission, points as points."""

from datetime import date, datetime, timedelta

from points.ledger.services import grant
from promotions.distribution.ledger import Move, book
from promotions.distribution.models import Distributor, EntryKind, Leaderboard, RankAward, RankReward, Standing
from promotions.distribution.notices import tell_awarded
from promotions.distribution.preferences import AWARD_DAYS
from promotions.distribution.ranking import Rank, days_of, ranks, running_boards
from shop.core.clock import business_day
from shop.core.transactions import use_case

SOURCE = "leaderboard"


def award_due(*, now: datetime) -> int:
    """Reward the ranks of every period that ended long enough ago; returns how many."""
    today = business_day(now - timedelta(days=AWARD_DAYS.value()))
    rewarded = 0
    for board in running_boards():
        end_day = days_of(board.period, today)[0]
        first_day = days_of(board.period, end_day - timedelta(days=1))[0]
        if first_day >= days_of(board.period, board.since)[0]:
            rewarded += award(board_id=board.pk, first_day=first_day, end_day=end_day, now=now)
    return rewarded


@use_case
def award(*, board_id: int, first_day: date, end_day: date, now: datetime) -> int:
    """Reward the ranks of one period, if they were not; who was paused or has left gets nothing, and keeps the rank."""
    board = Leaderboard.objects.select_for_update(no_key=True).get(pk=board_id)
    rewards = list(board.rewards.all())
    if not rewards or RankAward.objects.filter(leaderboard=board, first_day=first_day).exists():
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
    seller = Distributor.objects.filter(pk=rank.distributor_id, standing=Standing.ACTIVE).first()
    if reward is None or seller is None:
        return None
    return RankAward(
        leaderboard=board,
        first_day=first_day,
        rank=rank.rank,
        distributor=seller,
        value=rank.value,
        reward_fen=reward.reward_fen,
        points=reward.points,
        awarded_at=now,
    )


def _give(awards: list[RankAward], now: datetime) -> None:
    """Accounts of commission before those of points."""
    book([Move(each.distributor_id, EntryKind.AWARDED, each.reward_fen, _reference(each)) for each in awards], now=now)
    for each in sorted(awards, key=lambda award: award.distributor.member_id):
        if each.points:
            grant(
                reference=_reference(each),
                member_id=each.distributor.member_id,
                points=each.points,
                source=SOURCE,
                now=now,
                matures_at=now,
            )
        tell_awarded(each, now=now)


def _reference(award: RankAward) -> str:
    return f"leaderboard:{award.leaderboard_id}:{award.first_day}:{award.rank}"
