"""Reads of an order's parcels and of what is still paid for it."""

from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from logistics.shipments.models import Shipment, ShipmentLine, ShipmentStatus
from orders.after_sales.models import OPEN, AfterSale, Status
from orders.checkout.errors import OrderNotFound
from orders.checkout.models import Order, OrderStatus
from orders.payments.models import Refund, RefundStatus


def is_order(number: str) -> bool:
    """Whether a number under which goods travel is that of an order."""
    return Order.objects.filter(number=number).exists()


def units_under_way(*, order_number: str) -> tuple[int, int]:
    """How many of the order's units have left a warehouse, and how many of those have arrived."""
    lines = ShipmentLine.objects.filter(shipment__order_number=order_number, shipment__shipped_at__isnull=False)
    units = lines.aggregate(
        shipped=Sum("quantity", default=0),
        delivered=Sum("quantity", filter=Q(shipment__status=ShipmentStatus.DELIVERED), default=0),
    )
    return units["shipped"], units["delivered"]


def still_paid_for_goods(order: Order, *, counting_growth_kept: bool = False) -> int:
    """In fen, at least 0; with `counting_growth_kept`, goods that were refunded without their growth count as paid."""
    done = AfterSale.objects.filter(order=order, status=Status.COMPLETED)
    if counting_growth_kept:
        done = done.exclude(assessment__growth_back=False)
    goods = done.aggregate(fen=Sum(F("refund_fen") - F("refund_freight_fen"), default=0))["fen"]
    return max(order.paid_fen - order.freight_fen - goods - _refunded_for_no_goods(order), 0)


def still_paid_by_line(order: Order, *, counting_commission_kept: bool = False) -> list[int]:
    """In fen, of each line that was bought, in the order in which they have earned; two queries.

    Units that came back are not paid for any more, whatever was withheld or deducted for them; with
    `counting_commission_kept` those that were refunded without the commission on them are. Money that went back
    for no goods comes off all lines alike, rounded down, so that no refund ever leaves more of any line.
    """
    completed = Q(after_sale_lines__after_sale__status=Status.COMPLETED)
    if counting_commission_kept:
        told = "after_sale_lines__after_sale__assessment__commission_back"
        completed &= Q(**{told: True}) | Q(**{f"{told}__isnull": True})
    back = Sum("after_sale_lines__cash_fen", filter=completed, default=0)
    lines = order.lines.filter(is_gift=False).annotate(left_fen=F("payable_fen") - back).order_by("position")
    left = list(lines.values_list("left_fen", flat=True))
    whole = sum(left)
    after_all = max(whole - _refunded_for_no_goods(order), 0)
    return [fen * after_all // whole for fen in left] if whole else left


def spent_by(*, member_id: int) -> int:
    """What a member has paid for orders that are completed, less what went back."""
    completed = Order.objects.filter(member_id=member_id, status=OrderStatus.COMPLETED)
    spent: int = completed.aggregate(fen=Sum(F("paid_fen") - F("refunded_fen"), default=0))["fen"]
    for_no_goods = Refund.objects.filter(
        payment__order__in=completed, payment__settles_order=True, status=RefundStatus.SUCCEEDED, reference=""
    )
    back: int = for_no_goods.aggregate(fen=Sum("amount_fen", default=0))["fen"]
    return spent - back


def is_coming_back(order_number: str) -> bool:
    """Whether an after-sale of the order is open, so that nobody knows yet what is left of it."""
    of_order = AfterSale.objects.filter(order__number=order_number)
    return of_order.filter(status__in=OPEN).exists()


def payer_of(order: Order) -> str:
    """As the gateway knows who paid; empty where it does not tell, or nothing was to be paid."""
    settled = order.payments.filter(settles_order=True).exclude(payer_openid="")
    return settled.values_list("payer_openid", flat=True).first() or ""


def refunded_fen(order: Order) -> int:
    """Late and double payments that went back are none of the order's business."""
    refunded: int = _succeeded(order).aggregate(fen=Sum("amount_fen", default=0))["fen"]
    return refunded


def _refunded_for_no_goods(order: Order) -> int:
    """After-sales name themselves on their refunds."""
    refunded: int = _succeeded(order).filter(reference="").aggregate(fen=Sum("amount_fen", default=0))["fen"]
    return refunded


def _succeeded(order: Order) -> QuerySet[Refund]:
    return Refund.objects.filter(payment__order=order, payment__settles_order=True, status=RefundStatus.SUCCEEDED)


def parcels(*, member_id: int, order_number: str) -> list[dict[str, Any]]:
    """The parcels of the member's order with their journey, newest news first; five queries for any number of them.

    Replacements are among them, with the number of their after-sale.
    Raises OrderNotFound.
    """
    if not Order.objects.filter(number=order_number, member_id=member_id).exists():
        raise OrderNotFound
    after_sales = list(AfterSale.objects.filter(order__number=order_number).values_list("number", flat=True))
    shipments = (
        Shipment.objects.filter(order_number__in=[order_number, *after_sales])
        .exclude(status=ShipmentStatus.CANCELLED)
        .select_related("carrier")
        .prefetch_related("lines", "events")
        .order_by("pk")
    )
    return [_parcel(shipment, order_number) for shipment in shipments]


def _parcel(shipment: Shipment, order_number: str) -> dict[str, Any]:
    carrier = shipment.carrier
    return {
        "number": shipment.number,
        "after_sale_number": None if shipment.order_number == order_number else shipment.order_number,
        "status": shipment.status,
        "carrier": {"code": carrier.code, "name": carrier.name} if carrier else None,
        "tracking_number": shipment.tracking_number,
        "promised_at": shipment.promised_at,
        "shipped_at": shipment.shipped_at,
        "delivered_at": shipment.delivered_at,
        "lines": [{"sku_id": line.sku_id, "quantity": line.quantity} for line in shipment.lines.all()],
        "events": [
            {
                "state": event.state,
                "description": event.description,
                "place": event.place,
                "happened_at": event.happened_at,
            }
            for event in sorted(shipment.events.all(), key=lambda e: (e.happened_at, e.pk), reverse=True)
        ],
    }
