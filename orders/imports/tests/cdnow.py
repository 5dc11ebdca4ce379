"""The purchases of 2,357 buyers of CDs at CDNOW, 1997 to mid 1998, out of the package `lifetimes`, as an order file.

The package itself is not imported: it stands on modules that Python no longer has.
"""

import csv
import io
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

SKU = "CD"


class Purchase(NamedTuple):
    customer: str
    day: date
    units: int
    fen: int


def purchases() -> list[Purchase]:
    spec = find_spec("lifetimes")
    assert spec is not None
    assert spec.origin is not None
    text = (Path(spec.origin).parent / "datasets" / "CDNOW_sample.txt").read_text()
    rows = (line.split() for line in text.splitlines() if line.strip())
    return [
        Purchase(number, date(int(day[:4]), int(day[4:6]), int(day[6:])), int(units), round(float(dollars) * 100))
        for _master, number, day, units, dollars in rows
    ]


def order_file(rows: list[Purchase], *, sku: str = SKU) -> io.BytesIO:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["order_number", "customer", "paid_at", "sku", "quantity", "amount"])
    for number, row in enumerate(rows):
        writer.writerow([f"CDNOW-{number:05d}", row.customer, row.day, sku, row.units, f"{row.fen / 100:.2f}"])
    return io.BytesIO(text.getvalue().encode())
