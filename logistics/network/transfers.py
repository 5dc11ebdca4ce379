"""Goods that go from one warehouse to another.

Always: what is on its way lies nowhere and cannot be sold; what arrives can be sold again; a transfer ends once.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from logistics.network.errors import StockTaken, TransferDiffers, TransferEnded
from logistics.network.facts import StockReceived
from logistics.network.models import StockMovement, StockTransfer, StockTransferLine
from logistics.network.services import add_on_hand, require_quantities, write_movements
from shop.catalog.services.stock import change_available
from shop.core.actors import Actor
from shop.core.numbers import new_number
from shop.core.outbox import publish
from shop.core.transactions import use_case

Status = StockTransfer.Status
TRANSFER = StockMovement.Kind.TRANSFER
_TAKE = """
    WITH locked AS (
        SELECT stock.id, w.units FROM network_warehousestock stock
        JOIN unnest(%s::bigint[], %s::int[]) AS w(sku_id, units) USING (sku_id)
        WHERE stock.warehouse_id = %s ORDER BY stock.sku_id FOR NO KEY UPDATE OF stock
    )
    UPDATE network_warehousestock stock SET on_hand = stock.on_hand - locked.units
    FROM locked WHERE stock.id = locked.id AND stock.on_hand - stock.allocated >= locked.units
"""


@use_case
def send_transfer(
    *, origin_id: int, destination_id: int, items: Mapping[int, int], reason: str, actor: Actor, now: datetime
) -> StockTransfer:
    """Free units (by SKU id) leave for another warehouse. Raises StockTaken when fewer are free there, OutOfStock when
    members were promised them."""
    require_quantities(items)
    if origin_id == destination_id:
        raise ValueError("a transfer goes from one warehouse to another")
    gone = {sku_id: -units for sku_id, units in items.items()}
    change_available(deltas=gone)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [list(items), list(items.values()), origin_id])
        if cursor.rowcount != len(items):
            raise StockTaken
    transfer = StockTransfer.objects.create(
        number=new_number("T", now),
        origin_id=origin_id,
        destination_id=destination_id,
        reason=reason,
        sent_by=str(actor)[:80],
        sent_at=now,
    )
    StockTransferLine.objects.bulk_create(
        StockTransferLine(transfer=transfer, sku_id=sku_id, sent=units) for sku_id, units in sorted(items.items())
    )
    write_movements(TRANSFER, origin_id, gone, transfer.number, reason, actor, now)
    return transfer


@use_case
def receive_transfer(
    *, number: str, received: Mapping[int, int], difference: str = "", actor: Actor, now: datetime
) -> StockTransfer:
    """What arrived (by SKU id) can be sold from there; what did not is lost, and `difference` says why.

    Raises TransferEnded, TransferDiffers.
    """
    transfer = _on_its_way(number)
    lines = list(transfer.lines.order_by("sku_id"))
    sent = {line.sku_id: line.sent for line in lines}
    wrong = received.keys() - sent.keys() or any(not 0 <= received[sku] <= sent[sku] for sku in received)
    arrived = {sku_id: units for sku_id, units in received.items() if units > 0}
    if wrong or (arrived != sent and not difference.strip()):
        raise TransferDiffers
    for line in lines:
        line.received = received.get(line.sku_id, 0)
    StockTransferLine.objects.bulk_update(lines, ["received"])
    transfer.difference = difference.strip()
    if arrived:
        _put(transfer.destination_id, arrived, transfer.number, transfer.reason, actor, now)
    return _end(transfer, Status.RECEIVED, actor, now)


@use_case
def call_transfer_back(*, number: str, actor: Actor, now: datetime) -> StockTransfer:
    """Everything of it lies where it came from again. Raises TransferEnded."""
    transfer = _on_its_way(number)
    items = dict(transfer.lines.values_list("sku_id", "sent"))
    _put(transfer.origin_id, items, f"{transfer.number}-B", transfer.reason, actor, now)
    return _end(transfer, Status.CALLED_BACK, actor, now)


def _on_its_way(number: str) -> StockTransfer:
    transfer = StockTransfer.objects.select_for_update(no_key=True).filter(number=number, status=Status.SENT).first()
    if transfer is None:
        raise TransferEnded
    return transfer


def _put(warehouse_id: int, items: Mapping[int, int], reference: str, reason: str, actor: Actor, now: datetime) -> None:
    change_available(deltas=items)
    add_on_hand(warehouse_id=warehouse_id, items=items)
    write_movements(TRANSFER, warehouse_id, items, reference, reason, actor, now)
    publish(StockReceived(warehouse_id=warehouse_id, sku_ids=sorted(items), at=now))


def _end(transfer: StockTransfer, status: str, actor: Actor, now: datetime) -> StockTransfer:
    transfer.status, transfer.ended_by, transfer.ended_at = status, str(actor)[:80], now
    transfer.save(update_fields=["status", "difference", "ended_by", "ended_at"])
    return transfer
