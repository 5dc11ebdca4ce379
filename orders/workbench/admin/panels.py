"""What an order's page shows beside its own fields: lines, price, payments and refunds, parcels, history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from logistics.shipments.models import Shipment
from members.identity.phones import show_phone
from orders.after_sales.models import AfterSale
from orders.checkout.models import Order, OrderStatus
from orders.checkout.notes import told
from orders.payments.models import Payment, Refund
from promotions.group_buy.models import GroupBuy
from promotions.group_buy.queries import standings_of
from shop.core.actors import actor_in_words
from shop.core.money import yuan

Rows = list[list[Any]]
TEAM_STATES = {
    "waiting": gettext_lazy("Waits for its team: nothing is sent yet"),
    "succeeded": gettext_lazy("The team has succeeded"),
    "failed": gettext_lazy("The team has failed: the order is paid back"),
}


@dataclass(frozen=True)
class Panel:
    title: str
    headers: list[str]
    rows: Rows

    @property
    def table(self) -> dict[str, Any]:
        return {"headers": self.headers, "rows": self.rows}


def order_panels(order: Order) -> list[Panel]:
    """Eight queries, whatever the order holds, and one more for its team; panels without rows are left out."""
    payments = list(
        Payment.objects.filter(order=order).prefetch_related(Prefetch("refunds", Refund.objects.order_by("pk")))
    )
    shipments = list(
        Shipment.objects.filter(order_number=order.number).select_related("carrier", "warehouse").order_by("pk")
    )
    panels = [
        Panel(_("Lines"), [_("Product"), _("SKU"), _("Unit price"), _("Quantity"), _("To pay")], _lines(order)),
        Panel(_("Price"), [_("Part"), _("Amount")], _price(order)),
        Panel(_("Team"), [_("Number"), _("Status")], _team(order)),
        Panel(
            _("Payments and refunds"),
            [_("Number"), _("Kind"), _("Status"), _("Amount"), _("Time")],
            [row for payment in payments for row in _payment(payment)],
        ),
        Panel(
            _("Parcels"),
            [_("Number"), _("Warehouse"), _("Carrier"), _("Tracking number"), _("Status"), _("Shipped")],
            [_shipment(shipment) for shipment in shipments],
        ),
        Panel(
            _("After-sales"),
            [_("Number"), _("Kind"), _("Status"), _("Refund"), _("Asked")],
            [_after_sale(each) for each in AfterSale.objects.filter(order=order).order_by("pk")],
        ),
        Panel(_("History"), [_("Time"), _("Status"), _("By"), _("Note")], _events(order)),
        Panel(_("Remarks of the staff"), [_("Time"), _("Flag"), _("Remark"), _("By")], _remarks(order)),
    ]
    return [panel for panel in panels if panel.rows]


@dataclass(frozen=True)
class Slip:
    """An order on paper."""

    order: Order
    placed_at: str
    phone: str
    lines: Rows
    price: Rows


def slips(orders: Iterable[Order]) -> list[Slip]:
    return [Slip(order, when(order.placed_at), _phone(order), _lines(order), _price(order)) for order in orders]


def when(instant: datetime | None) -> str:
    return date_format(localtime(instant), "Y-m-d H:i") if instant else "–"


def _phone(order: Order) -> str:
    return show_phone((order.recipient or {}).get("phone", ""))


def _lines(order: Order) -> Rows:
    return [
        [
            line.product_name,
            f"{line.sku_code} {line.options}".strip(),
            yuan(line.unit_price_fen),
            str(line.quantity),
            yuan(line.payable_fen),
        ]
        for line in order.lines.all()
    ]


def _price(order: Order) -> Rows:
    rows = [[_("Goods"), yuan(order.goods_fen)]]
    rows += [[each["label"], yuan(each["amount_fen"])] for each in order.adjustments]
    if order.discount_fen:
        rows.append([_("Discount"), yuan(-order.discount_fen)])
    rows += [[_("Freight"), yuan(order.freight_fen)], *_freight_parts(order), [_("Payable"), yuan(order.payable_fen)]]
    if order.deposit_fen:
        deposit = order.deposit
        window = f"{when(deposit.balance_from)} – {when(deposit.balance_until)}"
        rows.append([f"{_('Deposit')} · {deposit.get_status_display()}", yuan(order.deposit_fen)])
        rows.append([f"{_('Balance')} · {window}", yuan(order.balance_fen)])
    return [*rows, [_("Paid"), yuan(order.paid_fen)]]


def _freight_parts(order: Order) -> Rows:
    """By which templates, before promotions."""
    words = _("of which by {template}, {zone}")
    return [
        [words.format(template=part["template"], zone=part["zone"]), yuan(part["amount_fen"])]
        for part in order.freight_parts
    ]


def _team(order: Order) -> Rows:
    """Until it has succeeded nothing is sent, and nothing can be asked back."""
    if not any(each["kind"] == GroupBuy.KIND for each in order.adjustments):
        return []
    standing = standings_of(order_numbers=[order.number]).get(order.number)
    if standing is None:
        return []
    return [[_link("group_buy_team", standing.team_id, str(standing.team_id)), TEAM_STATES[standing.status]]]


def _payment(payment: Payment) -> Rows:
    rows = [
        [
            _link("payments_payment", payment.pk, payment.number),
            payment.get_method_display(),
            payment.get_status_display(),
            yuan(payment.amount_fen),
            when(payment.succeeded_at or payment.created_at),
        ]
    ]
    for refund in payment.refunds.all():
        rows.append(
            [
                _link("payments_refund", refund.pk, refund.number),
                _("Refund: {reason}").format(reason=refund.get_reason_display()),
                refund.get_status_display(),
                yuan(-refund.amount_fen),
                when(refund.succeeded_at or refund.created_at),
            ]
        )
    return rows


def _shipment(shipment: Shipment) -> list[Any]:
    return [
        _link("shipments_shipment", shipment.pk, shipment.number),
        shipment.warehouse.name,
        shipment.carrier.name if shipment.carrier else "–",
        shipment.tracking_number or "–",
        shipment.get_status_display(),
        when(shipment.shipped_at),
    ]


def _after_sale(after_sale: AfterSale) -> list[Any]:
    return [
        _link("after_sales_aftersale", after_sale.pk, after_sale.number),
        after_sale.get_kind_display(),
        after_sale.get_status_display(),
        yuan(after_sale.refund_fen),
        when(after_sale.asked_at),
    ]


def _events(order: Order) -> Rows:
    return [
        [when(event.happened_at), OrderStatus(event.status).label, actor_in_words(event.actor), told(event.note)]
        for event in order.events.all()
    ]


def _remarks(order: Order) -> Rows:
    return [
        [when(each.written_at), each.get_flag_display() or "–", each.text or "–", actor_in_words(each.actor)]
        for each in order.remarks.all()
    ]


def _link(model: str, pk: int, text: str) -> str:
    return format_html(
        '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>',
        reverse(f"admin:{model}_change", args=[pk]),
        text,
    )
