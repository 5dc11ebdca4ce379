"""Goods go out in exchange, under the number of the after-sale, as those of an order do."""

from collections import Counter
from datetime import datetime

from django.db import transaction

from logistics.allocation.models import FulfilmentRequest
from logistics.allocation.services import FulfilmentItem, reduce_fulfilment, send_goods
from orders.after_sales.came_back import came_back
from orders.after_sales.errors import AfterSaleMovedOn, NotThisKind, ReplacementGivenUp
from orders.after_sales.locks import lock_after_sale
from orders.after_sales.models import AfterSale, Kind, Status
from orders.after_sales.services.moving import move
from orders.after_sales.services.refunding import complete
from orders.checkout.models import Order
from shop.catalog.errors import OutOfStock
from shop.catalog.models import Sku
from shop.core.actors import Actor
from shop.core.transactions import use_case

_REPLACED = (Status.REPLACING, Status.REPLACEMENT_SENT, Status.COMPLETED)
WAREHOUSE = Actor.system("warehouse")
COURIER = Actor.gateway("courier")


@use_case
def send_replacement(*, number: str, actor: Actor, now: datetime) -> AfterSale:
    """Reserve the replacement and ask for it to be shipped. Asked already, it stays so.

    Raises AfterSaleNotFound, AfterSaleMovedOn, NotThisKind, ReplacementGivenUp, OutOfStock.
    """
    order, after_sale = lock_after_sale(number=number)
    if after_sale.kind != Kind.EXCHANGE:
        raise NotThisKind
    if after_sale.status in _REPLACED:
        return after_sale
    if after_sale.status != Status.RECEIVED:
        raise AfterSaleMovedOn(status=after_sale.status)
    _send(order, after_sale, actor, now)
    return after_sale


def try_to_replace(*, order: Order, after_sale: AfterSale, actor: Actor, now: datetime) -> None:
    """The same for goods that came back sound, inside the caller's transaction; without stock somebody decides."""
    try:
        with transaction.atomic():
            _send(order, after_sale, actor, now)
    except OutOfStock:
        after_sale.refresh_from_db()


@use_case
def give_up_replacement(*, number: str, actor: Actor, now: datetime, note: str = "") -> AfterSale:
    """The replacement cannot be sent: what was reserved is free again, and somebody decides anew.

    Raises AfterSaleNotFound, AfterSaleMovedOn, AlreadyShipped.
    """
    _order, after_sale = lock_after_sale(number=number)
    if after_sale.status != Status.REPLACING:
        raise AfterSaleMovedOn(status=after_sale.status)
    move(after_sale, Status.RECEIVED, actor=actor, now=now, note=note)
    units = {item.sku_id: item.quantity for item in _items(after_sale)}
    reduce_fulfilment(order_number=after_sale.number, items=units, now=now)
    return after_sale


@use_case
def replacement_shipped(*, number: str, now: datetime) -> None:
    """A parcel under the after-sale's number has left; told late or twice, nothing changes."""
    _order, after_sale = lock_after_sale(number=number)
    if after_sale.status == Status.REPLACING:
        move(after_sale, Status.REPLACEMENT_SENT, actor=WAREHOUSE, now=now)


@use_case
def replacement_delivered(*, number: str, now: datetime) -> None:
    """The replacement has arrived, and it is done; told twice or out of order, it ends the same."""
    order, after_sale = lock_after_sale(number=number)
    if after_sale.status == Status.REPLACING:
        move(after_sale, Status.REPLACEMENT_SENT, actor=COURIER, now=now)
    if after_sale.status == Status.REPLACEMENT_SENT:
        complete(order=order, after_sale=after_sale, actor=COURIER, now=now)


def _send(order: Order, after_sale: AfterSale, actor: Actor, now: datetime) -> None:
    move(after_sale, Status.REPLACING, actor=actor, now=now)
    asked = send_goods(reference=after_sale.number, recipient=order.recipient or {}, lines=_items(after_sale), now=now)
    if asked.status == FulfilmentRequest.Status.CANCELLED:
        raise ReplacementGivenUp


def _items(after_sale: AfterSale) -> list[FulfilmentItem]:
    """As many as came back, each SKU once: the other one that was asked for, or the same again."""
    units = Counter[int]()
    for line in after_sale.lines.select_related("after_sale", "order_line"):
        back = came_back(line)
        units.update(Counter({line.replacement_sku_id: len(back)}) if line.replacement_sku_id else back)
    skus = Sku.objects.in_bulk(units)
    return [
        FulfilmentItem(pk, count, skus[pk].weight_g, skus[pk].volume_cm3, skus[pk].price_fen)
        for pk, count in units.items()
        if count
    ]
