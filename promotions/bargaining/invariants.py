"""Laws of bargains on live data."""

from django.db import connection
from django.db.models import Count, F, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from promotions.bargaining.models import STANDING, Bargain, BargainAttempt, BargainTally, Cut
from promotions.campaigns.models import PUBLISHED

SHOWN = 20

# The plan is the way to the floor, what is cut is the part of it that was taken, and cuts took each step once.
_ATTEMPTS = """
SELECT attempt.id, attempt.plan, attempt.position, attempt.cut_fen, made.steps, made.fen
FROM bargaining_bargainattempt attempt
CROSS JOIN LATERAL (
    SELECT coalesce(sum(cut.steps), 0) AS steps, coalesce(sum(cut.fen), 0) AS fen,
        count(*) FILTER (WHERE cut.fen <> (
            SELECT sum(step) FROM unnest(attempt.plan[cut.position + 1:cut.position + cut.steps]) step
        )) AS wrong
    FROM bargaining_cut cut WHERE cut.attempt_id = attempt.id
) made
WHERE (SELECT sum(step) FROM unnest(attempt.plan) step) <> attempt.list_fen - attempt.floor_fen
    OR attempt.cut_fen <> (SELECT coalesce(sum(step), 0) FROM unnest(attempt.plan[1:attempt.position]) step)
    OR made.steps <> attempt.position OR made.fen <> attempt.cut_fen OR made.wrong > 0
ORDER BY attempt.id LIMIT %s
"""


def cuts_are_the_plan_as_far_as_it_was_taken() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_ATTEMPTS, [SHOWN])
        wrong = cursor.fetchall()
    return [
        f"attempt {pk}: {position} of {len(plan)} steps and {cut_fen} fen taken, {steps} and {fen} in cuts"
        for pk, plan, position, cut_fen, steps, fen in wrong
    ]


def bargains_count_what_orders_took() -> list[str]:
    standing = BargainAttempt.objects.filter(bargain=OuterRef("pk"), status__in=STANDING).order_by().values("bargain")
    units = Subquery(standing.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    fen = Subquery(standing.annotate(n=Sum("discount_fen")).values("n"), output_field=IntegerField())
    rows = Bargain.objects.annotate(units=Coalesce(units, 0), fen=Coalesce(fen, 0))
    budgeted = Q(budget_fen__isnull=False, status__in=PUBLISHED)
    wrong = rows.filter(~Q(taken=F("units")) | budgeted & ~Q(spent_fen=F("fen"))).order_by("pk")
    return [
        f"bargain {row.pk}: {row.taken} taken and {row.spent_fen} fen spent, {row.units} and {row.fen} in orders"
        for row in wrong[:SHOWN]
    ]


def tallies_count_attempts_and_helps() -> list[str]:
    """One account that was two may have counted more than is left of both, never less."""
    attempts = BargainAttempt.objects.filter(bargain=OuterRef("bargain"), member=OuterRef("member"))
    helps = Cut.objects.filter(attempt__bargain=OuterRef("bargain"), helper=OuterRef("member"), is_own=False)
    started = attempts.order_by().values("bargain").annotate(n=Count("pk")).values("n")
    helped = helps.order_by().values("attempt__bargain").annotate(n=Count("pk")).values("n")
    rows = BargainTally.objects.annotate(started=Coalesce(Subquery(started), 0), helped=Coalesce(Subquery(helped), 0))
    wrong = rows.filter(Q(attempts__lt=F("started")) | Q(helps__lt=F("helped"))).order_by("pk")
    return [
        f"bargain {row.bargain_id}, member {row.member_id}: {row.attempts} attempts and {row.helps} helps counted,"
        f" {row.started} and {row.helped} made"
        for row in wrong[:SHOWN]
    ]


LAWS = (cuts_are_the_plan_as_far_as_it_was_taken, bargains_count_what_orders_took, tallies_count_attempts_and_helps)
