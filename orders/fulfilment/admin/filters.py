"""How staff narrow the list of orders."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from logistics.network.models import Warehouse
from logistics.shipments.models import Shipment
from orders.checkout.models import Order

PHONE_TAIL_DIGITS = 4


class WarehouseFilter(SimpleListFilter):
    """Orders of which a warehouse sends a parcel."""

    title = _("warehouse")
    parameter_name = "warehouse"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(pk), name) for pk, name in Warehouse.objects.order_by("pk").values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        if not (self.value() or "").isdecimal():
            return queryset
        return queryset.filter(
            Exists(Shipment.objects.filter(order_number=OuterRef("number"), warehouse_id=int(self.value() or 0)))
        )


def found(queryset: QuerySet[Order], term: str) -> QuerySet[Order]:
    """Orders by the start of their number, the last four digits of the phone, or a parcel's tracking number."""
    tracked = list(Shipment.objects.filter(tracking_number=term).values_list("order_number", flat=True))
    condition = Q(number__startswith=term) | Q(number__in=tracked)
    if len(term) == PHONE_TAIL_DIGITS and term.isdecimal():
        condition = Q(phone_tail=term)
    return queryset.filter(condition)
