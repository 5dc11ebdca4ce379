"""Analytics on ten million synthetic events: dashboards, an ad-hoc funnel, bounce rates, the loader.

Dashboards over HTTP against a look-up by primary key over HTTP; the five-step funnel of a week, read from files of
single events, against DuckDB's ASOF joins on the same files, with the same counts; the bounces of a month against
DuckDB on those files; the loader against plain COPY into
the same table, with nothing lost or doubled when everything comes twice.

    python bench/analytics.py [--quick]
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import httpx

from harness import BenchError, Report, options, percentile, running_shop

EVENTS, QUICK_EVENTS = 10_000_000, 300_000
INGESTED, QUICK_INGESTED = 200_000, 20_000
EVENTS_EACH = 6.5
ROUNDS = 60
DASHBOARD_TIMES, FUNNEL_SHARE, BOUNCE_SHARE, INGEST_SHARE = 10, 0.6, 1.0, 0.5
FIRST = date(2026, 3, 1)
WEEK = (FIRST + timedelta(days=10), FIRST + timedelta(days=16))
# From every exposure of the week the next event of each step after the other.
STEP = """
), s{step} AS (
    SELECT a.k, a.s, b.m FROM s{before} a ASOF JOIN (SELECT k, m FROM e WHERE name = '{name}') b
    ON a.k = b.k AND b.m >= a.m WHERE b.m <= a.s + 604800000000
"""
LATER = "".join(
    STEP.format(step=n, before=n - 1, name=name) for n, name in enumerate(("click", "cart", "order", "paid"), 2)
)
ASOF = f"""
WITH e AS (
    SELECT visitor_id AS k, moment AS m, name, day FROM read_parquet('{{files}}')
    WHERE name IN ('exposure', 'click', 'cart', 'order', 'paid') AND day BETWEEN '{{first}}' AND '{{until}}'
), s1 AS (
    SELECT k, m AS s, m FROM e WHERE name = 'exposure' AND day BETWEEN '{{first}}' AND '{{last}}'
{LATER})
SELECT {", ".join(f"(SELECT count(DISTINCT k) FROM s{n})" for n in range(1, 6))}
"""
# Sessions here are short, so DuckDB need not cut them.
BOUNCES = """
SELECT entry, count(*), count(*) FILTER (WHERE views = 1 AND done = 0) FROM (
    SELECT min(day) FILTER (WHERE is_server = 0) AS day, count(*) FILTER (WHERE name = 'page_view') AS views,
        count(*) FILTER (
            WHERE name IN ('click', 'cart', 'search', 'favourite', 'share', 'join', 'redeem', 'order')
        ) AS done,
        arg_min(page, moment) FILTER (WHERE name = 'page_view') AS entry
    FROM read_parquet('{files}') GROUP BY visitor_id, session_id
) sessions WHERE views > 0 AND day BETWEEN '{first}' AND '{last}' GROUP BY entry
"""
RECOUNT = """
SELECT count(*) FROM events_event
WHERE name = 'page_view' AND at >= '{first}T00:00:00+08:00' AND at < '{last}T00:00:00+08:00'
"""


def main() -> int:
    asked = options(__doc__).parse_args()
    events, ingested = (QUICK_EVENTS, QUICK_INGESTED) if asked.quick else (EVENTS, INGESTED)
    report = Report("analytics", asked.seed)
    with TemporaryDirectory() as columns, running_shop(asked.state_dir) as shop, shop.paused("worker"):
        os.environ["ANALYTICS_COLUMNS_DIR"] = columns
        filled = shop.call("bench.telling", "fill", sessions=int(events / EVENTS_EACH), seed=asked.seed)
        report.note(f"{filled['events']:,} events written in {filled['seconds']:.0f} s")
        report.note(f"thirty days counted in {shop.call('bench.telling', 'count_days'):.0f} s")
        measure_dashboards(shop, report)
        measure_funnel(shop, report, columns)
        measure_bounces(shop, report, columns)
        measure_ingest(shop, report, ingested, asked.seed)
    return report.finish()


def measure_dashboards(shop: Any, report: Report) -> None:
    signed_in = {"username": shop.env["ADMIN_USER"], "password": shop.env["ADMIN_PASSWORD"]}
    base = f"{shop.base_url}/api/v1/staff"
    with httpx.Client(timeout=60) as client:
        access = client.post(f"{base}/auth/login", json=signed_in).json()["access"]
        client.headers["Authorization"] = f"Bearer {access}"
        period = f"?from={FIRST}&to={FIRST + timedelta(days=29)}"
        look_up = timed(lambda: client.get(f"{base}/me"))
        for name in ("overview", "traffic", "funnel", "heatmap"):
            address = f"{base}/analytics/{name}{period}"
            started = time.monotonic()
            answer = client.get(address)
            first = time.monotonic() - started
            took = timed(lambda address=address: client.get(address))  # type: ignore[misc]
            report.note(
                f"{name}: {first * 1000:.0f} ms at the first time, then {took:.1f} ms; {len(answer.content):,} bytes"
            )
            report.figure(f"{name}_p95_ms", took, reference=look_up, target=DASHBOARD_TIMES, better="lower")
        told = client.get(f"{base}/analytics/overview{period}").json()
    # A session of the last evening goes on after midnight, and belongs to its day whole.
    views = shop.query(RECOUNT.format(first=FIRST, last=FIRST + timedelta(days=31)))[0][0]
    report.must("page_views", told["views"], views)


def timed(ask: Callable[[], Any]) -> float:
    """p95 in milliseconds."""
    took = []
    for _ in range(ROUNDS):
        started = time.monotonic()
        answer = ask()
        took.append((time.monotonic() - started) * 1000)
        if answer.status_code != 200:
            raise BenchError(f"{answer.url} answered {answer.status_code}")
    return percentile(took, 0.95)


def measure_funnel(shop: Any, report: Report, columns: str) -> None:
    report.note(f"files written in {shop.call('bench.telling', 'export_all'):.0f} s")
    found = shop.call("bench.telling", "funnel_of_week")
    # Nor does DuckDB read days that no chain of the week can reach.
    until = WEEK[1] + timedelta(days=8)
    statement = ASOF.format(files=f"{columns}/*.parquet", first=WEEK[0], last=WEEK[1], until=until)
    took = []
    with duckdb.connect() as database:
        for _turn in range(3):
            started = time.monotonic()
            expected = list(database.execute(statement).fetchone() or ())
            took.append(time.monotonic() - started)
    report.must("funnel_of_files", found["steps"], expected)
    report.must("funnel_of_rollups", found["rollup"], expected)
    report.figure("funnel_seconds", found["seconds"], reference=min(took), target=FUNNEL_SHARE, better="lower")


def measure_bounces(shop: Any, report: Report, columns: str) -> None:
    """Thirty days by page of entry: by the shop's own engine, by that of files, and by DuckDB on the same files."""
    found = shop.call("bench.telling", "bounces_of_month")
    statement = BOUNCES.format(files=f"{columns}/*.parquet", first=FIRST, last=FIRST + timedelta(days=29))
    took = []
    with duckdb.connect() as database:
        for _turn in range(3):
            started = time.monotonic()
            expected = sorted([list(row) for row in database.execute(statement).fetchall()])
            took.append(time.monotonic() - started)
    report.must("bounces_of_rollups", found["rollup"], expected)
    report.must("bounces_of_files", found["files"], expected)
    best = min(took)
    report.figure("bounce_seconds", found["rollup_seconds"], reference=best, target=BOUNCE_SHARE, better="lower")
    report.figure("bounce_of_files_seconds", found["files_seconds"], reference=best, better="lower")


def measure_ingest(shop: Any, report: Report, events: int, seed: int) -> None:
    found = shop.call("bench.telling", "ingest", events=events, seed=seed)
    report.must("kept_of_what_came_twice", found["kept"], 4 * events)
    report.figure("loaded_per_second", found["load"], reference=found["copy"], target=INGEST_SHARE)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(str(error))
