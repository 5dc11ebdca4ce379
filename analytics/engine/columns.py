"""The engine for much: ClickHouse's SQL over the exported days, in this process by chdb.

A ClickHouse cluster takes the same statements through `clickhouse-connect` with `events` as a table of its own, sharded
by visitor; that has not been run here. Needs requirements-columns.txt.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import chdb
from django.conf import settings

from analytics.engine.interface import Bounces, Period
from analytics.events.dirty import FUNNEL_DAYS
from analytics.events.lines import milliseconds
from analytics.events.names import FUNNEL_STEPS, INTERACTIONS, ORDER, PAGE_VIEW
from analytics.funnel.queries import Steps
from shop.core.clock import day_bounds

WINDOW_US = FUNNEL_DAYS * 24 * 3600 * 1_000_000
DAY_US = 24 * 3600 * 1_000_000
_DONE = ", ".join(f"'{name}'" for name in INTERACTIONS)
_CONDITIONS = ", ".join(f"name = '{name}'" for name in FUNNEL_STEPS[1:])
# As `export.py` writes them: whoever has to find out reads every file twice.
_COLUMNS = (
    "visitor_id String, session_id String, moment Int64, event_id String, day Date32, hour Int16, name String,"
    " is_server Int8, page String, product_id Int64, channel String"
)
# Exposures outside of the period start nothing. What is no step is left out by the conditions: to filter it before
# would copy the rest.
_FUNNEL = """
SELECT level, count() FROM (
    SELECT visitor_id, windowFunnel({window})(
        toUInt64(moment), name = '{exposure}' AND moment >= {start} AND moment < {end}, {conditions}
    ) AS level
    FROM {files} GROUP BY visitor_id
) WHERE level > 0 AND visitor_id != '' GROUP BY level
"""
_BOUNCES = """
WITH seen AS (
    SELECT visitor_id, session_id, moment, event_id, day, name, page, is_server,
        lagInFrame(toNullable(moment)) OVER (
            PARTITION BY visitor_id, session_id, is_server ORDER BY moment, event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS before
    FROM {files} WHERE is_server = 0 OR name = '{order}'
), started AS (
    SELECT visitor_id, session_id, moment AS started_at FROM seen
    WHERE is_server = 0 AND day BETWEEN '{first}' AND '{last}'
    AND (before IS NULL OR intDiv(before, 1000) <= intDiv(moment - {day}, 1000))
), sessions AS (
    SELECT visitor_id, session_id, started_at, countIf(name = '{view}') AS views,
        countIf(name IN ({done}) OR name = '{order}') AS interactions,
        argMinIf(page, (moment, event_id), name = '{view}') AS entry
    FROM seen JOIN started USING (visitor_id, session_id)
    WHERE intDiv(moment, 1000) >= intDiv(started_at, 1000) AND intDiv(moment, 1000) < intDiv(started_at + {day}, 1000)
    GROUP BY visitor_id, session_id, started_at
)
SELECT entry, count(), countIf(views = 1 AND interactions = 0) FROM sessions
WHERE views > 0 GROUP BY entry
"""
_HEAT = """
SELECT product_id, hour, count() FROM {files} WHERE name = '{name}' AND product_id > 0 GROUP BY product_id, hour
"""


class ColumnsEngine:
    def funnel(self, period: Period) -> Steps:
        files = _files(period.first, period.last + timedelta(days=FUNNEL_DAYS + 1))
        found = dict(
            _ask(
                _FUNNEL,
                files,
                window=WINDOW_US,
                exposure=FUNNEL_STEPS[0],
                conditions=_CONDITIONS,
                start=milliseconds(day_bounds(period.first)[0]) * 1000,
                end=milliseconds(day_bounds(period.last)[1]) * 1000,
            )
        )
        return Steps(*(sum(count for level, count in found.items() if level >= step) for step in range(1, 6)))

    def bounces(self, period: Period) -> Mapping[str, Bounces]:
        files = _files(period.first - timedelta(days=1), period.last + timedelta(days=1))
        rows = _ask(
            _BOUNCES,
            files,
            first=period.first,
            last=period.last,
            day=DAY_US,
            view=PAGE_VIEW,
            order=ORDER,
            done=_DONE,
        )
        return {page: Bounces(entries, bounces) for page, entries, bounces in rows}

    def heat(self, period: Period, *, name: str) -> Mapping[tuple[int, int], int]:
        rows = _ask(_HEAT, _files(period.first, period.last), name=name)
        return {(product, hour): count for product, hour, count in rows}


def _files(first: date, last: date) -> list[Path]:
    """Of the days that have any."""
    folder, days = Path(settings.ANALYTICS_COLUMNS_DIR), (last - first).days + 1
    named = [folder / f"{first + timedelta(days=n):%Y-%m-%d}.parquet" for n in range(days)]
    return [path for path in named if path.exists()]


def _ask(statement: str, files: Sequence[Path], **values: Any) -> list[list[Any]]:
    """Rows; without files there are none. Values are the shop's own words, days and numbers, never what was typed."""
    if not files:
        return []
    names = ",".join(path.name for path in files)
    source = f"file('{files[0].parent}/{{{names}}}', Parquet, '{_COLUMNS}')"
    asked = statement.format(files=source, **values) + " SETTINGS output_format_json_quote_64bit_integers = 0"
    answer = chdb.query(asked, "JSONCompact")
    rows: list[list[Any]] = json.loads(answer.data())["data"]
    return rows
