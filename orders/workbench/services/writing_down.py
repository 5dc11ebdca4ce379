"""What a bulk work is about, written down inside the database, however much it is."""

from typing import Any

from django.db import connection
from django.db.models import QuerySet, Value

from orders.workbench.models import BulkWork

MOST = 50_000
_WRITE_DOWN = """
INSERT INTO workbench_workitem
    (work_id, row, order_number, shipment_number, tracking_number, replaces, cells, status, tries, "column", reason)
SELECT %s, row_number() OVER (ORDER BY chosen.id), chosen.order_number, chosen.number,
    '', '', '[]', 'waiting', 0, '', ''
FROM ({chosen}) AS chosen (id, order_number, number) ORDER BY chosen.id
"""


def write_down(work: BulkWork, chosen: QuerySet[Any], *, order_number: str, shipment_number: str | None = None) -> int:
    """One item for each of `chosen`, in the order of their keys; returns how many.

    At most one more than MOST are written, so that the caller can tell that there are too many. Call it inside a
    transaction.
    """
    parcel = shipment_number or Value("")
    rows = chosen.values_list("pk", order_number, parcel)[: MOST + 1]
    statement, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_DOWN.format(chosen=statement), [work.pk, *parameters])
        return int(cursor.rowcount)
