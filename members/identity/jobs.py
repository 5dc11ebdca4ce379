"""Scheduled work of this room."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from members.identity.services import forget_phone_codes, forget_sessions
from shop.core.jobs import job


@job("identity.tidy", at=(3, 40))
def tidy(now: datetime) -> Mapping[str, int]:
    return {
        "phone_codes": forget_phone_codes(before=now - timedelta(days=2)),
        "sessions": forget_sessions(before=now - timedelta(days=30)),
    }
