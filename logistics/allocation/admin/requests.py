"""Fulfilment requests with the decision that was taken for them, and the desk of those that wait."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import TabularInline
from unfold.decorators import action, display

from logistics.allocation.admin.interventions import InterventionInline
from logistics.allocation.backorders import backorders
from logistics.allocation.models import Allocation, FulfilmentLine, FulfilmentRequest
from logistics.allocation.screens import explain
from logistics.allocation.services import retry_fulfilment
from shop.core import clock
from shop.core.admin import PartInlineMixin, ReadOnlyAdmin
from shop.core.dashboard import Figure, FiguresPanel, ListPanel, Panel
from shop.core.labels import Label
from shop.core.screens import panels_page
from shop.core.searching import FoundByKeys

SHOWN = 100


def _minute(instant: datetime | None) -> str:
    return f"{localtime(instant):%Y-%m-%d %H:%M}" if instant else "–"


class FulfilmentLineInline(PartInlineMixin, TabularInline):
    model = FulfilmentLine
    fields = ["sku", "quantity", "withdrawn", "weight_g", "volume_cm3"]
    can_delete = False
    hide_title = True
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[FulfilmentLine]:
        return super().get_queryset(request).select_related("sku")


class AllocationInline(TabularInline):
    model = Allocation
    fields = ["number", "warehouse", "status", "picked_at", "created_at"]
    readonly_fields = fields
    show_change_link = True
    can_delete = False
    hide_title = True
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Allocation]:
        return super().get_queryset(request).select_related("warehouse").order_by("-pk")


@admin.register(FulfilmentRequest)
class FulfilmentRequestAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = ["order_number", "shown_status", "place", "warehouses", "created_at", "retry_at"]
    list_filter = ["status"]
    search_keys = ("order_number",)
    ordering = ["-pk"]
    actions = ["retry"]
    actions_list = ["desk"]
    inlines = [FulfilmentLineInline, AllocationInline, InterventionInline]
    fields = ["order_number", "status", "place", "created_at", "retry_at", "explanation"]
    readonly_fields = ["explanation"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[FulfilmentRequest]:
        return super().get_queryset(request).prefetch_related("allocations__warehouse")

    @display(
        description=gettext_lazy("status"),
        label={"expected": "info", "waiting": "warning", "allocated": "success", "cancelled": "danger"},
        ordering="status",
    )
    def shown_status(self, request: FulfilmentRequest) -> Label:
        return Label(request.status, request.get_status_display())

    @display(description=gettext_lazy("to"))
    def place(self, request: FulfilmentRequest) -> str:
        return request.recipient.get("region_path", "")

    @display(description=gettext_lazy("warehouse"))
    def warehouses(self, request: FulfilmentRequest) -> str:
        standing = [each for each in request.allocations.all() if each.status != Allocation.Status.RELEASED]
        return ", ".join(allocation.warehouse.name for allocation in standing)

    @display(description=gettext_lazy("decision"))
    def explanation(self, request: FulfilmentRequest) -> str:
        standing = [each for each in request.allocations.all() if each.status != Allocation.Status.RELEASED]
        waits = request.status == FulfilmentRequest.Status.WAITING
        return explain(request.obstacle if waits or not standing else standing[0].decision)

    @admin.action(description=gettext_lazy("Try to allocate now"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[FulfilmentRequest]) -> None:
        waiting = list(
            queryset.filter(status=FulfilmentRequest.Status.WAITING).order_by("pk").values_list("pk", flat=True)
        )
        done = sum(retry_fulfilment(request_id=request_id, now=clock.now()) for request_id in waiting)
        message = ngettext(
            "{done} of {count} waiting order was allocated.",
            "{done} of {count} waiting orders were allocated.",
            len(waiting),
        )
        level = messages.SUCCESS if done == len(waiting) else messages.WARNING
        self.message_user(request, message.format(done=done, count=len(waiting)), level)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("allocation.change_fulfilmentrequest")

    @action(description=gettext_lazy("Backorder desk"), url_path="desk", permissions=["view"], icon="pending_actions")
    def desk(self, request: HttpRequest) -> HttpResponse:
        lacks, waiting = backorders()
        oldest = _minute(waiting[0].since) if waiting else "–"
        figures = [
            Figure(_("orders that wait"), f"{len(waiting):,}"),
            Figure(_("units that lack"), f"{sum(lack.units for lack in lacks):,}"),
            Figure(_("on the way between warehouses"), f"{sum(lack.on_its_way for lack in lacks):,}"),
            Figure(_("waiting since"), oldest),
        ]
        by_sku = [
            [lack.code, lack.name, lack.units, lack.orders, _minute(lack.since), lack.on_its_way or "–"]
            for lack in lacks[:SHOWN]
        ]
        headers = [_("SKU"), _("product"), _("units that lack"), _("orders"), _("since"), _("on the way")]
        orders = [
            [
                format_html(
                    '<a class="text-primary-600" href="{}">{}</a>',
                    reverse("admin:allocation_fulfilmentrequest_change", args=[each.request_id]),
                    each.order_number,
                ),
                _minute(each.since),
                ", ".join(f"{code} × {units}" for code, units in each.lacks.items()) or "–",
                _minute(each.retry_at),
            ]
            for each in waiting[:SHOWN]
        ]
        panels: list[Panel] = [
            FiguresPanel(_("Now"), figures),
            ListPanel(_("By SKU"), headers, by_sku),
            ListPanel(_("The longest waiting first"), [_("order"), _("since"), _("lacks"), _("next try")], orders),
        ]
        return panels_page(self, request, title=_("Backorder desk"), panels=panels)
