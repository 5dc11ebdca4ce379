"""The category tree as an indented list, moved with two buttons or by choosing another parent."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from shop.catalog.admin.forms import INDENT, CatalogFormMixin, CategoryField
from shop.catalog.cache import touch_listing
from shop.catalog.errors import CategoryInsideItself
from shop.catalog.models import Category
from shop.catalog.services.categories import move_category, save_category
from shop.core.editing import ModelAdmin


class CategoryForm(forms.ModelForm):
    parent = CategoryField(
        label=_("Parent category"), required=False, empty_label=_("(top level)"), widget=UnfoldAdminSelectWidget
    )

    class Meta:
        model = Category
        fields = ["name", "name_en", "slug", "image", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "parent" not in self.fields:
            return
        if self.instance.pk:
            self.fields["parent"].initial = Category.objects.get_parent(self.instance)

    def clean_parent(self) -> Category | None:
        parent = self.cleaned_data["parent"]
        if parent and self.instance.pk and parent.path.startswith(self.instance.path):
            raise ValidationError(str(CategoryInsideItself()), code=CategoryInsideItself.code)
        return parent


@admin.register(Category)
class CategoryAdmin(CatalogFormMixin, ModelAdmin):
    form = CategoryForm
    fields = ["name", "name_en", "slug", "parent", "image", "is_active"]
    prepopulated_fields = {"slug": ["name_en"]}
    list_display = ["shown_name", "slug", "shown_products", "is_active", "shown_moves"]
    search_fields = ["name", "name_en", "slug"]
    ordering = ["path"]
    list_per_page = 200
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        return super().get_queryset(request).annotate(product_count=Count("products"))

    @display(description=_("name"))
    def shown_name(self, category: Category) -> str:
        return INDENT * 2 * (category.depth - 1) + category.name

    @display(description=_("products"))
    def shown_products(self, category: Any) -> int:
        return category.product_count

    @display(description=_("move"))
    def shown_moves(self, category: Category) -> SafeString:
        # Buttons of the list's own form, so that a move is a POST with its token.
        return format_html_join(
            "",
            '<button type="submit" formaction="{}" title="{}" class="material-symbols-outlined cursor-pointer px-1 '
            'text-base-400 hover:text-primary-600">{}</button>',
            [
                (reverse("admin:catalog_category_move", args=[category.pk, direction]), title, icon)
                for direction, title, icon in (
                    ("up", _("Move up"), "arrow_upward"),
                    ("down", _("Move down"), "arrow_downward"),
                )
            ],
        )

    def get_urls(self) -> list[URLPattern]:
        move = self.admin_site.admin_view(require_POST(self.move_view))
        return [path("<int:pk>/move/<str:direction>/", move, name="catalog_category_move"), *super().get_urls()]

    def move_view(self, request: HttpRequest, pk: int, direction: str) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        if direction not in ("up", "down"):
            raise Http404
        move_category(category=get_object_or_404(Category, pk=pk), up=direction == "up")
        return redirect(reverse("admin:catalog_category_changelist"))

    def save_model(self, request: HttpRequest, obj: Category, form: CategoryForm, change: bool) -> None:
        parent = form.cleaned_data["parent"]
        save_category(category=obj, parent_id=parent.pk if parent else None)

    def has_delete_permission(self, request: HttpRequest, obj: Category | None = None) -> bool:
        # One by one and from the leaves: deleting a branch would take what stands below it along.
        return obj is not None and obj.is_leaf() and super().has_delete_permission(request, obj)

    def delete_model(self, request: HttpRequest, obj: Category) -> None:
        # Through the tree, which keeps the parent's count of children.
        Category.objects.filter(pk=obj.pk).delete()
        touch_listing()
