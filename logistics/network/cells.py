"""Many cells of warehouse stock at once, in key order; inside the caller's transaction, after the catalog's rows."""

from collections.abc import Collection, Mapping

from django.db import connection

from logistics.network.errors import StockTaken

# A warehouse and a SKU.
Cell = tuple[int, int]

_LOCK = """
SELECT stock.warehouse_id, stock.sku_id, stock.on_hand - stock.allocated
FROM network_warehousestock stock
JOIN unnest(%s::bigint[], %s::bigint[]) AS cell(warehouse_id, sku_id) USING (warehouse_id, sku_id)
ORDER BY stock.warehouse_id, stock.sku_id FOR NO KEY UPDATE OF stock
"""
_ALLOCATE = """
UPDATE network_warehousestock stock SET allocated = stock.allocated + cell.units
FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS cell(warehouse_id, sku_id, units)
WHERE stock.warehouse_id = cell.warehouse_id AND stock.sku_id = cell.sku_id
    AND stock.on_hand - stock.allocated >= cell.units
"""
_SHIFT = """
UPDATE network_warehousestock stock SET allocated = stock.allocated + cell.units
FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS cell(warehouse_id, sku_id, units)
WHERE stock.warehouse_id = cell.warehouse_id AND stock.sku_id = cell.sku_id
    AND stock.allocated + cell.units BETWEEN 0 AND stock.on_hand
"""


def lock_cells(*, cells: Collection[Cell]) -> dict[Cell, int]:
    """The free units of these cells, which stay so until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, _columns(sorted(cells), 2))
        return {(warehouse_id, sku_id): free for warehouse_id, sku_id, free in cursor.fetchall()}


def allocate_cells(*, units: Mapping[Cell, int]) -> None:
    """Promise units of many cells. Raises StockTaken unless all of them are free."""
    rows = [(*cell, wanted) for cell, wanted in sorted(units.items())]
    with connection.cursor() as cursor:
        cursor.execute(_ALLOCATE, _columns(rows, 3))
        if cursor.rowcount != len(rows):
            raise StockTaken


def shift_cells(*, units: Mapping[Cell, int]) -> None:
    """Promise more units of some cells and fewer of others. Raises StockTaken unless all of it is possible."""
    rows = [(*cell, delta) for cell, delta in sorted(units.items()) if delta]
    with connection.cursor() as cursor:
        cursor.execute(_SHIFT, _columns(rows, 3))
        if cursor.rowcount != len(rows):
            raise StockTaken


def _columns(rows: Collection[tuple[int, ...]], width: int) -> list[list[int]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
