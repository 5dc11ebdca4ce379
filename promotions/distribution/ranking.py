"""Who has sold most between two days: one pass over an index that holds all that is asked for."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet, Sum

from promotions.distribution.errors import LeaderboardNotFound
from promotions.distribution.models import Distributor, Leaderboard, Measure, Period, RankAward, Sale
from shop.core.clock import business_day

SHOWN = 50
_SUMS = {Measure.SALES: Sum("left_fen"), Measure.ORDERS: Count("*"), Measure.POINTS: Sum("points")}


@dataclass(frozen=True)
class Rank:
    rank: int
    distributor_id: int
    value: int


def running_boards() -> QuerySet[Leaderboard]:
    return Leaderboard.objects.filter(is_running=True).prefetch_related("rewards")


def board_of(boards: list[Leaderboard], *, pk: int | None) -> Leaderboard | None:
    """The one that is asked for, else the first. Raises LeaderboardNotFound."""
    if pk is None:
        return boards[0] if boards else None
    found = next((board for board in boards if board.pk == pk), None)
    if found is None:
        raise LeaderboardNotFound
    return found


def days_of(period: str, day: date) -> tuple[date, date]:
    """The first day of the period that holds `day`, and the first one after it. Weeks begin on Monday."""
    if period == Period.WEEK:
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=7)
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def ranks(*, measure: str, first_day: date, end_day: date, least: int = 1, most: int = SHOWN) -> list[Rank]:
    """The best, who joined first coming first where two have the same; one query."""
    rows = _counted(first_day, end_day).order_by().values("distributor").annotate(value=_SUMS[Measure(measure)])
    best = rows.filter(value__gte=least).order_by("-value", "distributor").values_list("distributor", "value")
    return [Rank(place, distributor, value) for place, (distributor, value) in enumerate(best[:most], start=1)]


def rewarded_on(day: date) -> list[tuple[Leaderboard, date]]:
    """Boards with the first day of the period that holds `day`, where its ranks have been rewarded."""
    since = day - timedelta(days=31)
    awards = RankAward.objects.filter(first_day__lte=day, first_day__gte=since).order_by("leaderboard", "first_day")
    found = list(awards.values_list("leaderboard", "first_day").distinct())
    boards = Leaderboard.objects.in_bulk({pk for pk, _first_day in found})
    return [(boards[pk], first_day) for pk, first_day in found if days_of(boards[pk].period, first_day)[1] > day]


def leaderboard_of(*, board: Leaderboard, seller: Distributor, now: datetime) -> dict[str, Any]:
    """The board's present period, with the distributor's own place where they have one; two queries, or three for who
    is not among the best.
    """
    first_day, end_day = days_of(board.period, business_day(now))
    found = ranks(measure=board.measure, first_day=first_day, end_day=end_day, least=board.least)
    rows = Distributor.objects.filter(pk__in=[each.distributor_id for each in found]).select_related("member")
    sellers = {row.pk: row for row in rows}
    mine = next((each for each in found if each.distributor_id == seller.pk), None)
    return {
        "board": board,
        "first_day": first_day,
        "last_day": end_day - timedelta(days=1),
        "ranks": [(each, sellers[each.distributor_id].member) for each in found],
        "own_rank": mine.rank if mine else None,
        "own_value": mine.value if mine else _own_value(seller, board.measure, first_day, end_day),
    }


def _own_value(seller: Distributor, measure: str, first_day: date, end_day: date) -> int:
    mine = _counted(first_day, end_day).filter(distributor=seller)
    return mine.aggregate(value=_SUMS[Measure(measure)])["value"] or 0


def _counted(first_day: date, end_day: date) -> QuerySet[Sale]:
    """As the index `sale_ranking` has them."""
    clear = Sale.objects.filter(review=Sale.Review.CLEAR, left_fen__gt=0)
    return clear.filter(sold_on__gte=first_day, sold_on__lt=end_day)
