"""Sellable stock: what may still be promised, and what is promised already.

Owns every change of `SkuStock` quantities and of `StockReservation`. Always: `available` and `reserved` are never
negative; `reserved` is the sum of the SKU's reservations; a sale never reaches into the safety stock.

Everything runs inside the caller's transaction and locks stock rows in SKU order, so that baskets that name the same
SKUs in another order cannot block each other. A refusal changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from shop.catalog.cache import LISTING, forget, touch_stock
from shop.catalog.errors import OutOfStock, ReservationNotHeld
from shop.catalog.facts import StockPresenceChanged
from shop.catalog.models import SkuStock
from shop.core.errors import Detail
from shop.core.outbox import publish
from shop.core.prepared import Prepared

Row = tuple[Any, ...]

# The statements that change stock answer (product, sellable units before, sellable units after) for each SKU.
_RESERVE = Prepared(
    "stock_reserve",
    """
WITH taken AS (
    UPDATE catalog_skustock s
    SET available = s.available - w.units, reserved = s.reserved + w.units
    FROM unnest(%s::bigint[], %s::bigint[]) AS w(sku_id, units) JOIN catalog_sku k ON k.id = w.sku_id
    WHERE s.sku_id = w.sku_id AND s.available - s.safety_stock >= w.units
    RETURNING s.sku_id, w.units, k.product_id, s.available - s.safety_stock AS sellable
), held AS (
    INSERT INTO catalog_stockreservation (reference, sku_id, quantity, expires_at)
    SELECT %s::text, sku_id, units, %s::timestamptz FROM taken
)
SELECT product_id, sellable + units, sellable FROM taken
""",
)

_LOCK_SELLABLE = Prepared(
    "stock_lock_sellable",
    """
SELECT sku_id, available - safety_stock FROM catalog_skustock WHERE sku_id = ANY(%s::bigint[])
ORDER BY sku_id FOR NO KEY UPDATE
""",
)

_CONFIRM = Prepared(
    "stock_confirm",
    "UPDATE catalog_stockreservation SET expires_at = NULL WHERE reference = %s RETURNING sku_id",
)

_HELD = Prepared(
    "stock_held",
    """
SELECT s.sku_id, r.quantity FROM catalog_skustock s JOIN catalog_stockreservation r USING (sku_id)
WHERE r.reference = %s ORDER BY s.sku_id FOR NO KEY UPDATE OF s, r
""",
)

_END_HOLD = Prepared(
    "stock_end_hold",
    """
WITH wanted AS (
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS w(sku_id, units, given_back)
), whole AS (
    DELETE FROM catalog_stockreservation r USING wanted w
    WHERE r.reference = %s AND r.sku_id = w.sku_id AND r.quantity = w.units
), part AS (
    UPDATE catalog_stockreservation r SET quantity = r.quantity - w.units FROM wanted w
    WHERE r.reference = %s AND r.sku_id = w.sku_id AND r.quantity > w.units
)
UPDATE catalog_skustock s SET reserved = s.reserved - w.units, available = s.available + w.given_back
FROM wanted w JOIN catalog_sku k ON k.id = w.sku_id
WHERE s.sku_id = w.sku_id
RETURNING k.product_id, s.available - s.safety_stock - w.given_back, s.available - s.safety_stock
""",
)

_CHANGE = """
UPDATE catalog_skustock s SET available = s.available + w.delta
FROM unnest(%s::bigint[], %s::bigint[]) AS w(sku_id, delta) JOIN catalog_sku k ON k.id = w.sku_id
WHERE s.sku_id = w.sku_id AND s.available + w.delta >= 0
RETURNING k.product_id, s.available - s.safety_stock - w.delta, s.available - s.safety_stock
"""

_LOCK_STOCK_OF_PRODUCTS = """
SELECT s.sku_id FROM catalog_skustock s JOIN catalog_sku k ON k.id = s.sku_id
WHERE k.product_id = ANY(%s) ORDER BY s.sku_id FOR NO KEY UPDATE OF s
"""

_RECOUNT = """
UPDATE catalog_product p SET skus_in_stock = counted.skus
FROM (
    SELECT i.id, count(s.sku_id) AS skus
    FROM unnest(%s::bigint[]) AS i(id)
    LEFT JOIN catalog_sku k ON k.product_id = i.id AND k.is_active
    LEFT JOIN catalog_skustock s ON s.sku_id = k.id AND s.available > s.safety_stock
    GROUP BY i.id
) counted
WHERE p.id = counted.id AND p.skus_in_stock <> counted.skus
RETURNING p.id
"""

_RECORD_SALES = Prepared(
    "stock_record_sales",
    """
WITH locked AS (
    SELECT p.id, w.units FROM catalog_product p JOIN unnest(%s::bigint[], %s::bigint[]) AS w(id, units) USING (id)
    ORDER BY p.id FOR NO KEY UPDATE OF p
)
UPDATE catalog_product p SET sales = greatest(p.sales + l.units, 0) FROM locked l WHERE p.id = l.id RETURNING p.id
""",
)


def reserve_stock(*, reference: str, items: Mapping[int, int], expires_at: datetime | None) -> None:
    """Hold `items` (SKU id → units) for `reference` until `expires_at`, all of them or none.

    Raises OutOfStock, whose `sku_ids` and details name every SKU that is short.
    """
    if len(items) > 1:
        _refuse_shortage(items, _lock_sellable(items))
    taken = _RESERVE.run([*_columns(items), reference, expires_at])
    if len(taken) < len(items):
        raise _shortage(items, list(items))
    announce(taken)


def confirm_reservation(*, reference: str) -> None:
    """The reference is paid: its hold no longer expires. Raises ReservationNotHeld where there is none."""
    if not _CONFIRM.run([reference]):
        raise ReservationNotHeld(reference=reference)


def prolong_reservation(*, reference: str, until: datetime) -> None:
    """The reference waits for longer. Raises ReservationNotHeld where there is no hold."""
    statement = "UPDATE catalog_stockreservation SET expires_at = %s WHERE reference = %s RETURNING sku_id"
    if not _run(statement, [until, reference]):
        raise ReservationNotHeld(reference=reference)


def release_reservation(*, reference: str, items: Mapping[int, int] | None = None) -> dict[int, int]:
    """Give held units back to the sellable stock: `items`, or all that `reference` holds.

    Returns what was given back; without `items`, a reference that holds nothing gives back nothing.
    Raises ReservationNotHeld when `items` are more than it holds.
    """
    held = _lock_held(reference)
    return _end_hold(reference=reference, held=held, items=held if items is None else items, give_back=True)


def consume_reservation(*, reference: str, items: Mapping[int, int]) -> None:
    """Held units leave for the warehouse that will send them. Raises ReservationNotHeld."""
    _end_hold(reference=reference, held=_lock_held(reference), items=items, give_back=False)


def change_available(*, deltas: Mapping[int, int]) -> None:
    """Physical stock changed by `deltas` (SKU id → units), and so does what may be promised.

    A loss may reach into the safety stock but not into what is promised already: raises OutOfStock.
    """
    if len(deltas) > 1:
        locked = SkuStock.objects.filter(sku_id__in=deltas).order_by("sku_id").select_for_update(no_key=True)
        _refuse_shortage({sku: -delta for sku, delta in deltas.items()}, {s.sku_id: s.available for s in locked})
    changed = _run(_CHANGE, _columns(deltas))
    if len(changed) < len(deltas):
        raise _shortage(deltas, list(deltas))
    announce(changed)


def record_sales(*, items: Mapping[int, int]) -> None:
    """Add units (product id → units, negative for returns) to the products' sales figures.

    Locks product rows in order; a transaction that also changes stock changes the stock first.
    """
    touch_stock([row[0] for row in _RECORD_SALES.run(_columns(items))])


def presence_changed(*, product_ids: Iterable[int]) -> None:
    """SKUs of these products, their stock or safety stock changed so that the product may have come in or out of stock.

    The count that lists filter on is taken after the commit, in a transaction of its own, so that buyers never wait
    for a product row; the outbox does it again should this process die in between.
    """
    ids = sorted(set(product_ids))
    publish(StockPresenceChanged(product_ids=ids))
    transaction.on_commit(lambda: recount_skus_in_stock(product_ids=ids), robust=True)


@transaction.atomic
def recount_skus_in_stock(*, product_ids: Sequence[int]) -> None:
    """Count again how many active SKUs of each product can be sold."""
    # The count must not miss a sale that is about to commit: wait for the rows, then count in a fresh statement.
    _run(_LOCK_STOCK_OF_PRODUCTS, [list(product_ids)])
    changed = [row[0] for row in _run(_RECOUNT, [list(product_ids)])]
    if changed:
        transaction.on_commit(lambda: forget(products=changed, shared=[LISTING]), robust=True)


def _lock_held(reference: str) -> dict[int, int]:
    return dict(_HELD.run([reference]))


def _end_hold(*, reference: str, held: Mapping[int, int], items: Mapping[int, int], give_back: bool) -> dict[int, int]:
    if any(not 0 < units <= held.get(sku_id, 0) for sku_id, units in items.items()):
        raise ReservationNotHeld(reference=reference)
    if items:
        sku_ids, units = _columns(items)
        given_back = units if give_back else [0] * len(units)
        announce(_END_HOLD.run([sku_ids, units, given_back, reference, reference]))
    return dict(items)


def _lock_sellable(sku_ids: Iterable[int]) -> dict[int, int]:
    return dict(_LOCK_SELLABLE.run([sorted(sku_ids)]))


def _refuse_shortage(wanted: Mapping[int, int], sellable: Mapping[int, int]) -> None:
    short = [sku_id for sku_id, units in wanted.items() if sellable.get(sku_id, 0) < units]
    if short:
        raise _shortage(wanted, short)


def _shortage(wanted: Mapping[int, int], short: Sequence[int]) -> OutOfStock:
    positions = {sku_id: position for position, sku_id in enumerate(wanted)}
    details = [Detail(f"/items/{positions[sku_id]}", OutOfStock.code, OutOfStock.message) for sku_id in short]
    return OutOfStock(details=details, sku_ids=list(short))


def announce(changes: Sequence[Row]) -> None:
    """Tell of (product id, sellable units before, sellable units after), for each SKU that changed."""
    touch_stock([product_id for product_id, _before, _after in changes])
    crossed = {product_id for product_id, before, after in changes if (before > 0) != (after > 0)}
    if crossed:
        presence_changed(product_ids=crossed)


def _columns(items: Mapping[int, int]) -> list[list[int]]:
    """`items` as two arrays for unnest(), in key order."""
    keys = sorted(items)
    return [keys, [items[key] for key in keys]]


def _run(statement: str, parameters: Sequence[Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
