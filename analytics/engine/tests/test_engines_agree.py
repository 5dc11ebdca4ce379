"""Both engines say the same of the same events, as DuckDB does."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from analytics.engine.columns import ColumnsEngine
from analytics.engine.interface import Bounces, Period, engine
from analytics.engine.jobs import export_days, forget_files
from analytics.engine.postgres import PostgresEngine
from analytics.events.models import DirtyDay
from analytics.funnel.queries import Steps
from analytics.funnel.tests import oracle
from analytics.funnel.tests.history import arrive, orders_of, some_days

pytestmark = pytest.mark.django_db
FIRST = date(2026, 5, 1)
PERIODS = [Period(FIRST, FIRST), Period(FIRST, FIRST + timedelta(days=2)), Period(FIRST, FIRST + timedelta(days=9))]


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.ANALYTICS_COLUMNS_DIR = str(tmp_path / "columns")


def test_rollups_and_files_say_the_same(api):
    meant = some_days(5)
    orders = orders_of(meant, 5)
    arrive(api, meant, orders, 5)
    export_days.run()
    assert not DirtyDay.objects.exists()
    counted, read, db = PostgresEngine(), ColumnsEngine(), oracle.table([*meant, *orders])
    for period in PERIODS:
        assert read.funnel(period) == counted.funnel(period) == Steps(*oracle.funnel(db, *period))
        assert counted.funnel(period).paid > 0
        assert read.bounces(period) == counted.bounces(period)
        assert {page: Bounces(*counts[:2]) for page, counts in oracle.pages(db, *period).items()} == read.bounces(
            period
        )
        for name in ("click", "exposure"):
            assert read.heat(period, name=name) == counted.heat(period, name=name) != {}


def test_a_day_without_events_has_no_file_and_a_period_without_files_no_figures():
    read = ColumnsEngine()
    assert read.funnel(PERIODS[0]) == Steps(0, 0, 0, 0, 0)
    assert (read.bounces(PERIODS[0]), read.heat(PERIODS[0], name="click")) == ({}, {})


def test_the_shop_answers_from_rollups_unless_told_otherwise():
    assert isinstance(engine(), PostgresEngine)


def test_files_of_dropped_days_are_removed(settings):
    folder = Path(settings.ANALYTICS_COLUMNS_DIR)
    folder.mkdir()
    for day in ("2025-04-03", "2025-04-04"):
        (folder / f"{day}.parquet").touch()
    assert forget_files(before=date(2025, 4, 4)) == 1
    assert [path.name for path in folder.iterdir()] == ["2025-04-04.parquet"]
