"""What came of a plan or of one of its runs, read from orders, messages and events as they are now.

Each member counts once, from the first time that the plan chose them: later choices depend on what the plan did, and
would no longer be a fair draw. Everybody who was drawn counts, also who was to be reached and was not in the end;
leaving them out would compare those who stayed with a control group that nobody has sifted. Only who was still waiting
when the plan was stopped is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Sum

from analytics.buyers.purchases import PURCHASES
from analytics.events.names import CLICK, PAGE_VIEW
from analytics.outreach.lift import Difference, Part, Verdict, means_differ, shares_differ, verdict
from analytics.outreach.models import Arm, Contact, ContactStatus, Plan, Run
from points.ledger.preferences import POINTS_PER_YUAN
from promotions.coupons.models import Coupon
from promotions.coupons.models.coupons import CouponStatus

DAY = timedelta(days=1)
_DRAWN = """
WITH drawn AS (
    SELECT DISTINCT ON (member_id) id, member_id, arm, status, chosen_at, notification_id,
        chosen_at + make_interval(days => %(window)s) AS ends_at
    FROM outreach_contact
    WHERE plan_id = %(plan)s AND (%(run)s::bigint IS NULL OR run_id = %(run)s)
    AND status IN ('held_out', 'done', 'skipped', 'undone')
    ORDER BY member_id, chosen_at, id
)"""
_BOUGHT = f"""{_DRAWN}, bought AS (
    SELECT drawn.id, count(*) AS orders, sum(net_fen)::bigint AS net_fen, min(paid_at) AS first_at
    FROM drawn JOIN ({PURCHASES}) AS purchase ON purchase.member_id = drawn.member_id
    AND purchase.paid_at >= chosen_at AND purchase.paid_at < ends_at
    GROUP BY drawn.id
)"""
_PARTS = f"""{_BOUGHT}
SELECT arm, count(*), count(bought.id), coalesce(sum(orders), 0)::bigint, coalesce(sum(net_fen), 0)::bigint,
    coalesce(sum(net_fen::double precision ^ 2), 0), count(*) FILTER (WHERE ends_at > %(now)s)
FROM drawn LEFT JOIN bought USING (id) GROUP BY arm
"""
_BY_DAY = f"""{_BOUGHT}
SELECT arm, floor(extract(epoch FROM first_at - chosen_at) / 86400)::int AS day, count(*)
FROM drawn JOIN bought USING (id) GROUP BY 1, 2
"""
_SEEN = f"""{_DRAWN}, reached AS (SELECT * FROM drawn WHERE status IN ('done', 'undone')), watched AS (
    SELECT DISTINCT reached.id FROM reached JOIN events_event event ON event.member_id = reached.member_id
    AND event.at >= reached.chosen_at AND event.at < reached.ends_at
    WHERE event.campaign = %(campaign)s AND event.name IN ('{PAGE_VIEW}', '{CLICK}') AND NOT event.is_bot
    AND event.at >= (SELECT min(chosen_at) FROM drawn) AND event.at < (SELECT max(ends_at) FROM drawn)
)
SELECT count(*), count(*) FILTER (WHERE told.in_inbox OR EXISTS (
        SELECT FROM notifications_delivery sent WHERE sent.notification_id = told.id AND sent.status = 'sent'
    )), count(*) FILTER (WHERE told.read_at IS NOT NULL OR watched.id IS NOT NULL), count(watched.id)
FROM reached LEFT JOIN notifications_notification told ON told.id = reached.notification_id
LEFT JOIN watched ON watched.id = reached.id
"""


@dataclass(frozen=True)
class Seen:
    """Of those who were reached: to whom a message came through, who opened it, who came by it."""

    reached: int
    delivered: int
    opened: int
    clicked: int


@dataclass(frozen=True)
class Cost:
    """What used coupons took off, and the points that were given, with what they are worth."""

    coupons_given: int
    coupons_used: int
    coupons_fen: int
    points: int

    @property
    def points_fen(self) -> int:
        return self.points * 100 // POINTS_PER_YUAN.value()

    @property
    def total_fen(self) -> int:
        return self.coupons_fen + self.points_fen


@dataclass(frozen=True)
class Result:
    """`open_windows` are members whose days of counting are not over; `by_day` are buyers so far after so many days."""

    treated: Part
    control: Part
    seen: Seen
    cost: Cost
    open_windows: int
    by_day: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def bought(self) -> Difference | None:
        return shares_differ(self.treated, self.control)

    @property
    def paid(self) -> Difference | None:
        return means_differ(self.treated, self.control)

    @property
    def verdict(self) -> Verdict:
        return verdict(self.treated, self.control)


def result_of(plan: Plan, *, now: datetime, run: Run | None = None) -> Result:
    """Five queries, whatever the number of members."""
    asked: dict[str, Any] = {
        "plan": plan.pk,
        "run": run.pk if run else None,
        "window": plan.window_days,
        "campaign": plan.campaign,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, asked)
        rows = {arm: (Part(*figures), open_windows) for arm, *figures, open_windows in cursor.fetchall()}
        cursor.execute(_SEEN, asked)
        seen = Seen(*cursor.fetchone())
        cursor.execute(_BY_DAY, asked)
        by_day = _added_up(cursor.fetchall(), plan.window_days)
    nobody = (Part(), 0)
    treated, control = rows.get(Arm.TREATED, nobody), rows.get(Arm.CONTROL, nobody)
    return Result(treated[0], control[0], seen, _cost(plan, run), treated[1] + control[1], by_day)


def reasons_of(run: Run) -> dict[str, int]:
    """Why members were not reached, by how many: those who were left out, and those who fell away later."""
    found = dict(run.left_out)
    skipped = run.contacts.filter(status=ContactStatus.SKIPPED).order_by("reason")
    for reason, count in skipped.values_list("reason").annotate(n=Count("pk")):
        found[reason] = found.get(reason, 0) + count
    cancelled = run.contacts.filter(status=ContactStatus.CANCELLED).count()
    return found | ({"cancelled": cancelled} if cancelled else {})


def _added_up(rows: Sequence[tuple[str, int, int]], days: int) -> dict[str, list[int]]:
    found = {arm: [0] * days for arm in (Arm.TREATED.value, Arm.CONTROL.value)}
    for arm, day, count in rows:
        for later in range(day, days):
            found[arm][later] += count
    return found


def _cost(plan: Plan, run: Run | None) -> Cost:
    """Of everybody who got something, however often."""
    given = Contact.objects.filter(plan=plan, arm=Arm.TREATED, status=ContactStatus.DONE)
    if run is not None:
        given = given.filter(run=run)
    points = given.aggregate(n=Sum("points", default=0))["n"]
    coupons = Coupon.objects.filter(number__in=given.exclude(coupon_number="").values("coupon_number"))
    used = coupons.filter(status=CouponStatus.USED).aggregate(n=Count("pk"), fen=Sum("cost_fen", default=0))
    return Cost(coupons.count(), used["n"], used["fen"], points)
