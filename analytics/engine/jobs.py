"""Scheduled work of this room."""

from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from analytics.events.dirty import COLUMNS, rebuild_dirty
from analytics.events.services.partitions import first_day_kept
from shop.core.jobs import Effect, job

SECONDS = 100.0


@job("analytics.export_days", every=timedelta(minutes=2))
def export_days(now: datetime) -> Effect:
    written = rebuild_dirty(kinds={COLUMNS: _export}, seconds=SECONDS)
    return {"evaluated": written, "erased": forget_files(before=first_day_kept(now=now))}


def forget_files(*, before: date) -> int:
    """Files of days whose events are dropped."""
    if not settings.ANALYTICS_COLUMNS_DIR:
        return 0
    old = [path for path in Path(settings.ANALYTICS_COLUMNS_DIR).glob("*.parquet") if path.stem < before.isoformat()]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _export(day: date) -> None:
    """Without a folder nobody asks the files, and the mark is only taken away."""
    if settings.ANALYTICS_COLUMNS_DIR:
        import_string("analytics.engine.export.export_day")(day)
