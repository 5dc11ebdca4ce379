"""Scheduled work of this room."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from members.identity.services import erase_due, forget_phone_codes, forget_sessions, move_strays
from shop.core.jobs import job


@job("identity.tidy", at=(3, 40))
def tidy(now: datetime) -> Mapping[str, int]:
    return {
        "phone_codes": forget_phone_codes(before=now - timedelta(days=2)),
        "sessions": forget_sessions(before=now - timedelta(days=30)),
    }


@job("identity.erase_cancelled", at=(4, 20))
def erase_cancelled(now: datetime) -> Mapping[str, int]:
    return erase_due(now=now)


@job("identity.move_strays", every=timedelta(minutes=10))
def move_strays_on(now: datetime) -> Mapping[str, int]:
    return {"moved": move_strays(now=now)}
