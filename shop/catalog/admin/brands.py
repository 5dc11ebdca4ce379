"""Brands."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from shop.catalog.admin.forms import CatalogFormMixin, image_tag
from shop.catalog.cache import touch_listing
from shop.catalog.models import Brand
from shop.catalog.services.categories import brand_changed
from shop.core.editing import ModelAdmin


@admin.register(Brand)
class BrandAdmin(CatalogFormMixin, ModelAdmin):
    fields = ["name", "name_en", "slug", "logo", "position"]
    prepopulated_fields = {"slug": ["name_en"]}
    list_display = ["preview", "name", "name_en", "slug", "shown_products", "position"]
    list_display_links = ["name"]
    search_fields = ["name", "name_en", "slug"]
    ordering = ["position", "id"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Brand]:
        return super().get_queryset(request).annotate(product_count=Count("products"))

    @display(description=_("logo"))
    def preview(self, brand: Brand) -> str:
        return image_tag(brand.logo.name) or "—"

    @display(description=_("products"))
    def shown_products(self, brand: Any) -> int:
        return brand.product_count

    def save_model(self, request: HttpRequest, obj: Brand, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        brand_changed(brand=obj)

    def delete_model(self, request: HttpRequest, obj: Brand) -> None:
        super().delete_model(request, obj)
        touch_listing()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Brand]) -> None:
        super().delete_queryset(request, queryset)
        touch_listing()
