"""New rules of expiry: a new version each time, looked at before it is saved. Points already granted keep theirs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from points.ledger.calendar import day_of, expiry
from points.ledger.errors import ExpiryPolicyInvalid
from points.ledger.models import ExpiryPolicy, ExpiryVersion
from points.ledger.policies import terms_of
from points.ledger.queries import points_worth_fen
from shop.core.actors import Actor
from shop.core.clock import day_bounds
from shop.core.transactions import use_case

_LEAP_YEAR = 2028
# Whoever is active prolongs all of their points under inactivity, so that those count from the day of the account.
_DAYS = """
SELECT DISTINCT (CASE WHEN %(by_activity)s THEN account.active_at ELSE lot.earned_at END
    AT TIME ZONE 'Asia/Shanghai')::date
FROM ledger_pointlot lot JOIN ledger_pointaccount account USING (member_id)
    JOIN ledger_expiryversion version ON version.id = lot.expiry_id
WHERE lot.remaining > lot.held AND (lot.expires_at IS NULL OR lot.expires_at > %(now)s)
    AND version.policy_id = %(policy)s
"""
_OUTLOOK = """
SELECT asked.expires_at, count(DISTINCT lot.member_id), sum(lot.remaining - lot.held)::bigint
FROM ledger_pointlot lot JOIN ledger_pointaccount account USING (member_id)
    JOIN ledger_expiryversion version ON version.id = lot.expiry_id
    JOIN unnest(%(days)s::date[], %(expiries)s::timestamptz[]) AS asked(day, expires_at)
        ON asked.day = (CASE WHEN %(by_activity)s THEN account.active_at ELSE lot.earned_at END
            AT TIME ZONE 'Asia/Shanghai')::date
WHERE lot.remaining > lot.held AND (lot.expires_at IS NULL OR lot.expires_at > %(now)s)
    AND version.policy_id = %(policy)s
GROUP BY asked.expires_at ORDER BY asked.expires_at
"""


@dataclass(frozen=True)
class Outlook:
    """What would expire at an instant, or never: how many members, how many points, and what those are worth."""

    expires_at: datetime | None
    members: int
    points: int
    worth_fen: int


@use_case
def change_policy(*, policy_id: int, version: ExpiryVersion, actor: Actor, now: datetime) -> ExpiryVersion:
    """Save a new version of a policy, for points granted from now on. Raises ExpiryPolicyInvalid."""
    return _save(ExpiryPolicy.objects.get(pk=policy_id), version, actor=actor, now=now)


@use_case
def create_policy(*, name: str, version: ExpiryVersion, actor: Actor, now: datetime) -> ExpiryVersion:
    """A policy of its own for a rule or a campaign. Raises ExpiryPolicyInvalid, also where the name is taken."""
    try:
        with transaction.atomic():
            policy = ExpiryPolicy.objects.create(name=name)
    except IntegrityError as error:
        raise ExpiryPolicyInvalid from error
    return _save(policy, version, actor=actor, now=now)


def preview_policy(*, policy_id: int | None, version: ExpiryVersion, now: datetime) -> list[Outlook]:
    """When the points that members have under a policy would expire, had they been granted under this version.

    Those under the default policy, where there is none yet. Points keep their expiry whatever is saved: it shows
    what the rules would mean to members who earn as they have earned. Raises ExpiryPolicyInvalid.
    """
    policy = ExpiryPolicy.objects.get(is_default=True) if policy_id is None else ExpiryPolicy.objects.get(pk=policy_id)
    check(version, is_default=policy_id is not None and policy.is_default)
    asked: dict[str, Any] = {"policy": policy.pk, "now": now, "by_activity": version.kind == "inactivity"}
    days = [day for (day,) in _rows(_DAYS, asked)]
    return list(_outlook(version, days, asked))


def check(version: ExpiryVersion, *, is_default: bool) -> None:
    """Raises ExpiryPolicyInvalid. The default policy has no fixed date: points would have nowhere to go after it."""
    cut_off = (version.cut_off_month, version.cut_off_day)
    days = [(version.month, version.day)] + ([cut_off] if cut_off != (None, None) else [])
    complete = all(month is not None and day is not None and _exists(month, day) for month, day in days)
    dated = version.kind != ExpiryVersion.Kind.FIXED or (version.last_day is not None and not is_default)
    if not (complete and dated and 1 <= version.months <= 600):
        raise ExpiryPolicyInvalid


def _exists(month: int, day: int) -> bool:
    return 1 <= month <= 12 and day >= 1 and day_of(_LEAP_YEAR, month, day).day == day


def _save(policy: ExpiryPolicy, version: ExpiryVersion, *, actor: Actor, now: datetime) -> ExpiryVersion:
    check(version, is_default=policy.is_default)
    version.pk, version.policy, version.actor, version.created_at = None, policy, str(actor)[:80], now
    version.save(force_insert=True)
    return version


def _outlook(version: ExpiryVersion, days: Sequence[date], asked: dict[str, Any]) -> Iterator[Outlook]:
    terms = terms_of(version)
    expiries = [expiry(terms, granted_at=day_bounds(day)[0]) for day in days]
    for expires_at, members, points in _rows(_OUTLOOK, {**asked, "days": list(days), "expiries": expiries}):
        yield Outlook(expires_at, members, points, points_worth_fen(points))


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
