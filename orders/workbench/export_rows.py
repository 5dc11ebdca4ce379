"""Rows of exported files: orders, their lines, or their parcels, with people masked unless they may be named."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from logistics.shipments.models import Shipment
from members.identity.recipients import Addressee
from orders.checkout.models import Order
from orders.payments.models import Payment
from orders.workbench.models import OrderExport
from shop.core.formulas import harmless
from shop.core.money import plain_yuan

Content = OrderExport.Content


@dataclass(frozen=True)
class Column:
    """`is_number`: a plain number, which spreadsheets may add up; everything else is text that must never be run."""

    heading: Any
    value: Callable[..., Any]
    is_number: bool = False

    def cell(self, *of: Any) -> str:
        value = self.value(*of)
        if value is None:
            return ""
        if isinstance(value, datetime):
            return f"{localtime(value):%Y-%m-%d %H:%M:%S}"
        return str(value) if self.is_number else harmless(str(value))


Rows: TypeAlias = Iterator[list[str]]


def headings(content: str) -> list[str]:
    return [str(column.heading) for column in COLUMNS[content]]


def numbers(content: str) -> list[bool]:
    """Which columns hold numbers."""
    return [column.is_number for column in COLUMNS[content]]


def rows_of(content: str, orders: Sequence[Order], *, reveals: bool) -> Rows:
    """The rows of these orders, in their order; a fixed number of queries for any number of orders."""
    columns = COLUMNS[content]
    for things in _READERS[content](orders, reveals):
        yield [column.cell(*things) for column in columns]


def _orders(orders: Sequence[Order], reveals: bool) -> Iterable[tuple[Any, ...]]:
    methods: defaultdict[int, dict[str, bool]] = defaultdict(dict)
    for payment in Payment.objects.filter(order__in=orders, settles_order=True).order_by("pk"):
        methods[payment.order_id][str(payment.get_method_display())] = True
    tracked = defaultdict(list)
    numbers = [order.number for order in orders]
    parcels = Shipment.objects.filter(order_number__in=numbers).exclude(tracking_number="")
    for number, tracking in parcels.order_by("pk").values_list("order_number", "tracking_number"):
        tracked[number].append(tracking)
    for order in orders:
        yield (
            order,
            Addressee.of(order.recipient, whole=reveals),
            " + ".join(methods[order.pk]),
            " ".join(tracked[order.number]),
        )


def _lines(orders: Sequence[Order], reveals: bool) -> Iterable[tuple[Any, ...]]:
    return ((order, line) for order in orders for line in order.lines.all())


def _parcels(orders: Sequence[Order], reveals: bool) -> Iterable[tuple[Any, ...]]:
    by_order = defaultdict(list)
    numbers = [order.number for order in orders]
    parcels = Shipment.objects.filter(order_number__in=numbers).select_related("warehouse", "carrier")
    for parcel in parcels.order_by("pk"):
        by_order[parcel.order_number].append(parcel)
    for order in orders:
        for parcel in by_order[order.number]:
            yield order, parcel, Addressee.of(parcel.recipient, whole=reveals)


def _order_columns(*more: Column) -> tuple[Column, ...]:
    return (
        Column(gettext_lazy("order number"), lambda order, *_: order.number),
        Column(gettext_lazy("status"), lambda order, *_: order.get_status_display()),
        Column(gettext_lazy("placed at"), lambda order, *_: order.placed_at),
        *more,
    )


def _recipient_columns(at: int) -> tuple[Column, ...]:
    """Of the buyer who stands at this place among what a row is made of."""
    return (
        Column(gettext_lazy("recipient"), lambda *of: of[at].name),
        Column(gettext_lazy("phone"), lambda *of: of[at].phone),
        Column(gettext_lazy("region"), lambda *of: of[at].region),
        Column(gettext_lazy("address"), lambda *of: of[at].street),
    )


def _yuan(heading: Any, fen: Callable[..., int]) -> Column:
    return Column(heading, lambda *of: plain_yuan(fen(*of)), is_number=True)


COLUMNS: dict[str, tuple[Column, ...]] = {
    Content.ORDERS: _order_columns(
        Column(gettext_lazy("paid at"), lambda order, *_: order.paid_at),
        Column(gettext_lazy("member"), lambda order, *_: order.member_id, is_number=True),
        *_recipient_columns(1),
        Column(gettext_lazy("pickup store"), lambda order, *_: order.pickup_store),
        _yuan(gettext_lazy("goods"), lambda order, *_: order.goods_fen),
        _yuan(gettext_lazy("discount"), lambda order, *_: order.discount_fen),
        _yuan(gettext_lazy("freight"), lambda order, *_: order.freight_fen),
        _yuan(gettext_lazy("payable"), lambda order, *_: order.payable_fen),
        _yuan(gettext_lazy("paid"), lambda order, *_: order.paid_fen),
        _yuan(gettext_lazy("refunded"), lambda order, *_: order.refunded_fen),
        Column(gettext_lazy("points used"), lambda order, *_: order.points_used, is_number=True),
        Column(gettext_lazy("payment method"), lambda order, buyer, method, tracked: method),
        Column(gettext_lazy("front"), lambda order, *_: order.get_channel_display()),
        Column(gettext_lazy("tracking number"), lambda order, buyer, method, tracked: tracked),
        Column(gettext_lazy("remark"), lambda order, *_: order.remark),
        Column(gettext_lazy("flag"), lambda order, *_: order.get_flag_display()),
        Column(gettext_lazy("staff remark"), lambda order, *_: order.staff_remark),
    ),
    Content.LINES: _order_columns(
        Column(gettext_lazy("product"), lambda order, line: line.product_name),
        Column(gettext_lazy("SKU"), lambda order, line: line.sku_code),
        Column(gettext_lazy("options"), lambda order, line: line.options),
        _yuan(gettext_lazy("unit price"), lambda order, line: line.unit_price_fen),
        Column(gettext_lazy("quantity"), lambda order, line: line.quantity, is_number=True),
        _yuan(gettext_lazy("payable"), lambda order, line: line.payable_fen),
        Column(gettext_lazy("gift"), lambda order, line: _("Yes") if line.is_gift else ""),
    ),
    Content.PARCELS: _order_columns(
        Column(gettext_lazy("parcel"), lambda order, parcel, buyer: parcel.number),
        Column(gettext_lazy("status of the parcel"), lambda order, parcel, buyer: parcel.get_status_display()),
        Column(gettext_lazy("warehouse"), lambda order, parcel, buyer: parcel.warehouse),
        Column(gettext_lazy("carrier"), lambda order, parcel, buyer: parcel.carrier),
        Column(gettext_lazy("tracking number"), lambda order, parcel, buyer: parcel.tracking_number),
        Column(gettext_lazy("shipped at"), lambda order, parcel, buyer: parcel.shipped_at),
        Column(gettext_lazy("delivered at"), lambda order, parcel, buyer: parcel.delivered_at),
        *_recipient_columns(2),
        Column(gettext_lazy("weight (g)"), lambda order, parcel, buyer: parcel.weight_g, is_number=True),
    ),
}
_READERS: dict[str, Callable[[Sequence[Order], bool], Iterable[tuple[Any, ...]]]] = {
    Content.ORDERS: _orders,
    Content.LINES: _lines,
    Content.PARCELS: _parcels,
}
