"""Counting one day, whole, in the caller's transaction; see `analytics.events.dirty` for when and how often."""

from datetime import date
from typing import Any

from django.db import connection

from analytics.events.dirty import COLUMNS, FUNNEL, mark_days
from analytics.traffic import statements
from shop.core.clock import day_bounds


def rebuild_traffic(day: date) -> None:
    """Sessions, pages, campaigns and load times. Orders whose session became another one are in other chains too."""
    bounds = _bounds(day)
    with connection.cursor() as cursor:
        moved: set[date] = set()
        for attach in statements.ATTACH:
            cursor.execute(attach, bounds)
            moved |= {each for (each,) in cursor.fetchall()}
        mark_days(sorted(moved), kinds=(FUNNEL, COLUMNS))
        cursor.execute("DROP TABLE IF EXISTS day_events, day_views")
        cursor.execute(statements.DAY_EVENTS, bounds)
        cursor.execute(statements.DAY_VIEWS)
        cursor.execute("ANALYZE day_events; ANALYZE day_views")
        for table in statements.TABLES:
            cursor.execute(f"DELETE FROM traffic_{table} WHERE day = %(day)s", bounds)
        for count in (
            statements.FACTS,
            statements.SESSION_DAY,
            statements.PAGE_DAY,
            statements.CAMPAIGN_DAY,
            statements.LOAD_DAY,
        ):
            cursor.execute(count, bounds)
        cursor.execute("DROP TABLE day_events, day_views")


def rebuild_heat(day: date) -> None:
    bounds = _bounds(day)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM traffic_heathour WHERE day = %(day)s", bounds)
        cursor.execute(statements.HEAT, bounds)


def _bounds(day: date) -> dict[str, Any]:
    start, end = day_bounds(day)
    return {"day": day, "from": start, "until": end}
