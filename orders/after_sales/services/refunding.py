"""What goes back is fixed and sent: once for each after-sale, one after the other for each order.

Building blocks: the caller holds the order's row. An amount above the merchant's limit waits for a second person.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import structlog
from django.db import transaction
from django.db.models import F

from logistics.allocation.errors import AllocationNotOpen, AlreadyShipped
from logistics.allocation.services import reduce_fulfilment
from orders.after_sales.engine import Assessment, Policy
from orders.after_sales.errors import GoodsShipped, UnitsNotLeft, WithheldTooMuch
from orders.after_sales.facts import AfterSaleCompleted, LineGivenBack
from orders.after_sales.models import AfterSale, AfterSaleLine, Kind, Status
from orders.after_sales.preferences import SECOND_APPROVAL_FEN
from orders.after_sales.services.asking import estimate
from orders.after_sales.services.moving import end, move
from orders.after_sales.standing import assess_now, standings
from orders.checkout.models import Order, OrderLine, OrderStatus
from orders.payments.models import Refund
from orders.payments.services.refunding import request_refund
from points.ledger.queries import points_worth_fen
from shop.core.actors import Actor
from shop.core.outbox import publish

log = structlog.get_logger(__name__)


def start_refund(
    *, order: Order, after_sale: AfterSale, actor: Actor, now: datetime, approved_twice: bool = False, note: str = ""
) -> None:
    """Fix what goes back, take it from what the order can still give back, and send it.

    Raises GoodsShipped when units that had not left have left meanwhile, WithheldTooMuch.
    """
    lines = list(after_sale.lines.select_related("order_line"))
    units = {line.order_line.position: _units(line) for line in lines}
    assessment = _assess(order, after_sale, units, now)
    estimate(after_sale, assessment)
    after_sale.refund_fen = assessment.cash_fen - _withheld(after_sale, assessment)
    if _needs_second(order, after_sale) and not approved_twice:
        move(after_sale, Status.SECOND_APPROVAL, actor=actor, now=now, note=note)
        return
    _count(order, after_sale, lines, units)
    _keep_shares(lines, assessment)
    after_sale.refunding_at = now
    move(after_sale, Status.REFUNDING, actor=actor, now=now, note=note)
    if after_sale.refund_fen:
        request_refund(
            order=order,
            amount_fen=after_sale.refund_fen,
            reason=Refund.Reason.AFTER_SALE,
            reference=after_sale.number,
            now=now,
        )
    # Stock comes last in the order of locks. Of a return it was withdrawn when that was agreed.
    if after_sale.kind == Kind.REFUND:
        withdraw(order, lines, now=now)
    if not after_sale.refund_fen:
        complete(order=order, after_sale=after_sale, actor=actor, now=now)


def complete(*, order: Order, after_sale: AfterSale, actor: Actor, now: datetime) -> None:
    """Money is back, or there was none: what was given back is told. An order of which nothing is left ends with the
    last of its refunds.
    """
    end(order, after_sale, Status.COMPLETED, actor=actor, now=now)
    some_left = order.lines.filter(is_gift=False, units_returned__lt=F("quantity")).exists()
    whole = not some_left and not AfterSale.objects.filter(order=order, status=Status.REFUNDING).exists()
    if whole and order.status != OrderStatus.REFUNDED:
        order.move_to(OrderStatus.REFUNDED, actor=actor, now=now, note=after_sale.number)
    publish(completed(order, after_sale, is_whole=whole, now=now))


def end_unreturned(
    *, order: Order, after_sale: AfterSale, status: Status, actor: Actor, now: datetime, note: str = ""
) -> None:
    """Goods do not come back, or are not accepted: it ends, but for units that never left, which are refunded."""
    withdrawn = after_sale.lines.filter(units_unshipped__gt=0, order_line__is_gift=False)
    if after_sale.kind != Kind.RETURN or not withdrawn.exists():
        end(order, after_sale, status, actor=actor, now=now, note=note)
        return
    after_sale.received_at = now
    move(after_sale, Status.RECEIVED, actor=actor, now=now, note=note)
    start_refund(order=order, after_sale=after_sale, actor=actor, now=now)


def completed(order: Order, after_sale: AfterSale, *, is_whole: bool, now: datetime) -> AfterSaleCompleted:
    assessment = after_sale.assessment
    return AfterSaleCompleted(
        number=after_sale.number,
        order_number=order.number,
        member_id=order.member_id,
        kind=after_sale.kind,
        refund_fen=after_sale.refund_fen,
        goods_fen=after_sale.refund_fen - after_sale.refund_freight_fen,
        freight_fen=after_sale.refund_freight_fen,
        points=after_sale.refund_points,
        coupon_ids=tuple(assessment.get("coupons_back", ())),
        lines=tuple(
            LineGivenBack(
                position=line.order_line.position,
                sku_id=line.order_line.sku_id,
                units=line.units_refunded,
                cash_fen=line.cash_fen,
                points=line.points,
                coupon_fen=line.coupon_fen,
            )
            for line in after_sale.lines.select_related("order_line")
            if line.units_refunded
        ),
        growth_back=assessment.get("growth_back", True),
        commission_back=assessment.get("commission_back", True),
        is_whole=is_whole,
        at=now,
    )


def withdraw(order: Order, lines: Sequence[AfterSaleLine], *, now: datetime) -> None:
    """Take what had not left out of fulfilment; it can be sold again. Raises GoodsShipped."""
    items: dict[int, int] = {}
    for line in lines:
        if line.units_unshipped:
            sku_id = line.order_line.sku_id
            items[sku_id] = items.get(sku_id, 0) + line.units_unshipped
    if not items or not order.needs_parcel:
        return
    try:
        with transaction.atomic():
            reduce_fulfilment(order_number=order.number, items=items, now=now)
    except AlreadyShipped as error:
        raise GoodsShipped from error
    except AllocationNotOpen:
        log.info("nothing_left_to_withdraw", order=order.number)


def _assess(order: Order, after_sale: AfterSale, units: Mapping[int, int], now: datetime) -> Assessment:
    return assess_now(
        order=order,
        lines=standings(order),
        asked={position: count for position, count in units.items() if count},
        policy=msgspec.convert(after_sale.policy, Policy),
        sellers_fault=after_sale.shop_at_fault,
        now=now,
    )


def _units(line: AfterSaleLine) -> int:
    """What came back of it, where that was looked at; else all."""
    return line.units_unshipped + line.units_received if line.after_sale.received_at else line.quantity


def _withheld(after_sale: AfterSale, assessment: Assessment) -> int:
    if after_sale.withheld_fen > assessment.goods_fen:
        raise WithheldTooMuch(most_fen=assessment.goods_fen)
    return after_sale.withheld_fen


def _needs_second(order: Order, after_sale: AfterSale) -> bool:
    """Above the limit, points at their worth, with what went back before: in slices nobody gets past it."""
    limit = SECOND_APPROVAL_FEN.value()
    points = order.refunded_points + after_sale.refund_points
    worth_fen = order.refunded_fen + after_sale.refund_fen + points_worth_fen(points)
    return bool(limit and (after_sale.refund_fen or after_sale.refund_points)) and worth_fen >= limit


def _count(order: Order, after_sale: AfterSale, lines: Sequence[AfterSaleLine], units: Mapping[int, int]) -> None:
    """Take what goes back from what is left, each by one conditional update. Raises UnitsNotLeft."""
    for line in lines:
        line.units_refunded = units[line.order_line.position]
        claimed = OrderLine.objects.filter(
            pk=line.order_line_id, units_claimed__gte=F("units_returned") + line.units_refunded
        )
        if not claimed.update(units_returned=F("units_returned") + line.units_refunded):
            raise UnitsNotLeft
    fen, freight_fen, points = after_sale.refund_fen, after_sale.refund_freight_fen, after_sale.refund_points
    left = Order.objects.filter(
        pk=order.pk,
        paid_fen__gte=F("refunded_fen") + fen,
        freight_fen__gte=F("refunded_freight_fen") + freight_fen,
        points_used__gte=F("refunded_points") + points,
    )
    if not left.update(
        refunded_fen=F("refunded_fen") + fen,
        refunded_freight_fen=F("refunded_freight_fen") + freight_fen,
        refunded_points=F("refunded_points") + points,
    ):
        raise UnitsNotLeft
    order.refresh_from_db(fields=["refunded_fen", "refunded_freight_fen", "refunded_points"])


def _keep_shares(lines: Sequence[AfterSaleLine], assessment: Assessment) -> None:
    shares = {each.position: each for each in assessment.lines}
    for line in lines:
        share = shares.get(line.order_line.position)
        line.cash_fen = share.cash_fen if share else 0
        line.points = share.points if share else 0
        line.coupon_fen = share.coupon_fen if share else 0
    AfterSaleLine.objects.bulk_update(lines, ["units_refunded", "units_unshipped", "cash_fen", "points", "coupon_fen"])
