"""Laws of what was worked out."""

from django.db import connection
from django.db.models import Sum

from analytics.buyers.models import BuyerProfile, CohortMonth, PointsDay, StageDay

SHOWN = 20
_BROKEN_CHAIN = """
SELECT day, closing, before + earned + by_hand - used - expired - clawed_back - voided AS expected FROM (
    SELECT *, coalesce(lag(closing) OVER (ORDER BY day), 0) AS before FROM buyers_pointsday
) AS days
WHERE closing <> before + earned + by_hand - used - expired - clawed_back - voided ORDER BY day LIMIT %s
"""


def points_flow_from_day_to_day() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_BROKEN_CHAIN, [SHOWN])
        rows = cursor.fetchall()
    return [f"{day}: {closing} points at the end, {expected} by what came and went" for day, closing, expected in rows]


def points_end_with_what_the_ledger_has() -> list[str]:
    """As of the last day that was counted, by the shop's side of the ledger up to then."""
    last = PointsDay.objects.order_by("-day").first()
    if last is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(amount), 0)::bigint FROM ledger_pointentry entry"
            " JOIN ledger_pointtransaction booked ON booked.id = entry.transaction_id"
            " WHERE (booked.at AT TIME ZONE 'Asia/Shanghai')::date <= %s"
            " AND entry.bucket IN ('available', 'pending', 'held', 'debt')",
            [last.day],
        )
        [has] = cursor.fetchone()
    return [] if has == last.closing else [f"{last.day}: {last.closing} points counted, the ledger has {has}"]


def stages_hold_every_profile_once() -> list[str]:
    last = StageDay.objects.order_by("-day").first()
    if last is None:
        return []
    counted = StageDay.objects.filter(day=last.day).aggregate(n=Sum("members", default=0))["n"]
    # Who left or merged since is gone from the profiles already.
    profiles = BuyerProfile.objects.count()
    return [f"{profiles} profiles, {counted} in the stages of {last.day}"] if profiles > counted else []


def nobody_returns_who_never_came() -> list[str]:
    sizes = dict(CohortMonth.objects.filter(months=0).values_list("cohort", "buyers"))
    rows = CohortMonth.objects.exclude(months=0).order_by("cohort", "months")
    wrong = [row for row in rows if row.buyers > sizes.get(row.cohort, 0)]
    return [f"cohort {row.cohort}: {row.buyers} of {sizes.get(row.cohort, 0)} came back" for row in wrong[:SHOWN]]


LAWS = (
    points_flow_from_day_to_day,
    points_end_with_what_the_ledger_has,
    stages_hold_every_profile_once,
    nobody_returns_who_never_came,
)
