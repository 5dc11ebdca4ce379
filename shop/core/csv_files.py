"""CSV to download: UTF-8 with BOM, which spreadsheets recognise, written row by row whatever its length."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

ROWS_AT_ONCE = 500


def csv_bytes(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    buffer = io.StringIO("\ufeff")
    buffer.seek(0, io.SEEK_END)
    writer = csv.writer(buffer)
    for number, row in enumerate(rows, 1):
        writer.writerow(row)
        if number % ROWS_AT_ONCE == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
