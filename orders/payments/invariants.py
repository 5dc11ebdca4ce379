"""Laws of money: what came in, what went back, and what an order says was paid."""

from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from orders.checkout.models import Deposit, DepositStatus, Order, OrderStatus
from orders.payments.models import Payment, PaymentStatus, Refund

SHOWN = 20
_UNSETTLED = (OrderStatus.PENDING_PAYMENT, OrderStatus.CANCELLED)


def paid_orders_have_their_settling_payments() -> list[str]:
    """A paid order has exactly one payment that settles it, of exactly what it had to pay, or one of its deposit and
    one of its balance; one that is not paid has none, or that of its deposit.
    """
    unpaid = Q(status__in=_UNSETTLED)
    orders = Order.objects.annotate(
        settling=Count("payments", filter=Q(payments__settles_order=True)),
        settled_fen=Coalesce(Sum("payments__amount_fen", filter=Q(payments__settles_order=True)), 0),
    ).values("number", "status", "payable_fen", "deposit_fen", "paid_fen", "settling", "settled_fen")
    fits = (
        (unpaid & Q(paid_fen=0, settling=0))
        | (unpaid & Q(paid_fen=F("deposit_fen"), settling=1))
        | (~unpaid & Q(paid_fen=F("payable_fen"), deposit_fen=0, settling=1))
        | (~unpaid & Q(paid_fen=F("payable_fen"), deposit_fen__gt=0, settling=2))
    )
    wrong = orders.exclude(fits, settled_fen=F("paid_fen"))
    return [
        "order {number} ({status}): payable {payable_fen}, deposit {deposit_fen}, paid {paid_fen},"
        " {settling} settling payments of {settled_fen}".format(**row)
        for row in wrong[:SHOWN]
    ]


def deposits_go_back_once() -> list[str]:
    """A deposit that is given back has refunds of exactly it, any other has none."""
    back = Refund.objects.filter(reason=Refund.Reason.DEPOSIT, payment__order=OuterRef("order")).order_by()
    sums = back.values("payment__order").annotate(fen=Sum("amount_fen")).values("fen")
    returned = Q(status=DepositStatus.RETURNED)
    fits = (returned & Q(back_fen=F("order__deposit_fen"))) | (~returned & Q(back_fen=0))
    wrong = Deposit.objects.annotate(back_fen=Coalesce(Subquery(sums), 0)).exclude(fits)
    wrong = wrong.select_related("order").order_by("pk")
    return [
        f"order {row.order.number}: its deposit is {row.status}, {row.back_fen} fen go back" for row in wrong[:SHOWN]
    ]


def other_payments_are_refunded_in_full() -> list[str]:
    """Every payment that succeeded without settling its order has a refund of its whole amount."""
    payments = (
        Payment.objects.filter(status=PaymentStatus.SUCCEEDED, settles_order=False)
        .annotate(back_fen=Coalesce(Sum("refunds__amount_fen"), 0))
        .exclude(back_fen=F("amount_fen"))
    )
    return [
        f"payment {row.number}: {row.amount_fen} came in for nothing, {row.back_fen} goes back"
        for row in payments[:SHOWN]
    ]


def refunds_never_exceed_payments() -> list[str]:
    """What goes back of a payment is what it counts, and no more than it brought."""
    payments = Payment.objects.annotate(back_fen=Coalesce(Sum("refunds__amount_fen"), 0)).filter(
        Q(back_fen__gt=F("amount_fen"))
        | Q(back_fen__gt=0) & ~Q(status=PaymentStatus.SUCCEEDED)
        | ~Q(back_fen=F("refunded_fen"))
    )
    return [
        f"payment {row.number} ({row.status}): {row.amount_fen} came in, {row.back_fen} goes back"
        for row in payments[:SHOWN]
    ]


def books_balance() -> list[str]:
    """Over the whole shop: succeeded payments minus refunds of unneeded ones is what the orders say was paid."""
    came = Payment.objects.filter(status=PaymentStatus.SUCCEEDED).aggregate(fen=Coalesce(Sum("amount_fen"), 0))["fen"]
    unneeded = Refund.objects.exclude(reason__in=[Refund.Reason.AFTER_SALE, Refund.Reason.DEPOSIT])
    back = unneeded.aggregate(fen=Coalesce(Sum("amount_fen"), 0))["fen"]
    paid = Order.objects.aggregate(fen=Coalesce(Sum("paid_fen"), 0))["fen"]
    return [] if came - back == paid else [f"{came} came in, {back} went back as unneeded, orders say {paid}"]


LAWS = (
    paid_orders_have_their_settling_payments,
    other_payments_are_refunded_in_full,
    refunds_never_exceed_payments,
    books_balance,
    deposits_go_back_once,
)
