"""Sellable stock: what is there, what runs low, how much to order. Amounts change by receipts and orders, not here."""

import csv
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from shop.catalog.admin.forms import nowrap, typed_columns
from shop.catalog.models import SkuStock, StockReservation
from shop.catalog.options import format_options
from shop.catalog.replenishment import IS_SOLD, RUNS_LOW, with_suggestion
from shop.catalog.services.changes import products_changed
from shop.core.admin import ReadOnlyAdmin
from shop.core.editing import ModelAdmin
from shop.core.formulas import harmless
from shop.core.labels import Label
from shop.core.searching import FoundByKeys


class LevelFilter(admin.SimpleListFilter):
    title = _("stock level")
    parameter_name = "level"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("low", _("Runs low")), ("out", _("Sold out")), ("fine", _("Fine"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SkuStock]) -> QuerySet[SkuStock]:
        if self.value() == "low":
            return queryset.filter(RUNS_LOW & IS_SOLD)
        if self.value() == "out":
            return queryset.filter(IS_SOLD, available__lte=F("safety_stock"))
        return queryset.exclude(RUNS_LOW) if self.value() == "fine" else queryset


@admin.register(SkuStock)
class SkuStockAdmin(ModelAdmin):
    list_display = [
        "sku_code",
        "product",
        "level",
        "available",
        "reserved",
        "safety_stock",
        "low_stock_at",
        "replenish_to",
        "suggested",
    ]
    list_editable = ["safety_stock", "low_stock_at", "replenish_to"]
    list_filter = [LevelFilter]
    list_filter_submit = False
    list_select_related = ["sku__product"]
    search_fields = ["sku__code", "sku__product__name"]
    ordering = ["available", "sku_id"]
    fields = ["sku", "available", "reserved", "safety_stock", "low_stock_at", "replenish_to"]
    readonly_fields = ["sku", "available", "reserved"]
    actions = ["export_replenishment"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[SkuStock]:
        return with_suggestion(super().get_queryset(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SkuStock | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: SkuStock, form: forms.ModelForm, change: bool) -> None:
        # Never the amounts: orders may have moved them since the page was opened.
        obj.save(update_fields=typed_columns(form))
        products_changed(product_ids=[obj.sku.product_id])

    @display(description=_("SKU"), ordering="sku__code")
    def sku_code(self, stock: SkuStock) -> str:
        return nowrap(f"{stock.sku.code} {format_options(stock.sku.options)}".strip())

    @display(description=_("product"))
    def product(self, stock: SkuStock) -> str:
        return nowrap(stock.sku.product.name)

    @display(description=_("stock level"), label={"out": "danger", "low": "warning", "fine": "success"})
    def level(self, stock: SkuStock) -> Label:
        sellable = stock.available - stock.safety_stock
        if sellable <= 0:
            return Label("out", _("Sold out"))
        return Label("low", _("Runs low")) if sellable <= stock.low_stock_at else Label("fine", _("Fine"))

    @display(description=_("suggested order"), ordering="suggested")
    def suggested(self, stock: Any) -> int:
        return stock.suggested

    @admin.action(description=_("Download replenishment list"), permissions=["view"])
    def export_replenishment(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="replenishment.csv"'
        writer = csv.writer(response)
        writer.writerow([_("SKU"), _("product"), _("options"), _("available"), _("reserved"), _("suggested order")])
        for stock in queryset.select_related("sku__product").iterator(chunk_size=1000):
            named = (stock.sku.code, stock.sku.product.name, format_options(stock.sku.options))
            writer.writerow([*map(harmless, named), stock.available, stock.reserved, stock.suggested])
        return response


@admin.register(StockReservation)
class StockReservationAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = ["reference", "sku", "quantity", "expires_at"]
    list_select_related = ["sku"]
    search_keys = ("reference", "sku__code")
    ordering = ["-id"]
