"""Cohorts by the month of the first purchase, counted anew each night: refunds change the past."""

from django.db import connection

from analytics.buyers.purchases import PURCHASES
from shop.core.transactions import use_case

_COUNT = f"""
WITH dated AS (
    SELECT member_id, net_fen, date_trunc('month', paid_at AT TIME ZONE 'Asia/Shanghai')::date AS month
    FROM ({PURCHASES}) AS purchase
), firsts AS (
    SELECT *, min(month) OVER (PARTITION BY member_id) AS cohort FROM dated
)
INSERT INTO buyers_cohortmonth (cohort, months, buyers, orders, net_fen)
SELECT cohort, (extract(year FROM age(month, cohort)) * 12 + extract(month FROM age(month, cohort)))::int AS months,
    count(DISTINCT member_id), count(*), sum(net_fen)::bigint
FROM firsts GROUP BY 1, 2
"""


@use_case
def count_cohorts() -> int:
    """Returns how many cells there are."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE buyers_cohortmonth IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM buyers_cohortmonth")
        cursor.execute(_COUNT)
        return cursor.rowcount
