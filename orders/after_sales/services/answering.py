"""The shop answers: yes, no, or yes in another way. Said again, it stays as it was said first."""

from datetime import datetime

import msgspec
from django.db.models import Min

from logistics.allocation.models import Allocation
from logistics.network.errors import UnknownWarehouse
from logistics.network.models import Warehouse
from orders.after_sales.engine import Policy
from orders.after_sales.errors import AfterSaleMovedOn, GoodsShipped, NotThisKind, SecondPersonNeeded
from orders.after_sales.locks import lock_after_sale
from orders.after_sales.models import AfterSale, AfterSaleLine, Kind, Status
from orders.after_sales.services.asking import estimate, gift_lines
from orders.after_sales.services.moving import claim, end, move
from orders.after_sales.services.refunding import end_unreturned, start_refund, withdraw
from orders.after_sales.standing import assess_now, standings
from orders.checkout.models import Order
from shop.core.actors import Actor
from shop.core.transactions import use_case

_REFUSABLE = (Status.REQUESTED, Status.DISPUTED)


@use_case
def approve(
    *, number: str, actor: Actor, now: datetime, answer: str = "", warehouse_id: int | None = None
) -> AfterSale:
    """Agree: a refund begins, above a limit after a second approval; goods are awaited at a warehouse, by default the
    one that sent them. Agreed already, it stays so.

    Raises AfterSaleNotFound, AfterSaleMovedOn, GoodsShipped, UnknownWarehouse.
    """
    order, after_sale = lock_after_sale(number=number)
    if after_sale.approved_at is not None and after_sale.status != Status.REFUSED:
        return after_sale
    if after_sale.status != Status.REQUESTED:
        raise AfterSaleMovedOn(status=after_sale.status)
    after_sale.approved_by, after_sale.approved_at, after_sale.answer = str(actor)[:80], now, answer
    if after_sale.kind == Kind.REFUND:
        start_refund(order=order, after_sale=after_sale, actor=actor, now=now)
    else:
        _await_goods(order, after_sale, warehouse_id, actor, now)
    return after_sale


@use_case
def turn_into_return(*, number: str, actor: Actor, now: datetime, answer: str = "") -> AfterSale:
    """Goods that were to be refunded unsent have been sent: they come back first, and that is agreed.

    Raises AfterSaleNotFound, AfterSaleMovedOn, NotThisKind unless it was about a refund.
    """
    order, after_sale = lock_after_sale(number=number)
    if after_sale.kind != Kind.REFUND:
        raise NotThisKind
    if after_sale.status not in (Status.REQUESTED, Status.SECOND_APPROVAL):
        raise AfterSaleMovedOn(status=after_sale.status)
    after_sale.kind = Kind.RETURN
    after_sale.approved_by, after_sale.approved_at, after_sale.answer = str(actor)[:80], now, answer
    shipped = {each.line.pk: each.shipped for each in standings(order)}
    for line in after_sale.lines.all():
        line.units_unshipped = max(line.quantity - shipped[line.order_line_id], 0)
        line.save(update_fields=["units_unshipped"])
    _await_goods(order, after_sale, None, actor, now)
    return after_sale


@use_case
def refuse(*, number: str, answer: str, actor: Actor, now: datetime) -> AfterSale:
    """Refuse, and say why; the member may ask again with more evidence. Refused already, it stays so.

    Raises AfterSaleNotFound, AfterSaleMovedOn once it was agreed, unless the goods that came are in dispute.
    """
    order, after_sale = lock_after_sale(number=number)
    if after_sale.status == Status.REFUSED:
        return after_sale
    if after_sale.status not in _REFUSABLE:
        raise AfterSaleMovedOn(status=after_sale.status)
    after_sale.answer = answer
    end_unreturned(order=order, after_sale=after_sale, status=Status.REFUSED, actor=actor, now=now, note=answer)
    return after_sale


@use_case
def approve_second(*, number: str, actor: Actor, now: datetime) -> AfterSale:
    """The second of two persons agrees, and the refund begins. Agreed already, it stays so.

    Raises AfterSaleNotFound, AfterSaleMovedOn, SecondPersonNeeded, GoodsShipped.
    """
    order, after_sale = lock_after_sale(number=number)
    if after_sale.second_by and after_sale.refunding_at is not None:
        return after_sale
    _check_second(after_sale, actor)
    after_sale.second_by = str(actor)[:80]
    start_refund(order=order, after_sale=after_sale, actor=actor, now=now, approved_twice=True)
    return after_sale


@use_case
def refuse_second(*, number: str, answer: str, actor: Actor, now: datetime) -> AfterSale:
    """The second of two persons does not agree: what no goods came back for ends, else it is decided anew.

    Raises AfterSaleNotFound, AfterSaleMovedOn, SecondPersonNeeded.
    """
    order, after_sale = lock_after_sale(number=number)
    _check_second(after_sale, actor)
    after_sale.answer = answer
    if after_sale.kind == Kind.REFUND:
        end(order, after_sale, Status.REFUSED, actor=actor, now=now, note=answer)
    else:
        move(after_sale, Status.RECEIVED, actor=actor, now=now, note=answer)
    return after_sale


def _check_second(after_sale: AfterSale, actor: Actor) -> None:
    if after_sale.status != Status.SECOND_APPROVAL:
        raise AfterSaleMovedOn(status=after_sale.status)
    if after_sale.approved_by == str(actor)[:80]:
        raise SecondPersonNeeded


def _await_goods(order: Order, after_sale: AfterSale, warehouse_id: int | None, actor: Actor, now: datetime) -> None:
    """Say where the goods go, with what goes along; gifts that have not left yet stay."""
    after_sale.warehouse_id = _warehouse(order, warehouse_id)
    if after_sale.kind == Kind.RETURN:
        _take_gifts_along(order, after_sale, now)
    lines = list(after_sale.lines.select_related("order_line"))
    try:
        withdraw(order, lines, now=now)
    except GoodsShipped:
        # They left a moment ago: then they come back like the rest.
        after_sale.lines.update(units_unshipped=0)
    move(after_sale, Status.AWAITING_GOODS, actor=actor, now=now, note=after_sale.answer)


def _take_gifts_along(order: Order, after_sale: AfterSale, now: datetime) -> None:
    """Since it was asked for, other after-sales may have left their gifts to this one."""
    known = standings(order)
    mine = {line.order_line_id: line.quantity for line in after_sale.lines.all()}
    assessment = assess_now(
        order=order,
        lines=known,
        asked={each.line.position: mine[each.line.pk] for each in known if each.line.pk in mine},
        policy=msgspec.convert(after_sale.policy, Policy),
        sellers_fault=after_sale.shop_at_fault,
        now=now,
    )
    estimate(after_sale, assessment)
    fresh = []
    for line in gift_lines(assessment, {each.line.position: each for each in known}):
        if line.order_line_id not in mine:
            line.after_sale = after_sale
            fresh.append(line)
    claim(AfterSaleLine.objects.bulk_create(fresh), order=order, now=now)


def _warehouse(order: Order, warehouse_id: int | None) -> int | None:
    """The one that is named, or that sent the goods."""
    if warehouse_id is not None:
        if not Warehouse.objects.filter(pk=warehouse_id, is_active=True).exists():
            raise UnknownWarehouse
        return warehouse_id
    sent = Allocation.objects.filter(request__order_number=order.number, status=Allocation.Status.SHIPPED)
    found: int | None = sent.aggregate(first=Min("warehouse_id"))["first"]
    return found
