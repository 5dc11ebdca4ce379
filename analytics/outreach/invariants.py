"""Laws of outreach."""

from django.db import connection
from django.db.models import Count, F, Q

from analytics.outreach.choosing import COUNTING
from analytics.outreach.models import Contact, ContactStatus, Plan, Run, RunStatus

SHOWN = 20
_STRAY = """
SELECT contact.id FROM outreach_contact contact JOIN outreach_plan plan ON plan.id = contact.plan_id
WHERE contact.status = 'done' AND (
    plan.coupon_template_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM coupons_coupon coupon WHERE coupon.number = contact.coupon_number
    ) OR contact.points > 0 AND NOT EXISTS (
        SELECT FROM ledger_pointtransaction booked
        WHERE booked.reference = 'outreach:' || contact.run_id || ':' || contact.member_id
        AND booked.points = contact.points
    )
) ORDER BY contact.id LIMIT %s
"""


def budgets_are_kept() -> list[str]:
    counted = Count("pk", filter=Q(status__in=COUNTING, arm="treated"))
    reached = dict(Contact.objects.order_by().values_list("plan").annotate(n=counted).values_list("plan", "n"))
    found = []
    for plan in Plan.objects.filter(pk__in=reached).order_by("pk"):
        people = reached[plan.pk]
        points, coupons = people * plan.points, people if plan.coupon_template_id else 0
        limits = ((plan.most_people, people), (plan.most_points, points), (plan.most_coupons, coupons))
        if any(most is not None and has > most for most, has in limits):
            found.append(f"plan {plan.pk} has reached {people} members, which is more than its budget")
    return found[:SHOWN]


def runs_count_their_members() -> list[str]:
    chosen = Run.objects.exclude(chosen_at=None).annotate(
        has_treated=Count("contacts", filter=Q(contacts__arm="treated")),
        has_control=Count("contacts", filter=Q(contacts__arm="control")),
    )
    # Accounts that became one have one place in a run.
    wrong = chosen.filter(Q(has_treated__gt=F("treated")) | Q(has_control__gt=F("control")))
    return [f"run {run.pk} has more members than it has chosen" for run in wrong.order_by("pk")[:SHOWN]]


def runs_that_are_over_wait_for_nobody() -> list[str]:
    over = Contact.objects.filter(
        status=ContactStatus.WAITING, run__status__in=[RunStatus.DONE, RunStatus.STOPPED, RunStatus.UNDONE]
    )
    return [f"{contact} still waits" for contact in over.order_by("pk")[:SHOWN]]


def what_was_given_is_there() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_STRAY, [SHOWN])
        return [f"contact {pk} is done, but its coupon or points are not there" for (pk,) in cursor.fetchall()]


LAWS = (
    budgets_are_kept,
    runs_count_their_members,
    runs_that_are_over_wait_for_nobody,
    what_was_given_is_there,
)
