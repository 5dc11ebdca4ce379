"""Scheduled work of this room. Settling is the orders' to start: they know what is just coming back."""

from datetime import datetime, timedelta

from promotions.distribution.preferences import REJOINED_DAYS
from promotions.distribution.services.awarding import award_due
from promotions.distribution.services.forgetting import forget_phones
from promotions.distribution.services.paying_out import refresh_due_payouts
from promotions.distribution.services.settling import release_due
from shop.core.jobs import Effect, job


@job("distribution.release", every=timedelta(minutes=10))
def release(now: datetime) -> Effect:
    return {"succeeded": release_due(now=now)}


@job("distribution.forget_phones", at=(3, 50))
def forget(now: datetime) -> Effect:
    return {"forgotten": forget_phones(before=now - timedelta(days=REJOINED_DAYS.value()))}


@job("distribution.watch_payouts", every=timedelta(minutes=1))
def watch_payouts(now: datetime) -> Effect:
    return refresh_due_payouts(now=now)


@job("distribution.award_ranks", at=(4, 20))
def award_ranks(now: datetime) -> Effect:
    return {"rewarded": award_due(now=now)}
