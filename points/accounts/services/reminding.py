"""Members who are about to lose points are told: how many, until which second, once per expiry day and stage."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import F

from members.notifications.services import notify
from points.accounts.models import ExpiryReminder, ReminderRound
from points.accounts.notices import EXPIRING
from points.accounts.preferences import stages
from shop.core.clock import SHANGHAI, business_day, day_bounds
from shop.core.transactions import use_case

BATCH = 200
# Lots that can be spent now and are gone at the end of one of the days; an instant of expiry is the first too late.
_DAYS = """
SELECT DISTINCT ((expires_at - interval '1 microsecond') AT TIME ZONE 'Asia/Shanghai')::date
FROM ledger_pointlot WHERE remaining > held AND is_mature AND expires_at > %s AND expires_at <= %s ORDER BY 1
"""
# Along the index of what members have left, from where the last batch ended.
_NEXT = """
INSERT INTO accounts_expiryreminder (round_id, member_id, points, last_valid_at, told_at)
SELECT %(round)s, lot.member_id, sum(lot.remaining - lot.held), min(lot.expires_at) - interval '1 second', %(now)s
FROM ledger_pointlot lot JOIN identity_member member ON member.id = lot.member_id AND member.status = 'active'
WHERE lot.member_id > %(after)s AND lot.remaining > lot.held AND lot.is_mature AND lot.expires_at > %(now)s
    AND lot.expires_at > %(start)s AND lot.expires_at <= %(end)s
    AND NOT EXISTS (SELECT FROM accounts_expiryreminder told
        WHERE told.round_id = %(round)s AND told.member_id = lot.member_id)
GROUP BY lot.member_id ORDER BY lot.member_id LIMIT %(batch)s
RETURNING id
"""


def remind_due(*, now: datetime, batch_size: int = BATCH) -> int:
    """Tell everybody whose points come to a stage today; returns how many.

    Each batch commits on its own: a run that dies goes on where it stopped, and a stage whose day was missed is made
    up for while the points live.
    """
    told = 0
    for last_day, stage in _due(now):
        opened = ReminderRound.objects.get_or_create(last_day=last_day, stage=stage, defaults={"started_at": now})[0]
        after = 0
        while True:
            count, after = remind_batch(round_id=opened.pk, after=after, now=now, batch_size=batch_size)
            told += count
            if count < batch_size:
                break
    return told


@use_case
def remind_batch(*, round_id: int, after: int, now: datetime, batch_size: int) -> tuple[int, int]:
    """Tell the next members after that one; returns how many, and the last of them. Rounds run one at a time."""
    opened = ReminderRound.objects.select_for_update(no_key=True).get(pk=round_id)
    new = _write(opened, after=after, now=now, batch_size=batch_size)
    for reminder in new:
        reminder.notification_id = notify(
            event=EXPIRING,
            member_id=reminder.member_id,
            context={"points": reminder.points, "last_valid_at": _shown(reminder.last_valid_at), "days": opened.stage},
            dedupe_key=f"{opened.last_day}:{opened.stage}",
            now=now,
        )
    ExpiryReminder.objects.bulk_update(new, ["notification"])
    if new:
        ReminderRound.objects.filter(pk=opened.pk).update(
            members=F("members") + len(new),
            points=F("points") + sum(reminder.points for reminder in new),
            finished_at=now,
        )
    return len(new), max((reminder.member_id for reminder in new), default=after)


def _due(now: datetime) -> Iterator[tuple[date, int]]:
    """Expiry days within reach, each with the nearest stage that has come."""
    known = stages()
    if not known:
        return
    today = business_day(now)
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, [now, day_bounds(today + timedelta(days=known[-1]))[1]])
        days = [row[0] for row in cursor.fetchall()]
    for last_day in days:
        ahead = (last_day - today).days
        yield last_day, next(stage for stage in known if stage >= ahead)


def _write(opened: ReminderRound, *, after: int, now: datetime, batch_size: int) -> list[ExpiryReminder]:
    start, end = day_bounds(opened.last_day)
    with connection.cursor() as cursor:
        cursor.execute(
            _NEXT,
            {"round": opened.pk, "after": after, "now": now, "start": start, "end": end, "batch": batch_size},
        )
        written = [row[0] for row in cursor.fetchall()]
    return list(ExpiryReminder.objects.filter(pk__in=written).order_by("member_id"))


def _shown(instant: datetime) -> str:
    """To the second: what counts is the last one."""
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
