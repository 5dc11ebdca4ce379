"""The demo shop's buyers as of yesterday, thirty days of stages before, and one segment by filter."""

from datetime import datetime, timedelta

from analytics.buyers.models import SegmentFilter, StageDay
from analytics.buyers.services import (
    count_cohorts,
    count_points,
    count_products,
    fill_segments,
    save_filter,
    score_members,
    work_out_returns,
)
from analytics.buyers.services.filters import refresh_filters
from shop.core.actors import Actor
from shop.core.clock import business_day

DAYS = {"small": 3, "full": 30}
MANAGER = Actor.staff("operator")


def load(*, size: str, now: datetime) -> str:
    if StageDay.objects.exists():
        return "buyers are known"
    yesterday = business_day(now) - timedelta(days=1)
    for days in range(DAYS[size] - 1, -1, -1):
        score_members(day=yesterday - timedelta(days=days))
    fill_segments(now=now)
    save_filter(
        filter_id=None,
        name="茶友回购人群",
        description="一年内下单两次以上",
        criteria={"orders_from": 2},
        actor=MANAGER,
        now=now,
    )
    refresh_filters(now=now)
    counted = count_cohorts() + count_points(day=yesterday) + count_products(day=yesterday)
    return f"{counted} figures, {work_out_returns(now=now)} campaigns, {SegmentFilter.objects.count()} filter"
