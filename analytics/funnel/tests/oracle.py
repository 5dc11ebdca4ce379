"""The same figures by another hand: DuckDB on what was meant, with statements that share nothing with the shop's."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import duckdb
import pandas

from analytics.funnel.tests.history import Meant

SHANGHAI = timedelta(hours=8)
# From every exposure on, the next event of each step after the other: whoever is in time has come so far.
_CHAINS = """
WITH e AS (
    SELECT {key} AS k, happened + to_microseconds(seq) AS m, name, channel, day FROM events WHERE {where}
), s1 AS (SELECT k, m AS start, m, day, channel FROM e WHERE name = 'exposure' AND day BETWEEN ? AND ?
), s2 AS (SELECT s1.k, start, s1.day, s1.channel, e.m FROM s1 ASOF LEFT JOIN
    (SELECT k, m FROM e WHERE name = 'click') e ON s1.k = e.k AND e.m >= s1.m
), s3 AS (SELECT s2.k, start, s2.day, s2.channel, s2.m AS m2, e.m FROM s2 ASOF LEFT JOIN
    (SELECT k, m FROM e WHERE name = 'cart') e ON s2.k = e.k AND e.m >= s2.m
), s4 AS (SELECT s3.k, start, s3.day, s3.channel, m2, s3.m AS m3, e.m FROM s3 ASOF LEFT JOIN
    (SELECT k, m FROM e WHERE name = 'order') e ON s3.k = e.k AND e.m >= s3.m
), s5 AS (SELECT s4.k, start, s4.day, s4.channel, m2, m3, s4.m AS m4, e.m AS m5 FROM s4 ASOF LEFT JOIN
    (SELECT k, m FROM e WHERE name = 'paid') e ON s4.k = e.k AND e.m >= s4.m
), levels AS (
    SELECT k, start, day, channel, 1
        + coalesce((m2 <= start + INTERVAL 7 DAY)::int, 0) + coalesce((m3 <= start + INTERVAL 7 DAY)::int, 0)
        + coalesce((m4 <= start + INTERVAL 7 DAY)::int, 0) + coalesce((m5 <= start + INTERVAL 7 DAY)::int, 0) AS level
    FROM s5
), best AS (SELECT k, arg_max(day, (level, start)) AS day, arg_max(channel, (level, start)) AS channel,
    max(level) AS level FROM levels GROUP BY k)
"""
_PAGES = """
WITH s AS (
    SELECT visitor_id, session_id, min(happened)::date AS day, any_value(channel) AS channel,
        count(*) FILTER (WHERE name = 'page_view') AS views,
        count(*) FILTER (WHERE name IN ('click', 'cart', 'search')) AS done,
        arg_min(page, seq) FILTER (WHERE name = 'page_view') AS entry,
        arg_max(page, seq) FILTER (WHERE name = 'page_view') AS exit
    FROM events WHERE name NOT IN ('order', 'paid') GROUP BY ALL
), o AS (SELECT DISTINCT visitor_id, session_id FROM events WHERE name = 'order'
), f AS (SELECT s.*, views = 1 AND done = 0 AND o.visitor_id IS NULL AS bounce
    FROM s LEFT JOIN o USING (visitor_id, session_id))
SELECT entry AS page, count(*) AS entries, count(*) FILTER (WHERE bounce) AS bounces,
    (SELECT count(*) FROM f g WHERE g.exit = f.entry AND g.day BETWEEN $first AND $last) AS exits,
    (SELECT count(*) FROM events v JOIN f g USING (visitor_id, session_id)
        WHERE v.name = 'page_view' AND v.page = f.entry AND g.day BETWEEN $first AND $last) AS views
FROM f WHERE day BETWEEN $first AND $last GROUP BY entry
"""


def table(meant: Sequence[Meant]) -> "duckdb.DuckDBPyConnection":
    """`happened` and `day` by the clock of Shanghai."""
    frame = pandas.DataFrame([asdict(each) for each in meant])
    frame["happened"] = (frame.pop("at") + SHANGHAI).dt.tz_localize(None)
    connection = duckdb.connect()
    connection.register("frame", frame)
    connection.execute("CREATE TABLE events AS SELECT *, happened::date AS day FROM frame")
    return connection


def funnel(db: Any, first: Any, last: Any, *, key: str = "visitor_id", where: str = "true") -> list[int]:
    rows = db.execute(
        _CHAINS.format(key=key, where=where) + "SELECT level, count(*) FROM best GROUP BY 1", [first, last]
    )
    found = dict(rows.fetchall())
    return [sum(count for level, count in found.items() if level >= step) for step in range(1, 6)]


def funnel_by(db: Any, first: Any, last: Any, field: str) -> dict[Any, list[int]]:
    chains = _CHAINS.format(key="visitor_id", where="true")
    rows = db.execute(chains + f"SELECT {field}, level, count(*) FROM best GROUP BY ALL", [first, last]).fetchall()
    return {
        part: [sum(count for each, level, count in rows if each == part and level >= step) for step in range(1, 6)]
        for part in {each for each, _level, _count in rows}
    }


def pages(db: Any, first: Any, last: Any) -> dict[str, tuple[int, int, int, int]]:
    """By page: entries, bounces, exits, views."""
    rows = db.execute(_PAGES, {"first": first, "last": last}).fetchall()
    return {page: tuple(counts) for page, *counts in rows}


def visits(db: Any, first: Any, last: Any) -> tuple[int, int, int]:
    """Sessions, page views in them, and visitors."""
    sessions = (
        "SELECT visitor_id, session_id, min(happened)::date AS day, count(*) FILTER (WHERE name = 'page_view') AS views"
        " FROM events WHERE name NOT IN ('order', 'paid') GROUP BY visitor_id, session_id"
    )
    counted = (
        f"SELECT count(*), sum(views), count(DISTINCT visitor_id) FROM ({sessions}) WHERE day BETWEEN $first AND $last"
    )
    found = db.execute(counted, {"first": first, "last": last}).fetchone()
    return int(found[0]), int(found[1]), int(found[2])
