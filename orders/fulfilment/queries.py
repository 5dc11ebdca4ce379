"""Reads of an order's parcels and of what is still paid for it."""

from typing import Any

from django.db.models import F, Q, Sum

from logistics.shipments.models import Shipment, ShipmentLine, ShipmentStatus
from orders.after_sales.models import OPEN, AfterSale
from orders.checkout.errors import OrderNotFound
from orders.checkout.models import Order, OrderStatus
from orders.payments.models import Refund, RefundStatus
from shop.core.prepared import Prepared

# Written out, because every payment asks. After-sales name themselves on their refunds.
_REFUNDED_FOR_NO_GOODS = """
(SELECT coalesce(sum(refund.amount_fen), 0)::bigint
    FROM payments_refund refund JOIN payments_payment payment ON payment.id = refund.payment_id
    WHERE payment.order_id = %(order)s AND payment.settles_order AND refund.status = 'succeeded'
        AND refund.reference = '')
"""
_REFUNDED = Prepared(
    "refunded_of_order",
    """
SELECT coalesce(sum(refund.amount_fen), 0)::bigint
FROM payments_refund refund JOIN payments_payment payment ON payment.id = refund.payment_id
WHERE payment.order_id = %s AND payment.settles_order AND refund.status = 'succeeded'
""",
)
_BACK_FOR_GOODS = Prepared(
    "back_for_goods",
    f"""
SELECT {_REFUNDED_FOR_NO_GOODS} + coalesce(sum(refund_fen - refund_freight_fen), 0)::bigint
FROM after_sales_aftersale WHERE order_id = %(order)s AND status = 'completed'
    AND (NOT %(counting_growth_kept)s::boolean OR assessment->'growth_back' IS DISTINCT FROM 'false'::jsonb)
""",
)
_LEFT_BY_LINE = Prepared(
    "left_by_line",
    f"""
SELECT line.payable_fen - coalesce((
        SELECT sum(back.cash_fen) FROM after_sales_aftersaleline back
        JOIN after_sales_aftersale done ON done.id = back.after_sale_id
        WHERE back.order_line_id = line.id AND done.status = 'completed' AND (NOT %(counting_commission_kept)s::boolean
            OR done.assessment->'commission_back' IS DISTINCT FROM 'false'::jsonb)
    ), 0)::bigint, {_REFUNDED_FOR_NO_GOODS}
FROM checkout_orderline line WHERE line.order_id = %(order)s AND NOT line.is_gift ORDER BY line.position
""",
)

# What of a recipient says where a parcel goes, and how many of a member's orders are looked at for it.
DESTINATION = ("region_code", "detail", "phone")
MOST_DESTINATIONS = 200


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
    [(back,)] = _BACK_FOR_GOODS.run({"order": order.pk, "counting_growth_kept": counting_growth_kept})
    return max(order.paid_fen - order.freight_fen - back, 0)


def still_paid_by_line(order: Order, *, counting_commission_kept: bool = False) -> list[int]:
    """In fen, of each line that was bought, in the order in which they have earned; one query.

    Units that came back are not paid for any more, whatever was withheld or deducted for them; with
    `counting_commission_kept` those that were refunded without the commission on them are. Money that went back
    for no goods comes off all lines alike, rounded down, so that no refund ever leaves more of any line.
    """
    rows = _LEFT_BY_LINE.run({"order": order.pk, "counting_commission_kept": counting_commission_kept})
    left = [fen for fen, _refunded in rows]
    whole = sum(left)
    after_all = max(whole - max((refunded for _fen, refunded in rows), default=0), 0)
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


def destinations_of(*, member_id: int, region_code: str) -> list[tuple[str, str, str]]:
    """Where in a region the member had parcels sent: the region, the street and the phone, of the latest orders."""
    sent = Order.objects.filter(member_id=member_id, recipient__region_code=region_code).order_by("-pk")
    found = sent.values_list("recipient", flat=True)[:MOST_DESTINATIONS]
    return [(region_code, to.get("detail", ""), to.get("phone", "")) for to in found if to is not None]


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
    [(refunded,)] = _REFUNDED.run([order.pk])
    return int(refunded)


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
