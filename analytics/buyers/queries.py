"""Reads of what the nights have worked out; none of them looks at orders or at the ledger itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Avg, Count, F, QuerySet, Sum

from analytics.buyers.models import (
    BuyerProfile,
    CampaignReturn,
    CohortMonth,
    PointsDay,
    ProductDay,
    RepurchaseDay,
    Stage,
    StageDay,
    StageMove,
)
from promotions.distribution.models import Distributor, Measure
from promotions.distribution.ranking import ranks
from shop.catalog.models import Product

WHOLE_BP = 10_000
MOST_COHORTS = 24


class Rank(NamedTuple):
    """`value` is money in fen; `units` what it was for, where that is counted."""

    place: int
    id: int
    name: str
    units: int | None
    value_fen: int


@dataclass(frozen=True)
class PointsFlow:
    """opening + earned + by_hand − used − expired − clawed_back − voided = closing."""

    opening: int
    earned: int = 0
    by_hand: int = 0
    used: int = 0
    expired: int = 0
    clawed_back: int = 0
    voided: int = 0

    @property
    def closing(self) -> int:
        came = self.opening + self.earned + self.by_hand
        return came - self.used - self.expired - self.clawed_back - self.voided


@dataclass(frozen=True)
class Cohort:
    """Buyers whose first purchase fell into `month`; `returned` holds, month by month since, how many of them bought.

    The last of them may be a month that is not over.
    """

    month: date
    size: int
    returned: Sequence[int]
    net_fen: int


def stages_at(day: date | None) -> dict[str, int]:
    """Members by stage at the end of the day, or of the last one that is known."""
    days = StageDay.objects.all() if day is None else StageDay.objects.filter(day__lte=day)
    last = days.order_by("-day").values("day")[:1]
    found = dict(StageDay.objects.filter(day=last).values_list("stage", "members"))
    return {stage: found.get(stage, 0) for stage in Stage.values}


def stages_by_day(*, first: date, last: date) -> dict[date, dict[str, int]]:
    rows = StageDay.objects.filter(day__gte=first, day__lte=last).order_by("day")
    found: dict[date, dict[str, int]] = {}
    for day, stage, members in rows.values_list("day", "stage", "members"):
        found.setdefault(day, {})[stage] = members
    return found


def moves(*, first: date, last: date) -> list[dict[str, Any]]:
    """How many went from which stage to which."""
    between = StageMove.objects.filter(day__gte=first, day__lte=last).order_by()
    counted = between.values("came_from", "went_to").annotate(members=Count("pk"))
    return [dict(row) for row in counted.order_by("-members", "came_from", "went_to")]


def scored() -> list[dict[str, Any]]:
    """Buyers by R and F, with their mean spending in a year."""
    rows = BuyerProfile.objects.filter(recency__isnull=False).order_by()
    counted = rows.values("recency", "frequency").annotate(members=Count("pk"), mean_fen=Avg("spent_fen"))
    return [dict(row) for row in counted.order_by("recency", "frequency")]


def repurchase(day: date | None = None) -> list[RepurchaseDay]:
    """The windows as of the last day that is known, the past year first."""
    days = RepurchaseDay.objects.all() if day is None else RepurchaseDay.objects.filter(day__lte=day)
    last = days.order_by("-day").values("day")[:1]
    return list(RepurchaseDay.objects.filter(day=last).order_by("window"))


def cohorts(*, first: date | None = None, last: date | None = None, most: int = MOST_COHORTS) -> list[Cohort]:
    """The latest first; between two months where they are given."""
    rows = CohortMonth.objects.order_by("cohort", "months")
    if first is not None:
        rows = rows.filter(cohort__gte=first.replace(day=1))
    if last is not None:
        rows = rows.filter(cohort__lte=last)
    by_month: dict[date, list[CohortMonth]] = {}
    for row in rows:
        by_month.setdefault(row.cohort, []).append(row)
    return [_cohort(month, cells) for month, cells in sorted(by_month.items(), reverse=True)[:most]]


def _cohort(month: date, cells: Sequence[CohortMonth]) -> Cohort:
    buyers = {cell.months: cell.buyers for cell in cells}
    returned = [buyers.get(number, 0) for number in range(1, max(buyers) + 1)]
    return Cohort(month, buyers[0], returned, sum(cell.net_fen for cell in cells))


def points_flow(*, first: date, last: date) -> PointsFlow:
    before = PointsDay.objects.filter(day__lt=first).order_by("-day").values_list("closing", flat=True).first()
    names = ("earned", "by_hand", "used", "expired", "clawed_back", "voided")
    moved = PointsDay.objects.filter(day__gte=first, day__lte=last)
    return PointsFlow(before or 0, **moved.aggregate(**{name: Sum(name, default=0) for name in names}))


def points_by_day(*, first: date, last: date) -> QuerySet[PointsDay]:
    return PointsDay.objects.filter(day__gte=first, day__lte=last).order_by("day")


def best_products(*, first: date, last: date, most: int = 20) -> list[Rank]:
    sold = ProductDay.objects.filter(day__gte=first, day__lte=last).order_by()
    best = sold.values("product").annotate(sold=Sum("units"), fen=Sum("net_fen")).order_by("-fen", "product")[:most]
    names = Product.objects.in_bulk([row["product"] for row in best])
    return [
        Rank(place, row["product"], names[row["product"]].name, row["sold"], row["fen"])
        for place, row in enumerate(best, 1)
    ]


def best_buyers(*, most: int = 20) -> list[Rank]:
    """By what they spent in the past year."""
    rows = BuyerProfile.objects.filter(spent_fen__gt=0).select_related("member").order_by("-spent_fen", "pk")[:most]
    return [Rank(place, row.pk, str(row.member), row.orders, row.spent_fen) for place, row in enumerate(rows, 1)]


def best_distributors(*, first: date, end: date, most: int = 20) -> list[Rank]:
    """By what was sold through them and not paid back, `end` being the first day that does not count."""
    found = ranks(measure=Measure.SALES, first_day=first, end_day=end, most=most)
    names = Distributor.objects.select_related("member").in_bulk([each.distributor_id for each in found])
    return [
        Rank(each.rank, each.distributor_id, str(names[each.distributor_id].member), None, each.value) for each in found
    ]


def returns() -> QuerySet[CampaignReturn]:
    """What cost most first."""
    return CampaignReturn.objects.order_by("-cost_fen", F("starts_at").desc(), "pk")


def share_bp(part: int, whole: int) -> int:
    return part * WHOLE_BP // whole if whole else 0
