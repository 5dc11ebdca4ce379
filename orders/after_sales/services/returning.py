"""Goods come back: sent by the member, looked at by the shop, and then money or other goods go out."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from logistics.network.errors import UnknownWarehouse
from logistics.network.services import receive_return
from orders.after_sales.came_back import came_back
from orders.after_sales.errors import AfterSaleMovedOn, MoreReceivedThanSent, NothingReceived, NotThisKind
from orders.after_sales.locks import lock_after_sale
from orders.after_sales.models import AfterSale, AfterSaleLine, Kind, Status
from orders.after_sales.services.moving import move
from orders.after_sales.services.refunding import start_refund
from orders.after_sales.services.replacing import try_to_replace
from orders.checkout.models import Order
from shop.core.actors import Actor
from shop.core.transactions import use_case

_ARRIVING = (Status.AWAITING_GOODS, Status.UNDER_WAY, Status.DISPUTED)


@use_case
def record_return_shipment(
    *, number: str, carrier: str, tracking_number: str, actor: Actor, now: datetime, member_id: int | None = None
) -> AfterSale:
    """The member has sent the goods; told again, it is corrected while the goods are on their way.

    Raises AfterSaleNotFound, AfterSaleMovedOn.
    """
    _order, after_sale = lock_after_sale(number=number, member_id=member_id)
    said = (carrier, tracking_number)
    if after_sale.status == Status.UNDER_WAY:
        if said != (after_sale.carrier, after_sale.tracking_number):
            after_sale.carrier, after_sale.tracking_number = said
            after_sale.save(update_fields=["carrier", "tracking_number"])
            after_sale.tell(actor=actor, now=now, note=" ".join(said))
        return after_sale
    if after_sale.status != Status.AWAITING_GOODS:
        raise AfterSaleMovedOn(status=after_sale.status)
    after_sale.carrier, after_sale.tracking_number = said
    move(after_sale, Status.UNDER_WAY, actor=actor, now=now, note=" ".join(said))
    return after_sale


@use_case
def receive_goods(
    *,
    number: str,
    received: Mapping[int, tuple[int, int]],
    actor: Actor,
    now: datetime,
    warehouse_id: int | None = None,
    note: str = "",
) -> AfterSale:
    """Goods have come back and were looked at: by id of the order's line, units that are sound and units that are not.

    Sound units can be sold again. When everything came back sound the refund begins, or the replacement leaves; else
    somebody decides (`refund`, `send_replacement`). Received already, it stays so.
    Raises AfterSaleNotFound, AfterSaleMovedOn, NothingReceived, MoreReceivedThanSent, UnknownWarehouse.
    """
    order, after_sale = lock_after_sale(number=number)
    if after_sale.received_at is not None:
        return after_sale
    if after_sale.status not in _ARRIVING:
        raise AfterSaleMovedOn(status=after_sale.status)
    lines = list(after_sale.lines.select_related("order_line"))
    _note_received(lines, received)
    after_sale.received_at = now
    after_sale.warehouse_id = warehouse_id or after_sale.warehouse_id
    AfterSaleLine.objects.bulk_update(lines, ["units_sound", "units_damaged"])
    move(after_sale, Status.RECEIVED, actor=actor, now=now, note=note)
    if all(line.units_sound == line.units_to_send for line in lines):
        _go_on(order, after_sale, actor, now)
    _book(after_sale, lines, actor, now)
    return after_sale


@use_case
def dispute(*, number: str, answer: str, actor: Actor, now: datetime) -> AfterSale:
    """What came back is not what was sent, or not as it was: the shop does not accept it, and says why.

    Then the two agree, and the goods are received after all, or it is refused. Raises AfterSaleNotFound,
    AfterSaleMovedOn.
    """
    _order, after_sale = lock_after_sale(number=number)
    if after_sale.status == Status.DISPUTED:
        return after_sale
    if after_sale.status != Status.UNDER_WAY:
        raise AfterSaleMovedOn(status=after_sale.status)
    after_sale.answer = answer
    move(after_sale, Status.DISPUTED, actor=actor, now=now, note=answer)
    return after_sale


@use_case
def refund(*, number: str, actor: Actor, now: datetime, withheld_fen: int = 0, withheld_for: str = "") -> AfterSale:
    """Decide on goods that came back: refund what was received, less what is withheld for the state that they are in.

    An exchange whose replacement cannot be sent becomes a return. Refunded already, it stays so.
    Raises AfterSaleNotFound, AfterSaleMovedOn, WithheldTooMuch.
    """
    order, after_sale = lock_after_sale(number=number)
    if after_sale.refunding_at is not None:
        return after_sale
    if after_sale.status != Status.RECEIVED:
        raise AfterSaleMovedOn(status=after_sale.status)
    after_sale.kind = Kind.RETURN
    after_sale.withheld_fen, after_sale.withheld_for = withheld_fen, withheld_for
    # Who decides on the amount is the first of two persons, whoever had agreed to the return.
    after_sale.approved_by = str(actor)[:80]
    start_refund(order=order, after_sale=after_sale, actor=actor, now=now, note=withheld_for)
    return after_sale


@use_case
def receive_by_time(*, number: str, actor: Actor, now: datetime) -> AfterSale:
    """Nobody has looked for the goods in time: they count as received whole, and no stock is booked.

    Raises AfterSaleNotFound, AfterSaleMovedOn, NotThisKind for an exchange.
    """
    order, after_sale = lock_after_sale(number=number)
    if after_sale.status != Status.UNDER_WAY:
        raise AfterSaleMovedOn(status=after_sale.status)
    if after_sale.kind != Kind.RETURN:
        raise NotThisKind
    move(after_sale, Status.RECEIVED, actor=actor, now=now)
    start_refund(order=order, after_sale=after_sale, actor=actor, now=now)
    return after_sale


def _go_on(order: Order, after_sale: AfterSale, actor: Actor, now: datetime) -> None:
    if after_sale.kind == Kind.EXCHANGE:
        try_to_replace(order=order, after_sale=after_sale, actor=actor, now=now)
    else:
        # The money hangs on what came back: who says so is the first of two persons, whoever had agreed to the return.
        after_sale.approved_by = str(actor)[:80]
        start_refund(order=order, after_sale=after_sale, actor=actor, now=now)


def _note_received(lines: list[AfterSaleLine], received: Mapping[int, tuple[int, int]]) -> None:
    known = {line.order_line_id: line for line in lines}
    counts = [count for counted in received.values() for count in counted]
    if not set(received) <= set(known) or not any(counts) or min(counts) < 0:
        raise NothingReceived
    for line_id, (sound, damaged) in received.items():
        line = known[line_id]
        if sound + damaged > line.units_to_send:
            raise MoreReceivedThanSent
        line.units_sound, line.units_damaged = sound, damaged


def _book(after_sale: AfterSale, lines: list[AfterSaleLine], actor: Actor, now: datetime) -> None:
    """Into the warehouse's stock; last, as the order of locks has it."""
    if after_sale.warehouse_id is None:
        raise UnknownWarehouse
    sound, damaged = Counter[int](), Counter[int]()
    for line in lines:
        came = came_back(line)
        sound.update(came[: line.units_sound])
        damaged.update(came[line.units_sound :])
    receive_return(
        warehouse_id=after_sale.warehouse_id,
        sound=sound,
        damaged=damaged,
        reference=after_sale.number,
        actor=actor,
        now=now,
    )
