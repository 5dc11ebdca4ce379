"""What an after-sale's page shows beside its own fields: what goes back and why, goods, evidence, money, history."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from logistics.shipments.models import Shipment
from members.uploads.addresses import picture
from orders.after_sales.admin.goods import goods_back, goods_of
from orders.after_sales.engine import Explanation
from orders.after_sales.models import AfterSale, Kind
from orders.after_sales.sentences import say
from orders.checkout.notes import told
from orders.payments.gateways.words import in_words
from orders.payments.models import Payment, Refund
from shop.core import clock
from shop.core.actors import actor_in_words
from shop.core.money import yuan

Rows = list[list[Any]]
LINK = '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>'


@dataclass(frozen=True)
class Panel:
    title: str
    headers: list[str]
    rows: Rows

    @property
    def table(self) -> dict[str, Any]:
        return {"headers": self.headers, "rows": self.rows}


@dataclass(frozen=True)
class GoesBack:
    """The sums and the sentences that explain them; `is_final` once the refund was asked for."""

    rows: Rows
    sentences: list[str]
    is_final: bool

    @property
    def table(self) -> dict[str, Any]:
        return {"headers": [], "rows": self.rows}


def goes_back(after_sale: AfterSale) -> GoesBack | None:
    """None for an exchange."""
    assessment = after_sale.assessment
    if after_sale.kind == Kind.EXCHANGE or not assessment:
        return None
    reasons = msgspec.convert(assessment.get("explanations", []), list[Explanation])
    final = after_sale.refunding_at is not None
    return GoesBack(sums(assessment, after_sale.withheld_fen), say(reasons, to_staff=True), final)


def sums(assessment: Mapping[str, Any], withheld_fen: int = 0) -> Rows:
    goods_fen = sum(each["cash_fen"] for each in assessment.get("lines", ()))
    deductions = assessment.get("deductions", ())
    freight_fen = assessment.get("freight_fen", 0)
    total_fen = goods_fen + freight_fen - sum(each["amount_fen"] for each in deductions) - withheld_fen
    rows = [[_("Paid for the goods"), yuan(goods_fen)]]
    rows += [[_("Deducted: {label}").format(label=each["label"]), yuan(-each["amount_fen"])] for each in deductions]
    if freight_fen:
        rows.append([_("Freight"), yuan(freight_fen)])
    if withheld_fen:
        rows.append([_("Withheld"), yuan(-withheld_fen)])
    rows.append([_("Refund"), yuan(total_fen)])
    points = sum(each["points"] for each in assessment.get("lines", ()))
    if points:
        rows.append([_("Points"), str(points)])
    return rows


def after_sale_panels(after_sale: AfterSale) -> list[Panel]:
    """Eight queries, whatever it holds; panels without rows are left out."""
    panels = [
        Panel(
            _("Goods of the after-sale"),
            [_("Product"), _("Asked"), _("Not shipped"), _("Sound"), _("Damaged"), _("Money"), _("Points")],
            _goods(after_sale),
        ),
        Panel(
            _("Payments and refunds"),
            [_("Number"), _("Kind"), _("Status"), _("Amount"), _("Time"), _("Gateway's note")],
            _money(after_sale),
        ),
        Panel(
            _("Replacement"),
            [_("Parcel"), _("Carrier"), _("Tracking number"), _("Status")],
            _replacement(after_sale),
        ),
        Panel(
            _("Other after-sales of the order"),
            [_("Number"), _("Kind"), _("Status"), _("Refund")],
            _others(after_sale),
        ),
        Panel(_("History"), [_("Time"), _("Status"), _("By"), _("Note")], _history(after_sale)),
    ]
    return [panel for panel in panels if panel.rows]


def pictures(after_sale: AfterSale) -> list[dict[str, str]]:
    return [picture(each) for each in after_sale.images]


def _goods(after_sale: AfterSale) -> Rows:
    rows = []
    found = after_sale.lines.select_related("after_sale", "order_line", "replacement_sku")
    lines = list(found.order_by("order_line__position"))
    names = {} if after_sale.kind == Kind.REFUND else goods_back(lines, now=clock.now())
    for line in lines:
        # Nothing comes back of what had not left.
        name = names.get(line.pk) or f"{goods_of(line)} ({line.order_line.sku_code})"
        if line.order_line.is_gift:
            name = _("Gift: {goods}").format(goods=name)
        if line.replacement_sku:
            name = f"{name} → {line.replacement_sku.code}"
        asked = _("{units} of {all}").format(units=line.quantity, all=line.order_line.quantity)
        looked_at = after_sale.received_at is not None
        rows.append(
            [
                name,
                asked,
                str(line.units_unshipped or "–"),
                str(line.units_sound) if looked_at else "–",
                str(line.units_damaged) if looked_at else "–",
                yuan(line.cash_fen),
                str(line.points or "–"),
            ]
        )
    return rows


def _money(after_sale: AfterSale) -> Rows:
    rows = []
    for payment in Payment.objects.filter(order=after_sale.order_id, status="succeeded").order_by("pk"):
        rows.append(
            [
                _link("payments_payment", payment.pk, payment.number),
                payment.get_method_display(),
                payment.get_status_display(),
                yuan(payment.amount_fen),
                when(payment.succeeded_at),
                "–",
            ]
        )
    refunds = Refund.objects.filter(payment__order=after_sale.order_id).order_by("pk")
    for refund in refunds:
        this = refund.reference == after_sale.number
        rows.append(
            [
                _link("payments_refund", refund.pk, refund.number),
                _("Refund of this after-sale") if this else refund.get_reason_display(),
                refund.get_status_display(),
                yuan(-refund.amount_fen),
                when(refund.succeeded_at or refund.created_at),
                in_words(refund.gateway_note) or "–",
            ]
        )
    return rows


def _replacement(after_sale: AfterSale) -> Rows:
    if after_sale.kind != Kind.EXCHANGE:
        return []
    parcels = Shipment.objects.filter(order_number=after_sale.number).select_related("carrier").order_by("pk")
    return [
        [
            _link("shipments_shipment", parcel.pk, parcel.number),
            parcel.carrier.name if parcel.carrier else "–",
            parcel.tracking_number or "–",
            parcel.get_status_display(),
        ]
        for parcel in parcels
    ]


def _others(after_sale: AfterSale) -> Rows:
    others = AfterSale.objects.filter(order=after_sale.order_id).exclude(pk=after_sale.pk).order_by("pk")
    return [
        [
            _link("after_sales_aftersale", other.pk, other.number),
            other.get_kind_display(),
            other.get_status_display(),
            yuan(other.refund_fen),
        ]
        for other in others
    ]


def _history(after_sale: AfterSale) -> Rows:
    return [
        [when(event.happened_at), event.get_status_display(), actor_in_words(event.actor), told(event.note)]
        for event in after_sale.events.all()
    ]


def when(instant: Any) -> str:
    return date_format(localtime(instant), "Y-m-d H:i") if instant else "–"


def _link(model: str, pk: int, text: str) -> str:
    return format_html(LINK, reverse(f"admin:{model}_change", args=[pk]), text)
