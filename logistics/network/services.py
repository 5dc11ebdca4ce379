"""Every change of physical stock.

The catalog's promise and the warehouses' stock change in one transaction, always in this order of locks: the
catalog's rows, then the warehouse's rows, each by SKU. Each service costs the same number of statements for any
number of SKUs. They are building blocks and run inside the caller's transaction, but for `receive_stock` and
`count_stock`, which are use cases.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from logistics.network.errors import CountBelowAllocated, ReferenceUsed, StockMoved, StockTaken, UnknownWarehouse
from logistics.network.facts import StockReceived
from logistics.network.models import StockMovement, Warehouse, WarehouseStock
from shop.catalog.services.stock import change_available
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.prepared import Prepared
from shop.core.transactions import use_case

_LOCKED = """
    WITH wanted AS (SELECT * FROM unnest(%s::bigint[], %s::int[]) AS w(sku_id, quantity)),
    locked AS (
        SELECT stock.id, wanted.quantity FROM network_warehousestock stock JOIN wanted USING (sku_id)
        WHERE stock.warehouse_id = %s ORDER BY stock.sku_id FOR NO KEY UPDATE OF stock
    )
"""
_ALLOCATE = Prepared(
    "network_allocate",
    _LOCKED
    + """
    UPDATE network_warehousestock stock SET allocated = stock.allocated + locked.quantity
    FROM locked WHERE stock.id = locked.id AND stock.on_hand - stock.allocated >= locked.quantity
    RETURNING stock.id
""",
)
_RELEASE = Prepared(
    "network_release",
    _LOCKED
    + """
    UPDATE network_warehousestock stock SET allocated = stock.allocated - locked.quantity
    FROM locked WHERE stock.id = locked.id AND stock.allocated >= locked.quantity
    RETURNING stock.id
""",
)
_SHIP = Prepared(
    "network_ship",
    _LOCKED
    + """
    UPDATE network_warehousestock stock
    SET allocated = stock.allocated - locked.quantity, on_hand = stock.on_hand - locked.quantity
    FROM locked WHERE stock.id = locked.id AND stock.allocated >= locked.quantity
    RETURNING stock.id
""",
)
_RECEIVE = """
    INSERT INTO network_warehousestock AS stock (warehouse_id, sku_id, on_hand, allocated)
    SELECT %s, sku_id, quantity, 0 FROM unnest(%s::bigint[], %s::int[]) AS w(sku_id, quantity) ORDER BY sku_id
    ON CONFLICT (warehouse_id, sku_id) DO UPDATE SET on_hand = stock.on_hand + excluded.on_hand
"""
_RECEIVE_DAMAGED = """
    INSERT INTO network_warehousestock AS stock (warehouse_id, sku_id, on_hand, allocated, damaged)
    SELECT %s, sku_id, 0, 0, quantity FROM unnest(%s::bigint[], %s::int[]) AS w(sku_id, quantity) ORDER BY sku_id
    ON CONFLICT (warehouse_id, sku_id) DO UPDATE SET damaged = stock.damaged + excluded.damaged
"""
_COUNT = """
    UPDATE network_warehousestock stock SET on_hand = seen.counted
    FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS seen(id, on_hand, counted)
    WHERE stock.id = seen.id AND stock.on_hand = seen.on_hand AND stock.allocated <= seen.counted
"""
_MOVE = """
    INSERT INTO network_stockmovement
        (warehouse_id, sku_id, kind, quantity, reference, reason, actor, created_at)
    SELECT %s, sku_id, %s, quantity, %s, %s, %s, %s
    FROM unnest(%s::bigint[], %s::int[]) AS w(sku_id, quantity) ORDER BY sku_id
    ON CONFLICT (kind, reference, warehouse_id, sku_id) DO NOTHING
"""


@use_case
def receive_stock(
    *, warehouse_id: int, items: Mapping[int, int], reference: str, actor: Actor, now: datetime, reason: str = ""
) -> None:
    """Goods arrive: units by SKU id, all positive. Raises ReferenceUsed when this receipt was booked before."""
    require_quantities(items)
    _require_warehouse(warehouse_id)
    change_available(deltas=items)
    add_on_hand(warehouse_id=warehouse_id, items=items)
    write_movements(StockMovement.Kind.RECEIPT, warehouse_id, items, reference, reason, actor, now)
    publish(StockReceived(warehouse_id=warehouse_id, sku_ids=sorted(items), at=now))


@use_case
def count_stock(
    *, warehouse_id: int, counts: Mapping[int, int], reference: str, reason: str, actor: Actor, now: datetime
) -> dict[int, int]:
    """Book a stock-take: what was found by SKU id. Returns the differences that were booked.

    Raises CountBelowAllocated when units are missing that orders were promised, OutOfStock when the catalog has sold
    what is missing, StockMoved when a parcel left while the count was booked, ReferenceUsed for a repeated count.
    """
    if any(counted < 0 for counted in counts.values()):
        raise ValueError("a count is never negative")
    _require_warehouse(warehouse_id)
    _add_missing_rows(warehouse_id, counts)
    seen = list(
        WarehouseStock.objects.filter(warehouse_id=warehouse_id, sku_id__in=counts)
        .order_by("sku_id")
        .values_list("pk", "sku_id", "sku__code", "on_hand", "allocated")
    )
    for _pk, sku_id, code, _on_hand, allocated in seen:
        if counts[sku_id] < allocated:
            raise CountBelowAllocated(sku=code, allocated=allocated, counted=counts[sku_id])
    found = [(pk, sku_id, on_hand) for pk, sku_id, _code, on_hand, _allocated in seen if counts[sku_id] != on_hand]
    deltas = {sku_id: counts[sku_id] - on_hand for _pk, sku_id, on_hand in found}
    if not deltas:
        return {}
    change_available(deltas=deltas)
    # What was read above without a lock must still be so: the catalog's rows are locked first, everywhere.
    columns = [pk for pk, *_ in found], [on_hand for *_, on_hand in found], [counts[sku_id] for _, sku_id, _ in found]
    if _execute(_COUNT, list(columns)) != len(found):
        raise StockMoved
    write_movements(StockMovement.Kind.COUNT, warehouse_id, deltas, reference, reason, actor, now)
    gained = sorted(sku_id for sku_id, delta in deltas.items() if delta > 0)
    if gained:
        publish(StockReceived(warehouse_id=warehouse_id, sku_ids=gained, at=now))
    return deltas


@use_case
def set_safety_stock(*, warehouse_id: int, items: Mapping[int, int]) -> None:
    """How many free units (by SKU id) the warehouse should have at least."""
    _require_warehouse(warehouse_id)
    _add_missing_rows(warehouse_id, items)
    rows = list(WarehouseStock.objects.filter(warehouse_id=warehouse_id, sku_id__in=items).order_by("sku_id"))
    for row in rows:
        row.safety = items[row.sku_id]
    WarehouseStock.objects.bulk_update(rows, ["safety"])


def receive_return(
    *,
    warehouse_id: int,
    sound: Mapping[int, int],
    damaged: Mapping[int, int],
    reference: str,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> None:
    """Goods come back (SKU id → units): sound ones can be sold again, damaged ones are put aside as they arrive;
    inside the caller's transaction. Raises ReferenceUsed when this return was booked before, UnknownWarehouse.
    """
    returned = {sku: sound.get(sku, 0) + damaged.get(sku, 0) for sku in {*sound, *damaged}}
    for items in filter(None, (sound, damaged)):
        require_quantities(items)
    require_quantities(returned)
    _require_warehouse(warehouse_id)
    kinds = StockMovement.Kind
    if StockMovement.objects.filter(kind=kinds.RETURN, reference=reference).exists():
        raise ReferenceUsed(reference=reference)
    if sound:
        change_available(deltas=sound)
        add_on_hand(warehouse_id=warehouse_id, items=sound)
    write_movements(kinds.RETURN, warehouse_id, returned, reference, reason, actor, now)
    if damaged:
        _execute(_RECEIVE_DAMAGED, [warehouse_id, *_columns(damaged)])
        lost = {sku_id: -units for sku_id, units in damaged.items()}
        write_movements(kinds.DAMAGE, warehouse_id, lost, reference, reason, actor, now)
    if sound:
        publish(StockReceived(warehouse_id=warehouse_id, sku_ids=sorted(sound), at=now))


def allocate_stock(*, warehouse_id: int, items: Mapping[int, int]) -> None:
    """Promise units of this warehouse to an order. Raises StockTaken unless all of them are free."""
    _change(_ALLOCATE, warehouse_id, items)


def release_allocation(*, warehouse_id: int, items: Mapping[int, int]) -> None:
    """Take back a promise: the units are free again. Raises StockTaken when they were not allocated."""
    _change(_RELEASE, warehouse_id, items)


def ship_stock(*, warehouse_id: int, items: Mapping[int, int], reference: str, actor: Actor, now: datetime) -> None:
    """Allocated units leave the warehouse. Raises StockTaken when they were not allocated."""
    _change(_SHIP, warehouse_id, items)
    leaving = {sku_id: -quantity for sku_id, quantity in items.items()}
    write_movements(StockMovement.Kind.SHIPMENT, warehouse_id, leaving, reference, "", actor, now)


def add_on_hand(*, warehouse_id: int, items: Mapping[int, int]) -> None:
    """More units lie there; inside the caller's transaction, which changes the catalog's stock before and writes the
    movements after."""
    _execute(_RECEIVE, [warehouse_id, *_columns(items)])


def _change(statement: Prepared, warehouse_id: int, items: Mapping[int, int]) -> None:
    require_quantities(items)
    if len(statement.run([*_columns(items), warehouse_id])) != len(items):
        raise StockTaken


def write_movements(
    kind: str, warehouse_id: int, items: Mapping[int, int], reference: str, reason: str, actor: Actor, now: datetime
) -> None:
    """What changed, SKU by SKU; inside the caller's transaction. Raises ReferenceUsed where it was written before."""
    written = _execute(_MOVE, [warehouse_id, kind, reference, reason, str(actor), now, *_columns(items)])
    if written != len(items):
        raise ReferenceUsed(reference=reference)


def _add_missing_rows(warehouse_id: int, counts: Mapping[int, int]) -> None:
    rows = [WarehouseStock(warehouse_id=warehouse_id, sku_id=sku_id) for sku_id in sorted(counts)]
    WarehouseStock.objects.bulk_create(rows, ignore_conflicts=True)


def _require_warehouse(warehouse_id: int) -> None:
    if not Warehouse.objects.filter(pk=warehouse_id).exists():
        raise UnknownWarehouse


def require_quantities(items: Mapping[int, int]) -> None:
    if not items or any(quantity <= 0 for quantity in items.values()):
        raise ValueError("every quantity is a positive number of units")


def _columns(items: Mapping[int, int]) -> tuple[list[int], list[int]]:
    return list(items.keys()), list(items.values())


def _execute(statement: str, parameters: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.rowcount
