"""The points ledger by day: opening + earned + by hand − used − expired − taken back − void = closing, always.

What members have is the other side of what the shop gave out: each transaction sums to zero.
"""

from datetime import date

from django.db import connection

from shop.core.clock import day_bounds
from shop.core.transactions import use_case

_COUNT = """
WITH moved AS (
    SELECT (booked.at AT TIME ZONE 'Asia/Shanghai')::date AS day, entry.bucket, sum(entry.amount)::bigint AS points
    FROM ledger_pointentry entry JOIN ledger_pointtransaction booked ON booked.id = entry.transaction_id
    WHERE booked.at < %(until)s
        AND entry.bucket IN ('issued', 'adjusted', 'spent', 'expired', 'clawed_back', 'voided', 'transferred')
    GROUP BY 1, 2
), days AS (
    SELECT day,
        coalesce(-sum(points) FILTER (WHERE bucket = 'issued'), 0) AS earned,
        coalesce(-sum(points) FILTER (WHERE bucket = 'adjusted'), 0) AS by_hand,
        coalesce(sum(points) FILTER (WHERE bucket IN ('spent', 'transferred')), 0) AS used,
        coalesce(sum(points) FILTER (WHERE bucket = 'expired'), 0) AS expired,
        coalesce(sum(points) FILTER (WHERE bucket = 'clawed_back'), 0) AS clawed_back,
        coalesce(sum(points) FILTER (WHERE bucket = 'voided'), 0) AS voided,
        -sum(points) AS change
    FROM moved GROUP BY day
)
INSERT INTO buyers_pointsday (day, earned, by_hand, used, expired, clawed_back, voided, closing)
SELECT day, earned, by_hand, used, expired, clawed_back, voided, sum(change) OVER (ORDER BY day) FROM days
"""


@use_case
def count_points(*, day: date) -> int:
    """Up to the end of `day`; returns for how many days something moved."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE buyers_pointsday IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM buyers_pointsday")
        cursor.execute(_COUNT, {"until": day_bounds(day)[1]})
        return cursor.rowcount
