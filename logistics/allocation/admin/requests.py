"""Fulfilment requests with the decision that was taken for them, readable as a table."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import TabularInline
from unfold.decorators import display

from logistics.allocation.models import Allocation, FulfilmentLine, FulfilmentRequest
from logistics.allocation.screens import explain
from logistics.allocation.services import retry_fulfilment
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.labels import Label


class FulfilmentLineInline(TabularInline):
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


@admin.register(FulfilmentRequest)
class FulfilmentRequestAdmin(ReadOnlyAdmin):
    list_display = ["order_number", "shown_status", "place", "warehouses", "created_at", "retry_at"]
    list_filter = ["status"]
    search_fields = ["=order_number"]
    ordering = ["-pk"]
    show_full_result_count = False
    actions = ["retry"]
    inlines = [FulfilmentLineInline]
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
        return ", ".join(allocation.warehouse.name for allocation in request.allocations.all())

    @display(description=gettext_lazy("decision"))
    def explanation(self, request: FulfilmentRequest) -> str:
        allocations = list(request.allocations.all())
        return explain(allocations[0].decision if allocations else request.obstacle)

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


@admin.register(Allocation)
class AllocationAdmin(ReadOnlyAdmin):
    list_display = ["number", "request", "warehouse", "shown_status", "weight_g", "created_at"]
    list_filter = ["status", "warehouse"]
    search_fields = ["=number", "=request__order_number"]
    list_select_related = ["request", "warehouse"]
    ordering = ["-pk"]
    show_full_result_count = False
    fields = ["number", "request", "warehouse", "status", "weight_g", "volume_cm3", "created_at", "explanation"]
    readonly_fields = ["explanation"]

    @display(
        description=gettext_lazy("status"),
        label={"open": "info", "shipped": "success", "released": "danger"},
        ordering="status",
    )
    def shown_status(self, allocation: Allocation) -> Label:
        return Label(allocation.status, allocation.get_status_display())

    @display(description=gettext_lazy("decision"))
    def explanation(self, allocation: Allocation) -> str:
        return explain(allocation.decision)
