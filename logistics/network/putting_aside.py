"""Units that are damaged: put aside, found to be sound again, or thrown away.

Put aside they are neither on hand nor sellable; the movements say what became of each.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from logistics.network.errors import StockTaken
from logistics.network.facts import StockReceived
from logistics.network.models import StockMovement
from logistics.network.services import require_quantities, write_movements
from shop.catalog.services.stock import change_available
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.transactions import use_case

Kind = StockMovement.Kind
_CHANGE = """
    UPDATE network_warehousestock stock
    SET on_hand = stock.on_hand + %s * w.units, damaged = stock.damaged + %s * w.units
    FROM unnest(%s::bigint[], %s::int[]) AS w(sku_id, units)
    WHERE stock.warehouse_id = %s AND stock.sku_id = w.sku_id
        AND stock.on_hand - stock.allocated + %s * w.units >= 0 AND stock.damaged + %s * w.units >= 0
"""


@use_case
def put_aside(
    *, warehouse_id: int, items: Mapping[int, int], reference: str, reason: str, actor: Actor, now: datetime
) -> None:
    """Free units are found damaged. Raises StockTaken when fewer are free, OutOfStock when the catalog has sold them,
    ReferenceUsed."""
    set_aside(warehouse_id=warehouse_id, items=items, reference=reference, reason=reason, actor=actor, now=now)


def set_aside(
    *, warehouse_id: int, items: Mapping[int, int], reference: str, reason: str, actor: Actor, now: datetime
) -> None:
    """`put_aside`, inside the caller's transaction."""
    require_quantities(items)
    lost = {sku_id: -units for sku_id, units in items.items()}
    change_available(deltas=lost)
    _change(warehouse_id, items, on_hand=-1, damaged=1)
    write_movements(Kind.DAMAGE, warehouse_id, lost, reference, reason, actor, now)


def write_off(
    *, warehouse_id: int, items: Mapping[int, int], reference: str, reason: str, actor: Actor, now: datetime
) -> None:
    """Free units are not where they should be; inside the caller's transaction. Raises what `put_aside` raises."""
    require_quantities(items)
    lost = {sku_id: -units for sku_id, units in items.items()}
    change_available(deltas=lost)
    _change(warehouse_id, items, on_hand=-1, damaged=0)
    write_movements(Kind.COUNT, warehouse_id, lost, reference, reason, actor, now)


@use_case
def find_sound(
    *, warehouse_id: int, items: Mapping[int, int], reference: str, reason: str, actor: Actor, now: datetime
) -> None:
    """Units that were put aside can be sold after all. Raises StockTaken when fewer lie there, ReferenceUsed."""
    require_quantities(items)
    change_available(deltas=items)
    _change(warehouse_id, items, on_hand=1, damaged=-1)
    write_movements(Kind.REPAIR, warehouse_id, items, reference, reason, actor, now)
    publish(StockReceived(warehouse_id=warehouse_id, sku_ids=sorted(items), at=now))


@use_case
def throw_away(
    *, warehouse_id: int, items: Mapping[int, int], reference: str, reason: str, actor: Actor, now: datetime
) -> None:
    """Damaged units leave for good. Raises StockTaken when fewer lie there, ReferenceUsed."""
    require_quantities(items)
    _change(warehouse_id, items, on_hand=0, damaged=-1)
    gone = {sku_id: -units for sku_id, units in items.items()}
    write_movements(Kind.SCRAP, warehouse_id, gone, reference, reason, actor, now)


def _change(warehouse_id: int, items: Mapping[int, int], *, on_hand: int, damaged: int) -> None:
    columns = [list(items), list(items.values())]
    with connection.cursor() as cursor:
        cursor.execute(_CHANGE, [on_hand, damaged, *columns, warehouse_id, on_hand, damaged])
        if cursor.rowcount != len(items):
            raise StockTaken
