"""Products with their SKUs and pictures on one page, and the list that a merchant works in."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget

from shop.catalog.admin.forms import CatalogFormMixin, CategoryField, image_tag, staff, typed_columns
from shop.catalog.admin.product_filters import CategoryFilter, ShelfFilter, StockFilter, on_sale_state
from shop.catalog.errors import InvalidShelfWindow, ProductWithoutSku
from shop.catalog.models import Product, ProductImage, Sku
from shop.catalog.product_files.writing import csv_chunks, product_rows
from shop.catalog.search import search_query
from shop.catalog.services.changes import products_changed
from shop.catalog.services.products import (
    MAX_PRICE_FEN,
    adjust_prices,
    adjusted_price,
    check_shelf_window,
    put_on_shelf,
    take_off_shelf,
)
from shop.core.confirming import asks
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.forms import PercentFormMixin, YuanField
from shop.core.images import thumbnail_name
from shop.core.labels import Label
from shop.core.money import yuan

PREVIEWED = 20


class ProductForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        try:
            check_shelf_window(values.get("shelf_from"), values.get("shelf_until"))
        except InvalidShelfWindow as error:
            raise ValidationError({"shelf_until": str(error)}) from error
        return values


class SkuFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        sold = [form for form in self.forms if form.cleaned_data.get("code") and form.cleaned_data.get("is_active")]
        if self.instance.on_shelf and not sold:
            raise ValidationError(str(ProductWithoutSku(name=self.instance.name)), code=ProductWithoutSku.code)


class SkuInline(CatalogFormMixin, TabularInline):
    model = Sku
    formset = SkuFormSet
    fields = [
        "code",
        "options",
        "price_fen",
        "market_price_fen",
        "cost_fen",
        "floor_price_fen",
        "weight_g",
        "volume_cm3",
        "is_active",
        "available",
        "position",
    ]
    readonly_fields = ["available"]
    ordering_field = "position"
    hide_ordering_field = True
    hide_title = True
    extra = 0
    min_num = 1

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sku]:
        return super().get_queryset(request).select_related("stock")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Orders, carts and stock know it: a SKU is no longer sold instead.
        return False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, YuanField):
            field.max_fen = MAX_PRICE_FEN
        elif db_field.name == "code":
            field.widget.attrs["style"] = "min-width: 9rem"
        return field

    @display(description=_("available"))
    def available(self, sku: Sku) -> int | str:
        return sku.stock.available if sku.pk and hasattr(sku, "stock") else "—"


class ProductImageForm(forms.ModelForm):
    def save(self, commit: bool = True) -> ProductImage:
        self.instance.thumbnail = thumbnail_name(self.instance.image.name)
        return super().save(commit)


class ProductImageInline(CatalogFormMixin, TabularInline):
    model = ProductImage
    form = ProductImageForm
    fields = ["preview", "image", "position"]
    readonly_fields = ["preview"]
    ordering_field = "position"
    hide_ordering_field = True
    hide_title = True
    extra = 0
    small_images = True

    @display(description=_("preview"))
    def preview(self, image: ProductImage) -> str:
        return image_tag(image.image.name, size=64)


class AdjustPricesForm(forms.Form):
    percent = forms.DecimalField(
        label=_("Change by percent"),
        help_text=_("5 raises every price by 5 %, -10 lowers it by 10 %."),
        min_value=-90,
        max_value=500,
        max_digits=5,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01"}),
    )

    @property
    def change_bp(self) -> int:
        return int(self.cleaned_data["percent"] * 100)


@admin.register(Product)
class ProductAdmin(PercentFormMixin, CatalogFormMixin, SimpleHistoryAdmin, ModelAdmin):
    form = ProductForm
    fieldsets = [
        (None, {"fields": [("code", "kind"), ("name", "name_en"), "subtitle", ("category", "brand"), "description"]}),
        (
            _("Sale"),
            {
                "fields": [
                    "on_shelf",
                    "shelf_from",
                    "shelf_until",
                    ("limit_per_order", "limit_per_member"),
                    "max_discount_bp",
                ]
            },
        ),
    ]
    autocomplete_fields = ["brand"]
    inlines = [SkuInline, ProductImageInline]
    list_display = ["shown_product", "shown_price", "shown_stock", "shown_sales", "shown_shelf", "category", "brand"]
    list_display_links = ["shown_product"]
    list_filter = [CategoryFilter, ShelfFilter, StockFilter, "kind"]
    list_filter_submit = False
    list_select_related = ["category", "brand"]
    list_per_page = 50
    search_fields = ["code", "name", "name_en"]
    search_help_text = _("Name, product code or SKU code")
    ordering = ["-id"]
    actions = ["put_on_shelf", "take_off_shelf", "adjust_prices", "export_csv"]
    show_full_result_count = False
    warn_unsaved_form = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        skus = Sku.objects.select_related("stock").only("product_id", "stock__available")
        pictures = ProductImage.objects.only("product_id", "thumbnail")
        products = super().get_queryset(request).defer("search_vector")
        return products.prefetch_related(Prefetch("images", pictures), Prefetch("skus", skus))

    def get_inlines(self, request: HttpRequest, obj: Product | None) -> list[Any]:
        return [*self.inlines, *(import_string(each) for each in settings.PRODUCT_INLINES)]

    def has_delete_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        # Orders and history refer to it: a product leaves the shelf instead.
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "category":
            return CategoryField(label=str(db_field.verbose_name).capitalize(), widget=UnfoldAdminSelectWidget)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Product, form: forms.ModelForm, change: bool) -> None:
        if change:
            # The write also locks the product while its SKUs change.
            obj.save(update_fields=[*typed_columns(form), "updated_at"])
        else:
            obj.save()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        products_changed(product_ids=[form.instance.pk])

    @display(description=_("product"), header=True, ordering="name")
    def shown_product(self, product: Product) -> list[Any]:
        pictures = list(product.images.all())
        picture = {"path": pictures[0].thumbnail.url, "squared": True, "width": 40, "height": 40} if pictures else None
        return [product.name, product.code, None, picture]

    @display(description=_("price"), ordering="min_price_fen")
    def shown_price(self, product: Product) -> str:
        return yuan(product.min_price_fen)

    @display(description=_("stock"))
    def shown_stock(self, product: Product) -> int:
        return sum(sku.stock.available for sku in product.skus.all() if hasattr(sku, "stock"))

    @display(description=_("units sold"), ordering="sales")
    def shown_sales(self, product: Product) -> int:
        return product.sales

    @display(description=_("shelf"), label={"on": "success", "soon": "info", "over": "warning", "off": "default"})
    def shown_shelf(self, product: Product) -> Label:
        return on_sale_state(product)

    @admin.action(description=_("Put on the shelf"), permissions=["change"])
    def put_on_shelf(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        actor, now = staff(request)
        try:
            count = put_on_shelf(product_ids=list(queryset.values_list("pk", flat=True)), actor=actor, now=now)
        except DomainError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self._say_changed(request, count)

    @admin.action(description=_("Take off the shelf"), permissions=["change"])
    @asks(
        _("Take {count} products off the shelf?"),
        undo=_("“Put on the shelf” brings them back."),
        among={"on_shelf": True},
    )
    def take_off_shelf(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        actor, now = staff(request)
        count = take_off_shelf(product_ids=list(queryset.values_list("pk", flat=True)), actor=actor, now=now)
        self._say_changed(request, count)

    @admin.action(description=_("Change prices by percent…"), permissions=["change"])
    def adjust_prices(self, request: HttpRequest, queryset: QuerySet[Product]) -> HttpResponse | None:
        form = AdjustPricesForm(request.POST if "percent" in request.POST else None)
        if form.is_valid() and "confirmed" in request.POST:
            self._adjust_prices(request, queryset, form.change_bp)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Change prices by percent"),
            "opts": self.opts,
            "form": form,
            "selected": request.POST.getlist("_selected_action"),
            "select_across": request.POST.get("select_across", "0"),
            "count": queryset.count(),
            "preview": list(_price_preview(queryset, form.change_bp)) if form.is_valid() else [],
        }
        return TemplateResponse(request, "admin/catalog/adjust_prices.html", context)

    def _adjust_prices(self, request: HttpRequest, queryset: QuerySet[Product], change_bp: int) -> None:
        actor, now = staff(request)
        product_ids = list(queryset.values_list("pk", flat=True))
        try:
            count = adjust_prices(product_ids=product_ids, change_bp=change_bp, actor=actor, now=now)
        except DomainError as error:
            self.message_user(request, str(error), messages.ERROR)
            return
        said = ngettext("{count} price was changed.", "{count} prices were changed.", count)
        self.message_user(request, said.format(count=count), messages.SUCCESS)

    @admin.action(description=_("Download as CSV"), permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Product]) -> StreamingHttpResponse:
        response = StreamingHttpResponse(csv_chunks(product_rows(queryset)), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="products.csv"'
        return response

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Product], search_term: str) -> Any:
        """As the shop itself searches, on its index; and by the beginning of a code."""
        term = search_term.strip()
        if not term:
            return queryset, False
        of_sku = Sku.objects.filter(code__startswith=term).values("product")
        wanted = Q(code__startswith=term) | Q(pk__in=of_sku)
        words = search_query(term)
        if words is not None:
            wanted |= Q(search_vector=words)
        return queryset.filter(wanted), False

    def _say_changed(self, request: HttpRequest, count: int) -> None:
        said = ngettext("{count} product was changed.", "{count} products were changed.", count)
        self.message_user(request, said.format(count=count), messages.SUCCESS)


def _price_preview(products: QuerySet[Product], change_bp: int) -> Iterator[tuple[str, str, str, str]]:
    """(product, SKU, price now, price then) of the first SKUs."""
    skus = Sku.objects.filter(product__in=products.order_by().values("pk")).select_related("product")
    for sku in skus.order_by("product_id", "position", "id")[:PREVIEWED]:
        yield sku.product.name, sku.code, yuan(sku.price_fen), yuan(adjusted_price(sku.price_fen, change_bp))
