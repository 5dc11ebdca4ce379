"""Time as the gateways write it: RFC 3339 in China Standard Time, whole seconds."""

from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


def china_time(instant: float) -> str:
    """Render seconds since the epoch, as in 2026-01-31T18:30:00+08:00."""
    return datetime.fromtimestamp(int(instant), CHINA).isoformat()


def parse_instant(text: object) -> float | None:
    """Read an RFC 3339 instant with its offset; None when the text is not one."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None
