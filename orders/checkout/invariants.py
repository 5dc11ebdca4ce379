"""Laws of orders: their sums, their times, and the stock that they hold."""

from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from logistics.allocation.models import FulfilmentLine, FulfilmentRequest
from orders.checkout.models import Deposit, DepositStatus, Order, OrderEvent, OrderLine, OrderStatus
from promotions.checkout.models import ClaimStatus, PromotionClaim
from shop.catalog.models import Product, StockReservation

SHOWN = 20
_HOLDING = (OrderStatus.PENDING_PAYMENT, OrderStatus.PAID)
_UNPAID = (OrderStatus.PENDING_PAYMENT, OrderStatus.CANCELLED)


def order_totals_are_the_sums_of_their_lines() -> list[str]:
    """Goods and payables of an order add up over its lines, and a line's payable is its price and adjustments."""
    sums = Order.objects.annotate(
        lines_goods=Coalesce(Sum("lines__subtotal_fen"), 0), lines_payable=Coalesce(Sum("lines__payable_fen"), 0)
    )
    wrong = sums.exclude(lines_goods=F("goods_fen"), lines_payable=F("goods_fen") - F("discount_fen")) | sums.exclude(
        payable_fen=F("lines_payable") + F("freight_fen")
    )
    lines = OrderLine.objects.exclude(subtotal_fen=F("unit_price_fen") * F("quantity")).select_related("order")
    return [
        f"order {row.number}: goods {row.goods_fen} but lines {row.lines_goods}, payable {row.payable_fen}"
        for row in wrong.order_by("pk")[:SHOWN]
    ] + [f"order {line.order.number}: line {line.position} is not price × quantity" for line in lines[:SHOWN]]


def status_and_times_agree() -> list[str]:
    """What an order says about payment, shipping, delivery and closing fits its status."""
    paid = ~Q(status__in=_UNPAID)
    wrong = Order.objects.filter(
        (paid & (Q(paid_at__isnull=True) | ~Q(paid_fen=F("payable_fen"))))
        | (~paid & (Q(paid_at__isnull=False) | ~Q(paid_fen__in=[0, F("deposit_fen")])))
        | (Q(status=OrderStatus.CANCELLED) & Q(closed_at__isnull=True))
        | (Q(status=OrderStatus.COMPLETED) & Q(completed_at__isnull=True))
        | (Q(status=OrderStatus.SHIPPED) & Q(shipped_at__isnull=True))
        | (Q(status=OrderStatus.DELIVERED) & Q(delivered_at__isnull=True))
    )
    return [f"order {row.number}: {row.status} does not fit its times and sums" for row in wrong.order_by("pk")[:SHOWN]]


def deposits_follow_their_orders() -> list[str]:
    """An order has a deposit exactly where it says of how much; how far that has come fits the order."""
    unpaid, cancelled = Q(order__status=OrderStatus.PENDING_PAYMENT), Q(order__status=OrderStatus.CANCELLED)
    nothing, paid = Q(order__paid_fen=0), Q(order__paid_fen=F("order__deposit_fen"))
    fits = (
        (Q(status=DepositStatus.AWAITED) & unpaid & nothing)
        | (Q(status=DepositStatus.PAID) & unpaid & paid & Q(order__expires_at=F("balance_until")))
        | (Q(status=DepositStatus.SETTLED) & ~unpaid & ~cancelled)
        | (Q(status=DepositStatus.LAPSED) & cancelled & nothing)
        | (Q(status=DepositStatus.KEPT) & cancelled & paid & Q(order__refunded_fen=0))
        | (Q(status=DepositStatus.RETURNED) & cancelled & paid & Q(order__refunded_fen=F("order__deposit_fen")))
    )
    wrong = Deposit.objects.exclude(fits, order__deposit_fen__gt=0).select_related("order").order_by("pk")
    lacking = Order.objects.filter(deposit_fen__gt=0, deposit=None).order_by("pk")
    return [f"order {row.order.number} ({row.order.status}): its deposit is {row.status}" for row in wrong[:SHOWN]] + [
        f"order {row.number} has a deposit of {row.deposit_fen} fen, but no terms of it" for row in lacking[:SHOWN]
    ]


def history_ends_at_the_status() -> list[str]:
    """An order's last event is its status."""
    later = OrderEvent.objects.filter(order=OuterRef("order"), pk__gt=OuterRef("pk"))
    last = OrderEvent.objects.annotate(superseded=Exists(later)).filter(superseded=False)
    wrong = last.exclude(status=F("order__status")).select_related("order")
    return [f"order {each.order.number}: history ends at {each.status}" for each in wrong[:SHOWN]]


def waiting_orders_hold_their_stock() -> list[str]:
    """An unpaid order holds every unit of its goods until it expires, a paid one for good until it is allocated, but
    for those withdrawn before.

    The order hears of its allocation a moment later, so that the allocation itself is asked.
    """
    # A gift may be of a SKU that was bought as well: then the reservation is for both lines.
    together = OrderLine.objects.filter(order=OuterRef("order"), sku_id=OuterRef("sku_id")).order_by().values("sku_id")
    held = StockReservation.objects.filter(
        reference=OuterRef("order__number"), sku_id=OuterRef("sku_id"), quantity=OuterRef("units")
    )
    timed = held.filter(expires_at=OuterRef("order__expires_at"))
    for_good = held.filter(expires_at__isnull=True)
    withdrawn = FulfilmentLine.objects.filter(
        request__order_number=OuterRef("order__number"), sku_id=OuterRef("sku_id")
    ).values("withdrawn")
    lines = OrderLine.objects.filter(product__kind=Product.Kind.GOODS).select_related("order").order_by("pk")
    lines = lines.annotate(
        units=Subquery(together.annotate(units=Sum("quantity")).values("units")) - Coalesce(Subquery(withdrawn), 0)
    )
    unpaid = lines.filter(order__status=OrderStatus.PENDING_PAYMENT).exclude(Exists(timed))
    decided = FulfilmentRequest.objects.filter(
        order_number=OuterRef("order__number"),
        status__in=[FulfilmentRequest.Status.ALLOCATED, FulfilmentRequest.Status.CANCELLED],
    )
    paid = lines.filter(order__status=OrderStatus.PAID, units__gt=0).exclude(Exists(for_good) | Exists(decided))
    return [
        f"order {line.order.number} ({line.order.status}) does not hold its {line.quantity} × {line.sku_code}"
        for line in [*unpaid[:SHOWN], *paid[:SHOWN]]
    ]


def no_other_order_holds_stock() -> list[str]:
    """Orders that are cancelled or allocated hold nothing any more, but for what a warehouse has turned down."""
    waiting = Order.objects.filter(number=OuterRef("reference"), status__in=_HOLDING)
    rejected = FulfilmentRequest.objects.filter(
        order_number=OuterRef("reference"), status=FulfilmentRequest.Status.WAITING
    )
    orders = Order.objects.filter(number=OuterRef("reference"))
    left = StockReservation.objects.filter(Exists(orders)).exclude(Exists(waiting) | Exists(rejected)).order_by("pk")
    return [f"order {row.reference} still holds {row.quantity} of SKU {row.sku_id}" for row in left[:SHOWN]]


def promotions_follow_their_orders() -> list[str]:
    """What an order holds of promotions is held while payment is awaited, used once it is paid, given back if not."""
    of_order = Order.objects.filter(number=OuterRef("order_number"))
    claims = PromotionClaim.objects.annotate(order_status=Subquery(of_order.values("status")[:1]))
    wrong = claims.exclude(
        Q(order_status=OrderStatus.PENDING_PAYMENT, status=ClaimStatus.CLAIMED)
        | Q(order_status=OrderStatus.CANCELLED, status=ClaimStatus.RELEASED)
        | (
            Q(order_status__isnull=False, status__in=[ClaimStatus.CONFIRMED, ClaimStatus.COMPLETED])
            & ~Q(order_status__in=_UNPAID)
        )
    )
    return [f"order {each.order_number}: {each.mechanism} is {each.status}" for each in wrong.order_by("pk")[:SHOWN]]


LAWS = (
    order_totals_are_the_sums_of_their_lines,
    status_and_times_agree,
    deposits_follow_their_orders,
    history_ends_at_the_status,
    waiting_orders_hold_their_stock,
    no_other_order_holds_stock,
    promotions_follow_their_orders,
)
