"""Parcels on paper: what to take from the shelves, and a slip for each parcel with its number to scan."""

from dataclasses import dataclass

import segno
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString, mark_safe

from logistics.shipments.models import Shipment, ShipmentLine
from members.identity.recipients import Addressee
from shop.catalog.models import Sku
from shop.core import clock

# What a browser still lays out in seconds.
MOST_PRINTED = 1000


@dataclass(frozen=True)
class Pick:
    """So many units of a SKU for so many parcels."""

    warehouse: str
    sku: Sku
    units: int
    parcels: int


@dataclass(frozen=True)
class Slip:
    shipment: Shipment
    to: Addressee
    code: SafeString


def picks(shipments: QuerySet[Shipment]) -> list[Pick]:
    """What these parcels need, by warehouse and SKU code; two queries for any number of them."""
    lines = ShipmentLine.objects.filter(shipment__in=shipments.order_by().values("pk"))
    rows = list(
        lines.values_list("shipment__warehouse__name", "sku_id")
        .annotate(units=Sum("quantity"), parcels=Count("shipment"))
        .order_by("shipment__warehouse__name", "sku__code")
    )
    skus = Sku.objects.select_related("product").in_bulk({sku_id for _name, sku_id, *_ in rows})
    return [Pick(name, skus[sku_id], units, parcels) for name, sku_id, units, parcels in rows]


def picking_list(request: HttpRequest, shipments: QuerySet[Shipment]) -> HttpResponse:
    context = {"picks": picks(shipments), "count": shipments.count(), "now": clock.now()}
    return TemplateResponse(request, "admin/logistics/picking_list.html", context)


def slips(request: HttpRequest, shipments: QuerySet[Shipment], *, whole: bool, narrow: bool = False) -> HttpResponse:
    """A page for each parcel, on A4 or on the 100 mm of a label printer; people are masked unless shown `whole`."""
    found = shipments.select_related("warehouse", "carrier").prefetch_related("lines__sku__product").order_by("pk")
    shown = [Slip(each, Addressee.of(each.recipient, whole=whole), _code(each.number)) for each in found]
    context = {"slips": shown, "now": clock.now(), "narrow": narrow}
    return TemplateResponse(request, "admin/logistics/packing_slips.html", context)


def _code(number: str) -> SafeString:
    # Drawn by segno from the parcel's own number, which is letters and digits.
    return mark_safe(segno.make(number, error="m").svg_inline(scale=2, border=0))  # noqa: S308
