"""Scheduled work of this room."""

from datetime import datetime, timedelta

from points.mall.services.codes import retire_codes
from points.mall.services.sweeping import expire_vouchers, note_no_shows, remind_members
from points.mall.watching import refresh_alerts
from shop.core.jobs import Effect, job


@job("mall.sweep", every=timedelta(minutes=10))
def sweep(now: datetime) -> Effect:
    """Bookings that nobody came to, vouchers and codes that expired, and what runs out."""
    return {
        "missed": note_no_shows(now=now),
        "expired": expire_vouchers(now=now),
        "codes taken out": retire_codes(now=now),
        "low": refresh_alerts(now=now),
    }


@job("mall.remind", every=timedelta(minutes=30))
def remind(now: datetime) -> Effect:
    return {"reminded": remind_members(now=now)}
