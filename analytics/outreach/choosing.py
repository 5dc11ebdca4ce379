"""Who gets something of a plan, who is held out, and why the others are left out: one statement for preview and run.

The draw of the control group follows from plan and member alone: whoever is held out once always is, and a larger
share only adds to it. Where a budget leaves room for some only, the same draw says who.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import CharField, Value

from analytics.outreach.models import Arm, Contact, Plan, Run
from analytics.outreach.notices import OUTREACH
from analytics.outreach.preferences import CAP_DAYS, CAP_TIMES
from analytics.outreach.whom import members_aimed_at
from members.notifications.reachable import reachability

DAY = timedelta(days=1)
SHOWN = 10
# More than there are people.
ANY_NUMBER = 2**60
# Reached, or about to be.
COUNTING = ("waiting", "done", "undone")

_JUDGED = """
WITH given AS (
    SELECT %s::bigint AS plan, %s::timestamptz AS now, %s::timestamptz AS rested, %s::timestamptz AS capped,
        %s::bigint AS times, %s::bigint AS control_bp, %s::bigint AS room
), aimed (member_id, reach) AS ({aimed}), drawn AS (
    SELECT member_id, reach, ('x' || substr(md5(plan || ':' || member_id), 1, 15))::bit(60)::bigint AS draw
    FROM aimed CROSS JOIN given
), judged AS (
    SELECT member_id, draw, CASE
        WHEN reach <> '' THEN reach
        WHEN EXISTS (
            SELECT FROM outreach_contact known WHERE known.plan_id = plan AND known.member_id = drawn.member_id
            AND known.chosen_at > rested AND known.status <> 'cancelled'
        ) THEN 'recent'
        WHEN times <= (
            SELECT count(*) FROM outreach_contact known
            WHERE known.member_id = drawn.member_id AND known.chosen_at > capped
            AND known.status IN ('waiting', 'done', 'undone')
        ) THEN 'cap'
        WHEN draw %% 10000 < control_bp THEN 'control'
        ELSE 'treated' END AS verdict
    FROM drawn CROSS JOIN given
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY verdict ORDER BY draw, member_id) AS place FROM judged
), final AS (
    SELECT member_id, draw, place, CASE WHEN verdict = 'treated' AND place > room THEN 'budget' ELSE verdict END
        AS verdict
    FROM placed CROSS JOIN given
)"""
_WRITTEN = """, written AS (
    INSERT INTO outreach_contact (run_id, plan_id, member_id, arm, status, reason, chosen_at, coupon_number, points)
    SELECT %s, plan, member_id, verdict, CASE verdict WHEN 'control' THEN 'held_out' ELSE 'waiting' END, '', now, '', 0
    FROM final CROSS JOIN given WHERE verdict IN ('treated', 'control') ORDER BY draw, member_id
)"""
_COUNTED = """
SELECT verdict, count(*), coalesce(array_agg(member_id ORDER BY place) FILTER (WHERE place <= %s), '{}')
FROM final GROUP BY verdict
"""
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('outreach:choose', 0))"
# Of a large audience; nobody waits for it.
_PATIENCE = "SET LOCAL statement_timeout = '540s'"


@dataclass(frozen=True)
class Choice:
    """How many are to be reached and held out; the others by reason; some of those to be reached."""

    treated: int
    control: int
    left_out: Mapping[str, int]
    sample: Sequence[int]

    @property
    def everybody(self) -> int:
        return self.treated + self.control + sum(self.left_out.values())


def foresee(plan: Plan, *, now: datetime) -> Choice:
    """Whom a run at this moment would choose; nothing is written."""
    return _choose(plan, None, now)


def choose(run: Run, *, now: datetime) -> Choice | None:
    """Write down whom the run reaches and whom it holds out. Inside the caller's transaction.

    One at a time, whatever the plan: what others have just chosen counts towards the caps. None while another is at it,
    which may take longer than anybody should hold a run and its plan.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(_PATIENCE)
    return _choose(run.plan, run, now)


def room_of(plan: Plan) -> int | None:
    """How many more people the plan may reach by its budget and without approval; None for any number."""
    limits = [limit for limit in (plan.most_people, plan.ceiling) if limit is not None]
    if plan.points and plan.most_points is not None:
        limits.append(plan.most_points // plan.points)
    if plan.coupon_template_id and plan.most_coupons is not None:
        limits.append(plan.most_coupons)
    if not limits:
        return None
    used = Contact.objects.filter(plan=plan, arm=Arm.TREATED, status__in=COUNTING).count() if plan.pk else 0
    return max(min(limits) - used, 0)


def _choose(plan: Plan, run: Run | None, now: datetime) -> Choice:
    reach = reachability(OUTREACH) if plan.speaks else Value("", output_field=CharField())
    members = members_aimed_at(plan, now=now).order_by().annotate(reach=reach).values_list("pk", "reach")
    try:
        aimed, parameters = members.query.sql_with_params()
    except EmptyResultSet:
        return Choice(0, 0, {}, ())
    room = room_of(plan)
    given: list[Any] = [
        plan.pk or 0,
        now,
        now - plan.rest_days * DAY,
        now - CAP_DAYS.value() * DAY,
        CAP_TIMES.value(),
        plan.control_bp,
        ANY_NUMBER if room is None else room,
        *parameters,
    ]
    statement = _JUDGED.format(aimed=aimed)
    if run is not None:
        statement += _WRITTEN
        given.append(run.pk)
    with connection.cursor() as cursor:
        cursor.execute(statement + _COUNTED, [*given, SHOWN])
        found = {verdict: (count, sample) for verdict, count, sample in cursor.fetchall()}
    treated, sample = found.pop(Arm.TREATED, (0, []))
    control = found.pop(Arm.CONTROL, (0, []))[0]
    return Choice(treated, control, {reason: count for reason, (count, _sample) in sorted(found.items())}, sample)
