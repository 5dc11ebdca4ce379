"""Keeps the table equal to the file, so that foreign keys and the admin have rows to point at."""

from typing import Any

from django.db import connection

from shop.regions.source import rows

_UPSERT = """
INSERT INTO regions_region (code, parent_id, level, name, longitude, latitude)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::float8[], %s::float8[])
ON CONFLICT (code) DO UPDATE SET (parent_id, level, name, longitude, latitude)
    = (EXCLUDED.parent_id, EXCLUDED.level, EXCLUDED.name, EXCLUDED.longitude, EXCLUDED.latitude)
WHERE (regions_region.parent_id, regions_region.level, regions_region.name, regions_region.longitude,
       regions_region.latitude)
    IS DISTINCT FROM (EXCLUDED.parent_id, EXCLUDED.level, EXCLUDED.name, EXCLUDED.longitude, EXCLUDED.latitude)
"""


def load_regions() -> int:
    """Write the file into the table; returns how many rows were new or changed.

    A division that the file no longer has stays: addresses may point at it.
    """
    columns: list[Any] = [list(column) for column in zip(*rows(), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, columns)
        return cursor.rowcount


def load_after_migrate(**_: Any) -> None:
    """Runs after `migrate`, and after the flush between transactional tests: every database has its regions."""
    load_regions()
