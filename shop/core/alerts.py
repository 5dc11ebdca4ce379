"""Alerts on the admin's home: raised once per cause, gone when the cause is gone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shop.core.models import Alert


def raise_alert(
    *,
    cause: str,
    message: str,
    now: datetime,
    data: Mapping[str, Any] | None = None,
    link: str = "",
    permission: str = "",
) -> None:
    """Raise or refresh the alert of `cause`.

    `message` is an English msgid with `{placeholders}` filled from `data` when shown, in the reader's language.
    Only staff with `permission` (`app.codename`) see it; without one every member of staff does.
    """
    Alert.objects.update_or_create(
        cause=cause,
        defaults={"message": message, "data": dict(data or {}), "link": link, "permission": permission},
        create_defaults={
            "message": message,
            "data": dict(data or {}),
            "link": link,
            "permission": permission,
            "raised_at": now,
        },
    )


def alert_while(
    count: int,
    *,
    cause: str,
    message: str,
    now: datetime,
    data: Mapping[str, Any] | None = None,
    link: str = "",
    permission: str = "",
) -> None:
    """Alert of the `{count}` things that wait, and no longer than any do; the rest as in `raise_alert`."""
    if not count:
        clear_alert(cause=cause)
        return
    told = {"count": count} | dict(data or {})
    raise_alert(cause=cause, message=message, data=told, link=link, permission=permission, now=now)


def clear_alert(*, cause: str) -> None:
    Alert.objects.filter(cause=cause).delete()


def clear_alerts(*, prefix: str, keep: set[str]) -> None:
    """Clear the alerts whose cause starts with `prefix` and is not in `keep`."""
    Alert.objects.filter(cause__startswith=prefix).exclude(cause__in=keep).delete()
