"""Laws of allocation."""

from django.db import connection

_ALLOCATED = """
    SELECT warehouse.code, sku.code, coalesce(stock.allocated, 0), coalesce(promised.units, 0)
    FROM network_warehousestock stock
    FULL JOIN (
        SELECT allocation.warehouse_id, line.sku_id, sum(line.quantity) AS units
        FROM allocation_allocationline line JOIN allocation_allocation allocation ON allocation.id = line.allocation_id
        WHERE allocation.status = 'open' GROUP BY allocation.warehouse_id, line.sku_id
    ) promised USING (warehouse_id, sku_id)
    JOIN network_warehouse warehouse ON warehouse.id = warehouse_id
    JOIN catalog_sku sku ON sku.id = sku_id
    WHERE coalesce(stock.allocated, 0) <> coalesce(promised.units, 0)
    ORDER BY warehouse.code, sku.code
"""
_WHOLE = """
    SELECT request.order_number, sku_id, sum(wanted), sum(given) FROM (
        SELECT request_id, sku_id, quantity AS wanted, 0 AS given FROM allocation_fulfilmentline
        UNION ALL
        SELECT allocation.request_id, line.sku_id, 0, line.quantity
        FROM allocation_allocationline line JOIN allocation_allocation allocation ON allocation.id = line.allocation_id
        WHERE allocation.status <> 'released'
    ) both_sides JOIN allocation_fulfilmentrequest request ON request.id = request_id
    WHERE request.status = 'allocated'
    GROUP BY request.order_number, sku_id HAVING sum(wanted) <> sum(given)
    ORDER BY request.order_number, sku_id
"""


def allocated_equals_open_lines() -> list[str]:
    """What a warehouse has allocated is what open allocations hold there."""
    return [
        f"{warehouse}/{sku}: {allocated} allocated, {promised} in open allocations"
        for warehouse, sku, allocated, promised in _rows(_ALLOCATED)
    ]


def allocated_whole() -> list[str]:
    """An allocated order has exactly the units that it asked for."""
    return [
        f"{order}: {given} of {wanted} units of SKU {sku} are allocated" for order, sku, wanted, given in _rows(_WHOLE)
    ]


def _rows(statement: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


LAWS = (allocated_equals_open_lines, allocated_whole)
