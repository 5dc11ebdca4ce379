"""Many references' held units at once, for who plans many orders together; inside the caller's transaction."""

from collections.abc import Iterable, Mapping

from django.db import connection

from shop.catalog.errors import ReservationNotHeld

Holds = Mapping[str, Mapping[int, int]]

_LOCK = "SELECT sku_id FROM catalog_skustock WHERE sku_id = ANY(%s) ORDER BY sku_id FOR NO KEY UPDATE"
# What may still be promised does not change, so nobody has to be told.
_CONSUME = """
WITH wanted AS (
    SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS w(reference, sku_id, units)
), gone AS (
    DELETE FROM catalog_stockreservation r USING wanted w
    WHERE r.reference = w.reference AND r.sku_id = w.sku_id AND r.quantity = w.units
    RETURNING r.sku_id, r.quantity
), left_over AS (
    UPDATE catalog_skustock s SET reserved = s.reserved - g.units
    FROM (SELECT sku_id, sum(quantity) AS units FROM gone GROUP BY sku_id) g WHERE s.sku_id = g.sku_id
)
SELECT count(*) FROM gone
"""


def lock_sellable(*, sku_ids: Iterable[int]) -> None:
    """Lock the stock of these SKUs in their order, before warehouse stock is locked."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [sorted(set(sku_ids))])


def consume_reservations(*, holds: Holds) -> None:
    """All that these references hold (SKU id → units, by reference) leaves for the warehouses that will send it; stock
    rows are locked. Raises ReservationNotHeld when one of them holds something else."""
    rows = [(reference, sku_id, units) for reference, items in holds.items() for sku_id, units in items.items()]
    with connection.cursor() as cursor:
        cursor.execute(_CONSUME, [list(column) for column in zip(*rows, strict=True)])
        (gone,) = cursor.fetchone()
    if gone != len(rows):
        raise ReservationNotHeld(reference=", ".join(sorted(holds)[:3]))
