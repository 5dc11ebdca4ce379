"""Filters of the product list, and the words for a product's shelf state."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from shop.catalog.admin.forms import INDENT
from shop.catalog.models import Category, Product, SkuStock
from shop.core import clock
from shop.core.labels import Label

STATES = {"on": _("On sale"), "soon": _("Scheduled"), "over": _("Window over"), "off": _("Off the shelf")}


def on_sale_state(product: Product) -> Label:
    """(state, its name) at this moment."""
    now = clock.now()
    state = "on"
    if not product.on_shelf:
        state = "off"
    elif product.shelf_from and now < product.shelf_from:
        state = "soon"
    elif product.shelf_until and now >= product.shelf_until:
        state = "over"
    return Label(state, STATES[state])


class CategoryFilter(admin.SimpleListFilter):
    """A category with everything below it."""

    title = _("category")
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = Category.objects.order_by("path").values_list("path", "depth", "name")
        return [(path, INDENT * (depth - 1) + name) for path, depth, name in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        path = self.value()
        return queryset.filter(category__path__startswith=path) if path else queryset


class ShelfFilter(admin.SimpleListFilter):
    title = _("shelf")
    parameter_name = "shelf"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        now = clock.now()
        begun = Q(shelf_from__isnull=True) | Q(shelf_from__lte=now)
        lasting = Q(shelf_until__isnull=True) | Q(shelf_until__gt=now)
        conditions = {
            "on": Q(on_shelf=True) & begun & lasting,
            "soon": Q(on_shelf=True) & ~begun,
            "over": Q(on_shelf=True) & begun & ~lasting,
            "off": Q(on_shelf=False),
        }
        condition = conditions.get(self.value() or "")
        return queryset if condition is None else queryset.filter(condition)


class StockFilter(admin.SimpleListFilter):
    title = _("stock")
    parameter_name = "stock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("in", _("In stock")), ("out", _("Sold out"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        if self.value() not in ("in", "out"):
            return queryset
        there = Exists(
            SkuStock.objects.filter(sku__product=OuterRef("pk"), sku__is_active=True, available__gt=F("safety_stock"))
        )
        return queryset.filter(there if self.value() == "in" else ~there)
