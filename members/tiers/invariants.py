"""Laws of tiers on live data."""

from typing import Any

from django.db import connection
from django.db.models import Exists, F, Min, OuterRef, Q, Sum
from django.db.models.functions import Coalesce

from members.tiers.models import GrowthEntry, MemberTier, TierPolicy
from members.tiers.rules import rules_of_version

SHOWN = 20
_COUNTED = """
    SELECT row.member_id, row.growth, coalesce(sum(entry.amount), 0)::bigint AS summed
    FROM tiers_membertier row
    JOIN unnest(%s::bigint[], %s::date[], %s::date[]) AS span(policy_id, first, last)
        ON span.policy_id = row.policy_id AND span.last = row.counted_on
    LEFT JOIN tiers_growthentry entry
        ON entry.member_id = row.member_id AND entry.earned_on BETWEEN span.first AND span.last
    GROUP BY row.member_id HAVING row.growth <> coalesce(sum(entry.amount), 0) ORDER BY row.member_id LIMIT %s
"""
_GAPS = """
    SELECT member_id, from_tier_id, before FROM (
        SELECT id, member_id, from_tier_id, lag(to_tier_id) OVER (PARTITION BY member_id ORDER BY id) AS before
        FROM tiers_tierchange) AS steps
    WHERE before <> from_tier_id ORDER BY id LIMIT %s
"""
_ENDS = """
    SELECT row.member_id, row.tier_id, last.to_tier_id
    FROM (SELECT DISTINCT ON (member_id) member_id, to_tier_id FROM tiers_tierchange ORDER BY member_id, id DESC) last
    LEFT JOIN tiers_membertier row USING (member_id)
    WHERE row.tier_id IS DISTINCT FROM last.to_tier_id LIMIT %s
"""


def growth_is_the_ledger_over_the_window() -> list[str]:
    """As of the day on which it was counted, under the rules by which it was counted."""
    spans = MemberTier.objects.order_by().values_list("policy_id", "counted_on").distinct()
    windows = [(version, rules_of_version(version).window_first(day), day) for version, day in spans]
    versions, firsts, lasts = (list(column) for column in zip(*windows, strict=True)) if windows else ([], [], [])
    rows = _rows(_COUNTED, versions, [first or "-infinity" for first in firsts], lasts, SHOWN)
    return [f"member {member}: growth {growth}, ledger {summed}" for member, growth, summed in rows]


def refunds_take_no_more_than_was_earned() -> list[str]:
    """And out of the day and the member of the earning."""
    over = (
        GrowthEntry.objects.filter(refunds__isnull=False)
        .annotate(left=F("amount") + Sum("refunds__amount"))
        .filter(left__lt=0)
        .values_list("reference", "left")
    )
    astray = GrowthEntry.objects.filter(of__isnull=False).exclude(of__member=F("member"), of__earned_on=F("earned_on"))
    return [f"growth {reference}: {-left} too much taken back" for reference, left in over[:SHOWN]] + [
        f"growth {reference} is not taken from the day of its earning"
        for reference in astray.values_list("reference", flat=True)[:SHOWN]
    ]


def history_has_no_gaps_and_ends_at_the_tier() -> list[str]:
    return [
        f"member {member}: a change from tier {tier} follows one to tier {before}"
        for member, tier, before in _rows(_GAPS, SHOWN)
    ] + [f"member {member}: holds tier {tier}, history ends at {last}" for member, tier, last in _rows(_ENDS, SHOWN)]


def whoever_earned_growth_has_a_standing() -> list[str]:
    rows = GrowthEntry.objects.filter(~Exists(MemberTier.objects.filter(pk=OuterRef("member_id"))))
    members = rows.order_by("member_id").values_list("member_id", flat=True).distinct()
    return [f"member {member} has growth but no standing" for member in members[:SHOWN]]


def every_version_has_a_lowest_tier() -> list[str]:
    lowest = TierPolicy.objects.annotate(lowest=Coalesce(Min("requirements__threshold"), -1))
    return [f"tier rules {policy.pk}: no tier asks for nothing" for policy in lowest.filter(~Q(lowest=0))[:SHOWN]]


LAWS = (
    growth_is_the_ledger_over_the_window,
    refunds_take_no_more_than_was_earned,
    history_has_no_gaps_and_ends_at_the_tier,
    whoever_earned_growth_has_a_standing,
    every_version_has_a_lowest_tier,
)


def _rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
