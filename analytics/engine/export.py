"""Days as Parquet files, sorted by visitor: one file a day, replaced whole, never half there.

`settings.ANALYTICS_COLUMNS_DIR` says where. Only imported where that is set: it needs requirements-columns.txt.
Events of bots are left out; `moment` is the order of events in microseconds.
"""

import os
from datetime import date
from io import BytesIO
from pathlib import Path

import pyarrow
import pyarrow.csv
import pyarrow.parquet
from django.conf import settings
from django.db import connection

from analytics.events.names import SERVER_NAMES
from shop.core.clock import day_bounds

ROWS_IN_GROUP = 100_000
_SERVER = ", ".join(f"'{name}'" for name in SERVER_NAMES)
_DAY = f"""
COPY (
    SELECT visitor_id, session_id, (extract(epoch FROM at) * 1000000)::bigint + sequence AS moment, event_id,
        (at AT TIME ZONE 'Asia/Shanghai')::date AS day,
        extract(hour FROM at AT TIME ZONE 'Asia/Shanghai')::smallint AS hour,
        name, (name IN ({_SERVER}))::int AS is_server, page, coalesce(product_id, 0) AS product_id, channel
    FROM events_event WHERE at >= '{{}}' AND at < '{{}}' AND NOT is_bot
    ORDER BY visitor_id, moment, event_id
) TO STDOUT (FORMAT csv, HEADER)
"""
_TYPES = {
    "visitor_id": pyarrow.string(),
    "session_id": pyarrow.string(),
    "moment": pyarrow.int64(),
    "event_id": pyarrow.string(),
    "day": pyarrow.date32(),
    "hour": pyarrow.int16(),
    "name": pyarrow.string(),
    "is_server": pyarrow.int8(),
    "page": pyarrow.string(),
    "product_id": pyarrow.int64(),
    "channel": pyarrow.string(),
}


def export_day(day: date) -> None:
    """Write the day's file anew; a day without events has none."""
    folder = Path(settings.ANALYTICS_COLUMNS_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    path, table = folder / f"{day:%Y-%m-%d}.parquet", _table(day)
    if not table.num_rows:
        path.unlink(missing_ok=True)
        return
    writing = folder / f"{path.name}.{os.getpid()}.writing"
    pyarrow.parquet.write_table(table, writing, compression="zstd", row_group_size=ROWS_IN_GROUP)
    writing.replace(path)


def _table(day: date) -> pyarrow.Table:
    told, (start, end) = BytesIO(), day_bounds(day)
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(_DAY.format(start.isoformat(), end.isoformat()), told)
    told.seek(0)
    convert = pyarrow.csv.ConvertOptions(column_types=_TYPES, strings_can_be_null=False)
    return pyarrow.csv.read_csv(told, convert_options=convert)
