"""Laws of physical stock."""

from django.db import connection

_PROMISED = """
    SELECT sku.code, coalesce(stock.available + stock.reserved, 0), coalesce(free.units, 0)
    FROM catalog_sku sku
    LEFT JOIN catalog_skustock stock ON stock.sku_id = sku.id
    LEFT JOIN (
        SELECT sku_id, sum(on_hand - allocated) AS units FROM network_warehousestock GROUP BY sku_id
    ) free ON free.sku_id = sku.id
    WHERE coalesce(stock.available + stock.reserved, 0) <> coalesce(free.units, 0)
    ORDER BY sku.code
"""
_MOVED = """
    SELECT warehouse.code, sku.code, stock.on_hand, coalesce(moved.units, 0)
    FROM network_warehousestock stock
    JOIN network_warehouse warehouse ON warehouse.id = stock.warehouse_id
    JOIN catalog_sku sku ON sku.id = stock.sku_id
    LEFT JOIN (
        SELECT warehouse_id, sku_id, sum(quantity) FILTER (WHERE kind <> 'scrap') AS units
        FROM network_stockmovement GROUP BY warehouse_id, sku_id
    ) moved ON moved.warehouse_id = stock.warehouse_id AND moved.sku_id = stock.sku_id
    WHERE stock.on_hand <> coalesce(moved.units, 0)
    ORDER BY warehouse.code, sku.code
"""
_PUT_ASIDE = """
    SELECT warehouse.code, sku.code, stock.damaged, coalesce(moved.units, 0)
    FROM network_warehousestock stock
    JOIN network_warehouse warehouse ON warehouse.id = stock.warehouse_id
    JOIN catalog_sku sku ON sku.id = stock.sku_id
    LEFT JOIN (
        SELECT warehouse_id, sku_id, sum(CASE kind WHEN 'scrap' THEN quantity ELSE -quantity END) AS units
        FROM network_stockmovement WHERE kind IN ('damage', 'repair', 'scrap') GROUP BY warehouse_id, sku_id
    ) moved ON moved.warehouse_id = stock.warehouse_id AND moved.sku_id = stock.sku_id
    WHERE stock.damaged <> coalesce(moved.units, 0)
    ORDER BY warehouse.code, sku.code
"""
_TRANSFERRED = """
    SELECT transfer.number, sku.code, line.sent, line.received, coalesce(moved.units, 0)
    FROM network_stocktransferline line
    JOIN network_stocktransfer transfer ON transfer.id = line.transfer_id
    JOIN catalog_sku sku ON sku.id = line.sku_id
    LEFT JOIN LATERAL (
        SELECT sum(quantity) AS units FROM network_stockmovement movement
        WHERE movement.kind = 'transfer' AND movement.sku_id = line.sku_id
            AND movement.reference IN (transfer.number, transfer.number || '-B')
    ) moved ON true
    WHERE coalesce(moved.units, 0) <> CASE transfer.status
        WHEN 'called_back' THEN 0 ELSE coalesce(line.received, 0) - line.sent END
    ORDER BY transfer.number, sku.code
"""


def promised_equals_free() -> list[str]:
    """What the catalog can promise and has promised is what the warehouses have free, SKU by SKU."""
    return [
        f"{sku}: the catalog counts {promised}, the warehouses have {free} free"
        for sku, promised, free in _rows(_PROMISED)
    ]


def on_hand_equals_movements() -> list[str]:
    """Stock on hand is the sum of its movements."""
    return [f"{warehouse}/{sku}: {on_hand} on hand, {moved} moved" for warehouse, sku, on_hand, moved in _rows(_MOVED)]


def damaged_equals_movements() -> list[str]:
    """What lies damaged in a warehouse was put aside and neither found sound nor thrown away."""
    return [
        f"{warehouse}/{sku}: {damaged} damaged, {moved} put aside"
        for warehouse, sku, damaged, moved in _rows(_PUT_ASIDE)
    ]


def transfers_equal_movements() -> list[str]:
    """What left with a transfer is on its way, has arrived, or is written down as lost."""
    return [
        f"{number}: {sent} of {sku} sent, {received} received, movements {moved}"
        for number, sku, sent, received, moved in _rows(_TRANSFERRED)
    ]


def _rows(statement: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


LAWS = (promised_equals_free, on_hand_equals_movements, damaged_equals_movements, transfers_equal_movements)
