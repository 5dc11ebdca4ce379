"""Collections: themed pools of products with a window and an order of their own."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from shop.catalog.admin.forms import CatalogFormMixin
from shop.catalog.cache import touch_listing
from shop.catalog.models import Collection, CollectionItem
from shop.core import clock
from shop.core.editing import ModelAdmin
from shop.core.labels import Label


class CollectionForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        starts_at, ends_at = values.get("starts_at"), values.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            raise ValidationError({"ends_at": _("The window must end after it starts.")})
        return values


class CollectionItemInline(TabularInline):
    model = CollectionItem
    fields = ["product", "position"]
    autocomplete_fields = ["product"]
    ordering_field = "position"
    hide_ordering_field = True
    hide_title = True
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[CollectionItem]:
        return super().get_queryset(request).select_related("product")


@admin.register(Collection)
class CollectionAdmin(CatalogFormMixin, ModelAdmin):
    form = CollectionForm
    fieldsets = [
        (None, {"fields": [("name", "name_en"), "slug", "description", "banner"]}),
        (_("Window"), {"fields": ["starts_at", "ends_at", ("is_active", "position")]}),
    ]
    prepopulated_fields = {"slug": ["name_en"]}
    inlines = [CollectionItemInline]
    list_display = ["name", "slug", "shown_state", "shown_products", "starts_at", "ends_at", "position"]
    list_filter = ["is_active"]
    search_fields = ["name", "name_en", "slug"]
    ordering = ["position", "id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        return super().get_queryset(request).annotate(product_count=Count("items"))

    @display(description=_("products"))
    def shown_products(self, collection: Any) -> int:
        return collection.product_count

    @display(description=_("state"), label={"open": "success", "soon": "info", "over": "default", "hidden": "warning"})
    def shown_state(self, collection: Collection) -> Label:
        now = clock.now()
        if not collection.is_active:
            return Label("hidden", _("Hidden"))
        if collection.starts_at and now < collection.starts_at:
            return Label("soon", _("Not yet open"))
        if collection.ends_at and now >= collection.ends_at:
            return Label("over", _("Over"))
        return Label("open", _("Open"))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        touch_listing()

    def delete_model(self, request: HttpRequest, obj: Collection) -> None:
        super().delete_model(request, obj)
        touch_listing()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Collection]) -> None:
        super().delete_queryset(request, queryset)
        touch_listing()
