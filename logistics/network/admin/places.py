"""Warehouses and stores, as lists and on a map."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from logistics.network.map import draw
from logistics.network.models import Store, Warehouse
from logistics.network.queries import WAREHOUSES
from shop.core.editing import ModelAdmin


@admin.register(Warehouse)
class WarehouseAdmin(ModelAdmin):
    list_display = [
        "name",
        "code",
        "region",
        "priority",
        "handling_hours",
        "daily_parcels",
        "pick_cut_off",
        "is_active",
    ]
    list_filter = ["is_active"]
    search_fields = ["code", "name"]
    list_select_related = ["region"]
    raw_id_fields = ["region"]
    ordering = ["priority", "pk"]
    actions_list = ["map"]

    @action(description=gettext_lazy("Map"), url_path="map", permissions=["view"], icon="map")
    def map(self, request: HttpRequest) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": _("Map of the network"),
            "map": draw(),
        }
        return TemplateResponse(request, "admin/logistics/map.html", context)

    def save_model(self, request: HttpRequest, obj: Warehouse, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        WAREHOUSES.forget()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Store)
class StoreAdmin(ModelAdmin):
    list_display = ["name", "code", "region", "opening_hours", "phone", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["code", "name"]
    list_select_related = ["region"]
    raw_id_fields = ["region"]
    ordering = ["pk"]
