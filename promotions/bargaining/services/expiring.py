"""The clock ends attempts; this only tells members, before it does and once it has."""

from datetime import datetime, timedelta

from django.db.models import F, Q

from promotions.bargaining.models import AttemptStatus, Bargain, BargainAttempt
from promotions.bargaining.notices import tell_ending, tell_expired
from promotions.bargaining.preferences import REMIND_MINUTES
from promotions.bargaining.queries import open_at
from promotions.campaigns.models import CampaignStatus
from promotions.campaigns.queries import live_at
from shop.core.transactions import use_case

BATCH = 500


def expire_attempts(*, now: datetime, batches: int = 100) -> int:
    """Those whose time is over, and those of bargains that have ended early. Returns how many members were told."""
    expired = 0
    for _ in range(batches):
        count = _expire_batch(now=now)
        expired += count
        if count < BATCH:
            break
    return expired


def remind_members(*, now: datetime, batches: int = 100) -> int:
    """Those whose attempts will soon be over, once each. Returns how many."""
    minutes = REMIND_MINUTES.value()
    reminded = 0
    for _ in range(batches if minutes else 0):
        count = _remind_batch(ahead=timedelta(minutes=minutes), now=now)
        reminded += count
        if count < BATCH:
            break
    return reminded


@use_case
def _expire_batch(*, now: datetime) -> int:
    over = Q(expires_at__lte=now) | Q(bargain__status=CampaignStatus.ENDED)
    due = BargainAttempt.objects.filter(over, status=AttemptStatus.OPEN).select_related("bargain")
    attempts = list(due.order_by("pk").select_for_update(no_key=True, skip_locked=True, of=("self",))[:BATCH])
    keys = [each.pk for each in attempts]
    BargainAttempt.objects.filter(pk__in=keys).update(status=AttemptStatus.EXPIRED)
    for attempt in attempts:
        tell_expired(attempt, now=now)
    return len(attempts)


@use_case
def _remind_batch(*, ahead: timedelta, now: datetime) -> int:
    soon = Q(expires_at__lte=now + ahead, expires_at__gte=F("started_at") + 2 * ahead, reminded_at=None)
    running = Bargain.objects.filter(live_at(now))
    due = BargainAttempt.objects.filter(open_at(now) & soon, bargain__in=running).select_related("bargain")
    attempts = list(due.order_by("pk").select_for_update(no_key=True, skip_locked=True, of=("self",))[:BATCH])
    BargainAttempt.objects.filter(pk__in=[each.pk for each in attempts]).update(reminded_at=now)
    for attempt in attempts:
        tell_ending(attempt, now=now)
    return len(attempts)
