"""The chains that start on a day, in the caller's transaction.

Each event of a step takes over the latest start of the step before it, which is the one that leaves most time. Events
are ordered by time, then sequence (as microseconds), then step; a chain ends within seven days of its start.
"""

from datetime import date
from typing import Any

from django.db import connection

from analytics.events.dirty import FUNNEL_DAYS
from analytics.events.names import CART, CLICK, FUNNEL_STEPS, SERVER_NAMES
from analytics.funnel.models import Unit
from shop.core.clock import day_bounds

_STEP = " ".join(f"WHEN '{name}' THEN {step}" for step, name in enumerate(FUNNEL_STEPS, 1))
_AFTER_CLICK = ", ".join(f"'{name}'" for name in (CART, *SERVER_NAMES))
MOMENT = "at + sequence * interval '1 microsecond'"
WINDOW = f"interval '{FUNNEL_DAYS} days'"
EVENTS = f"""
SELECT visitor_id, {MOMENT} AS moment, CASE name {_STEP} END AS step, channel, device, product_id, campaign, name
FROM events_event
WHERE at >= %(from)s AND at < %(until)s + {WINDOW} + interval '1 second' AND name = ANY(%(steps)s) AND NOT is_bot
AND visitor_id <> ''
"""
# The cart, orders and payments belong to the campaign that was clicked last, within as many days, unless they name one.
CAMPAIGNS = f"""
SELECT visitor_id, moment, step, channel, device, CASE
    WHEN campaign <> '' OR name NOT IN ({_AFTER_CLICK}) THEN campaign
    WHEN clicked_at >= moment - {WINDOW} THEN split_part(clicked, ' ', 2) ELSE '' END AS subject
FROM (
    SELECT *, max(moment) FILTER (WHERE name = '{CLICK}' AND campaign <> '') OVER before AS clicked_at,
        max(lpad(place::text, 12, '0') || ' ' || campaign) FILTER (WHERE name = '{CLICK}' AND campaign <> '')
            OVER before AS clicked
    FROM (SELECT *, row_number() OVER (PARTITION BY visitor_id ORDER BY moment, step) AS place FROM all_events) numbered
    WINDOW before AS (PARTITION BY visitor_id ORDER BY moment, step, place ROWS UNBOUNDED PRECEDING)
) clicks
"""
SUBJECTS = {
    Unit.VISITOR: "SELECT visitor_id, moment, step, channel, device, '' AS subject FROM all_events",
    Unit.PRODUCT: (
        "SELECT visitor_id, moment, step, channel, device, product_id::text AS subject FROM all_events"
        " WHERE product_id IS NOT NULL"
    ),
    Unit.CAMPAIGN: f"SELECT * FROM ({CAMPAIGNS}) attributed WHERE subject <> ''",
}
CHAINS = """
WITH all_events AS MATERIALIZED ({events}), wanted AS ({subject}), first AS (
    SELECT *, max(moment) FILTER (WHERE step = 1) OVER chain AS s1 FROM wanted WHERE step > 1 OR moment < %(until)s
    WINDOW chain AS (PARTITION BY visitor_id, subject ORDER BY moment, step ROWS UNBOUNDED PRECEDING)
), second AS (
    SELECT *, max(s1) FILTER (WHERE step = 2 AND moment <= s1 + {window}) OVER chain AS s2 FROM first
    WINDOW chain AS (PARTITION BY visitor_id, subject ORDER BY moment, step ROWS UNBOUNDED PRECEDING)
), third AS (
    SELECT *, max(s2) FILTER (WHERE step = 3 AND moment <= s2 + {window}) OVER chain AS s3 FROM second
    WINDOW chain AS (PARTITION BY visitor_id, subject ORDER BY moment, step ROWS UNBOUNDED PRECEDING)
), fourth AS (
    SELECT *, max(s3) FILTER (WHERE step = 4 AND moment <= s3 + {window}) OVER chain AS s4 FROM third
    WINDOW chain AS (PARTITION BY visitor_id, subject ORDER BY moment, step ROWS UNBOUNDED PRECEDING)
), reached AS (
    SELECT visitor_id, subject, max(s1) AS s1, max(s2) AS s2, max(s3) AS s3, max(s4) AS s4,
        max(s4) FILTER (WHERE step = 5 AND moment <= s4 + {window}) AS s5
    FROM fourth GROUP BY visitor_id, subject
), longest AS (
    SELECT visitor_id, subject, coalesce(s5, s4, s3, s2, s1) AS started,
        CASE WHEN s5 IS NOT NULL THEN 5 WHEN s4 IS NOT NULL THEN 4 WHEN s3 IS NOT NULL THEN 3
            WHEN s2 IS NOT NULL THEN 2 ELSE 1 END AS level
    FROM reached WHERE s1 IS NOT NULL
)
"""
INSERT = """
INSERT INTO funnel_funnelfact (day, unit, subject, visitor_id, channel, device, started_at, level)
SELECT DISTINCT ON (visitor_id, subject) %(day)s, %(unit)s, subject, visitor_id, channel, device, started, level
FROM longest JOIN wanted USING (visitor_id, subject) WHERE step = 1 AND moment = started
ORDER BY visitor_id, subject, channel, device
"""


def rebuild_funnel(day: date) -> None:
    start, end = day_bounds(day)
    asked: dict[str, Any] = {"day": day, "from": start, "until": end, "steps": list(FUNNEL_STEPS)}
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM funnel_funnelfact WHERE day = %(day)s", asked)
        for unit, subject in SUBJECTS.items():
            chains = CHAINS.format(events=EVENTS, subject=subject, window=WINDOW)
            cursor.execute(chains + INSERT, {**asked, "unit": unit.value})
