"""The night's work: everything as of the end of yesterday."""

from datetime import datetime, timedelta

from analytics.buyers.services import (
    count_cohorts,
    count_points,
    count_products,
    fill_segments,
    refresh_filters,
    score_members,
    work_out_returns,
)
from shop.core.clock import business_day
from shop.core.jobs import Effect, job

COUNT_JOB = "buyers.count"


@job("buyers.score", at=(2, 10))
def score(now: datetime) -> Effect:
    effect = dict(score_members(day=business_day(now) - timedelta(days=1)))
    fill_segments(now=now)
    return effect


@job("buyers.fill_filters", at=(2, 40))
def fill_filters(now: datetime) -> Effect:
    return {"evaluated": refresh_filters(now=now)}


@job(COUNT_JOB, at=(3, 0))
def count(now: datetime) -> Effect:
    yesterday = business_day(now) - timedelta(days=1)
    counted = count_cohorts() + count_points(day=yesterday) + count_products(day=yesterday)
    return {"evaluated": counted + work_out_returns(now=now)}
