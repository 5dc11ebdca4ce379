"""What the ledger of growth says of the days that an evaluation asks about, for any number of members at once."""

from collections.abc import Mapping
from datetime import date

from django.db import connection

from members.tiers.arrays import arrays
from members.tiers.calendar import DAY
from members.tiers.engine import Growth, Question

_ALL_TIME = date.min
_SUMS = """
    SELECT asked.member_id,
        coalesce(sum(entry.amount) FILTER (WHERE entry.earned_on >= asked.window_first), 0)::bigint,
        min(entry.earned_on) FILTER (WHERE entry.earned_on >= asked.window_first),
        coalesce(sum(entry.amount) FILTER (
            WHERE entry.earned_on >= asked.kept_first AND entry.earned_on < asked.kept_after), 0)::bigint,
        coalesce(sum(entry.amount) FILTER (WHERE entry.earned_on >= asked.qualified_from), 0)::bigint
    FROM unnest(%s::bigint[], %s::date[], %s::date[], %s::date[], %s::date[])
        AS asked(member_id, window_first, kept_first, kept_after, qualified_from)
    JOIN tiers_growthentry entry ON entry.member_id = asked.member_id
        AND entry.earned_on >= least(asked.window_first, asked.kept_first, asked.qualified_from)
        AND entry.earned_on < %s
    GROUP BY asked.member_id
"""


def growth_of(questions: Mapping[int, Question], *, today: date) -> dict[int, Growth]:
    """The answers by member id. Who has no growth in these days has no answer."""
    asked = arrays([(member_id, *_days(each)) for member_id, each in questions.items()])
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [*asked, today + DAY])
        return {row[0]: Growth(*row[1:]) for row in cursor.fetchall()}


def _days(question: Question) -> tuple[date, date, date, date]:
    kept_after = question.kept_after or _ALL_TIME
    kept_first = _ALL_TIME if question.kept_after and question.kept_first is None else question.kept_first or date.max
    return (question.window_first or _ALL_TIME, kept_first, kept_after, question.qualified_from or _ALL_TIME)
