"""The file behind the table: `regions.csv` (its origin and licences are in NOTICE.md)."""

import csv
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("regions.csv")


class Row(NamedTuple):
    code: str
    parent_code: str | None
    level: str
    name: str
    longitude: float
    latitude: float


@cache
def rows() -> tuple[Row, ...]:
    """Every division, in the order of the file: a parent comes before its children."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Row(
                line["code"],
                line["parent"] or None,
                line["level"],
                line["name"],
                float(line["longitude"]),
                float(line["latitude"]),
            )
            for line in csv.DictReader(file)
        )


@cache
def digest() -> str:
    """Changes whenever the file does."""
    return hashlib.sha256(FILE.read_bytes()).hexdigest()[:16]
