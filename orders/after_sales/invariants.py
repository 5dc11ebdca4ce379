"""Laws of after-sales: what rows say goes back, what orders count, and what is sent are one and the same."""

from django.db.models import Case, F, IntegerField, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from orders.after_sales.models import ENDED, AfterSale, AfterSaleEvent, AfterSaleLine, Kind, Status
from orders.checkout.models import DepositStatus, Order, OrderLine
from orders.payments.models import Refund

SHOWN = 20
_FREED = [status for status in ENDED if status != Status.COMPLETED]


def orders_count_what_after_sales_give_back() -> list[str]:
    """Money, freight and points that an order counts as given back are the sums over its refunds, or its deposit."""
    given = AfterSale.objects.filter(order=OuterRef("pk"), refunding_at__isnull=False).order_by().values("order")

    def total(column: str) -> Coalesce:
        return Coalesce(Subquery(given.annotate(total=Sum(column)).values("total")), 0)

    fen = Case(When(deposit__status=DepositStatus.RETURNED, then=F("deposit_fen")), default=total("refund_fen"))
    wrong = Order.objects.annotate(fen=fen, freight=total("refund_freight_fen"), points=total("refund_points")).exclude(
        refunded_fen=F("fen"), refunded_freight_fen=F("freight"), refunded_points=F("points")
    )
    return [
        f"order {row.number} counts {row.refunded_fen} fen, {row.refunded_freight_fen} of freight and"
        f" {row.refunded_points} points as given back, after-sales {row.fen}, {row.freight} and {row.points}"
        for row in wrong.order_by("pk")[:SHOWN]
    ]


def lines_count_their_units() -> list[str]:
    """The units of a line that are in after-sales, and those refunded, are the sums over its after-sales."""
    mine = AfterSaleLine.objects.filter(order_line=OuterRef("pk")).order_by().values("order_line")
    held = Case(
        When(after_sale__status__in=_FREED, then=Value(0)),
        When(after_sale__status=Status.COMPLETED, then=F("units_refunded")),
        default=F("quantity"),
        output_field=IntegerField(),
    )
    wrong = OrderLine.objects.annotate(
        claimed=Coalesce(Subquery(mine.annotate(units=Sum(held)).values("units")), 0),
        returned=Coalesce(
            Subquery(
                mine.filter(after_sale__refunding_at__isnull=False)
                .annotate(units=Sum("units_refunded"))
                .values("units")
            ),
            0,
        ),
    ).exclude(units_claimed=F("claimed"), units_returned=F("returned"))
    return [
        f"order {row.order.number}, line {row.position}: {row.units_claimed} units in after-sales and"
        f" {row.units_returned} refunded, their rows say {row.claimed} and {row.returned}"
        for row in wrong.select_related("order").order_by("pk")[:SHOWN]
    ]


def shares_sum_up_to_the_refund() -> list[str]:
    """What an after-sale gives back is what its lines and freight do, less deductions and what is withheld."""
    found = []
    rows = AfterSale.objects.filter(refunding_at__isnull=False).annotate(
        cash=Coalesce(Sum("lines__cash_fen"), 0), points=Coalesce(Sum("lines__points"), 0)
    )
    for row in rows.order_by("-pk").iterator(chunk_size=2_000):
        deducted = sum(each["amount_fen"] for each in row.assessment.get("deductions", ()))
        fen = row.cash - deducted + row.refund_freight_fen - row.withheld_fen
        if (fen, row.points) != (row.refund_fen, row.refund_points):
            found.append(f"after-sale {row.number}: lines give {fen} fen, {row.points} points, it {row.refund_fen}")
    return found[:SHOWN]


def lines_never_give_more_than_was_paid() -> list[str]:
    """Over all of its after-sales a line gives back what was paid for it at most; all of it once all units are back."""
    given = AfterSaleLine.objects.filter(order_line=OuterRef("pk"), after_sale__refunding_at__isnull=False).order_by()
    cash = given.values("order_line").annotate(fen=Sum("cash_fen")).values("fen")
    lines = OrderLine.objects.filter(units_returned__gt=0).annotate(fen=Coalesce(Subquery(cash), 0))
    wrong = lines.filter(Q(fen__gt=F("payable_fen")) | Q(units_returned=F("quantity")) & ~Q(fen=F("payable_fen")))
    return [
        f"order {row.order.number}, line {row.position}: {row.fen} of {row.payable_fen} fen back for"
        f" {row.units_returned} of {row.quantity} units"
        for row in wrong.select_related("order").order_by("pk")[:SHOWN]
    ]


def money_is_sent_for_each_refund() -> list[str]:
    """Refunds that are asked for sum up to what the after-sale gives back, and none is asked for before."""
    sent = Refund.objects.filter(reference=OuterRef("number")).order_by().values("reference")
    rows = AfterSale.objects.annotate(sent=Coalesce(Subquery(sent.annotate(fen=Sum("amount_fen")).values("fen")), 0))
    wrong = rows.filter(Q(refunding_at=None) & Q(sent__gt=0) | Q(refunding_at__isnull=False) & ~Q(sent=F("refund_fen")))
    return [f"after-sale {row.number}: {row.sent} fen sent of {row.refund_fen}" for row in wrong[:SHOWN]]


def history_ends_at_the_status() -> list[str]:
    last = AfterSaleEvent.objects.filter(after_sale=OuterRef("pk")).order_by("-pk").values("status")[:1]
    wrong = AfterSale.objects.annotate(last=Subquery(last)).exclude(status=F("last"))
    return [f"after-sale {row.number} is {row.status}, its history ends at {row.last}" for row in wrong[:SHOWN]]


def only_goods_are_exchanged() -> list[str]:
    """An exchange gives nothing back."""
    wrong = AfterSale.objects.filter(kind=Kind.EXCHANGE).filter(Q(refund_fen__gt=0) | Q(refund_points__gt=0))
    return [f"exchange {row.number} gives back {row.refund_fen} fen" for row in wrong[:SHOWN]]


LAWS = (
    orders_count_what_after_sales_give_back,
    lines_count_their_units,
    shares_sum_up_to_the_refund,
    lines_never_give_more_than_was_paid,
    money_is_sent_for_each_refund,
    history_ends_at_the_status,
    only_goods_are_exchanged,
)
