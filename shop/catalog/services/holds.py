"""Many references' held units at once, for who plans many orders together; inside the caller's transaction."""

from collections.abc import Iterable, Mapping

from django.db import connection

from shop.catalog.errors import ReservationNotHeld
from shop.catalog.services.stock import announce

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
_TAKE_BACK = """
WITH w AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS w(sku_id, units)), stock AS (
    SELECT s.sku_id FROM catalog_skustock s JOIN w USING (sku_id) ORDER BY s.sku_id FOR NO KEY UPDATE OF s
), held AS (
    INSERT INTO catalog_stockreservation AS r (reference, sku_id, quantity)
    SELECT %s, w.sku_id, w.units FROM w JOIN stock USING (sku_id)
    ON CONFLICT (reference, sku_id) DO UPDATE SET quantity = r.quantity + excluded.quantity
)
UPDATE catalog_skustock s SET reserved = s.reserved + w.units FROM w JOIN stock USING (sku_id) WHERE s.sku_id = w.sku_id
"""
_HOLD_MORE = """
WITH found AS (
    SELECT s.sku_id, least(w.units, s.available) AS units FROM catalog_skustock s
    JOIN unnest(%s::bigint[], %s::bigint[]) AS w(sku_id, units) USING (sku_id)
    WHERE s.available > 0 ORDER BY s.sku_id FOR NO KEY UPDATE OF s
), taken AS (
    UPDATE catalog_skustock s SET available = s.available - found.units, reserved = s.reserved + found.units
    FROM found JOIN catalog_sku k ON k.id = found.sku_id WHERE s.sku_id = found.sku_id
    RETURNING s.sku_id, found.units, k.product_id, s.available - s.safety_stock AS sellable
), held AS (
    INSERT INTO catalog_stockreservation AS r (reference, sku_id, quantity) SELECT %s, sku_id, units FROM taken
    ON CONFLICT (reference, sku_id) DO UPDATE SET quantity = r.quantity + excluded.quantity
)
SELECT sku_id, units, product_id, sellable FROM taken
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


def take_back(*, reference: str, items: Mapping[int, int]) -> None:
    """Units (by SKU id) that a warehouse was to send and does not are held for the reference again."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_BACK, [list(items), list(items.values()), reference])


def hold_more(*, reference: str, items: Mapping[int, int]) -> dict[int, int]:
    """Hold for good, of `items` (SKU id → units), as many as can still be promised; returns how many those are.

    For what is paid already: it reaches into the safety stock.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HOLD_MORE, [list(items), list(items.values()), reference])
        rows = cursor.fetchall()
    announce([(product_id, sellable + units, sellable) for _sku_id, units, product_id, sellable in rows])
    return {sku_id: units for sku_id, units, _product_id, _sellable in rows}
