"""All SKUs in one list, for looking up a code and correcting a price; new ones are added on their product's page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin
from unfold.decorators import display

from shop.catalog.admin.forms import CatalogFormMixin, typed_columns
from shop.catalog.locks import lock_products
from shop.catalog.models import Sku
from shop.catalog.options import format_options
from shop.catalog.replenishment import low_stock
from shop.catalog.services.changes import products_changed
from shop.core.editing import ModelAdmin
from shop.core.money import yuan


class LowStockFilter(admin.SimpleListFilter):
    title = _("stock")
    parameter_name = "stock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("low", _("Runs low"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Sku]) -> QuerySet[Sku]:
        if self.value() != "low":
            return queryset
        return queryset.filter(pk__in=low_stock().values("pk"))


@admin.register(Sku)
class SkuAdmin(CatalogFormMixin, SimpleHistoryAdmin, ModelAdmin):
    fields = [
        "product",
        "code",
        "options",
        ("price_fen", "market_price_fen"),
        ("cost_fen", "floor_price_fen"),
        ("weight_g", "volume_cm3"),
        "image",
        "is_active",
    ]
    readonly_fields = ["product"]
    list_display = ["code", "shown_product", "shown_options", "shown_price", "shown_cost", "available", "is_active"]
    list_filter = [LowStockFilter, "is_active"]
    list_filter_submit = False
    list_select_related = ["product", "stock"]
    search_fields = ["code", "product__name", "product__code"]
    ordering = ["-id"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Sku | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Sku, form: forms.ModelForm, change: bool) -> None:
        lock_products(product_ids=[obj.product_id])
        obj.save(update_fields=typed_columns(form))
        products_changed(product_ids=[obj.product_id])

    @display(description=_("product"), ordering="product__name")
    def shown_product(self, sku: Sku) -> str:
        return sku.product.name

    @display(description=_("options"))
    def shown_options(self, sku: Sku) -> str:
        return format_options(sku.options)

    @display(description=_("price"), ordering="price_fen")
    def shown_price(self, sku: Sku) -> str:
        return yuan(sku.price_fen)

    @display(description=_("cost"), ordering="cost_fen")
    def shown_cost(self, sku: Sku) -> str:
        return "—" if sku.cost_fen is None else yuan(sku.cost_fen)

    @display(description=_("available"), ordering="stock__available")
    def available(self, sku: Sku) -> int:
        return sku.stock.available
