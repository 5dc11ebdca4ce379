"""Product files: uploaded and checked at once, looked at, and imported by a second click."""

import io
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanSwitchWidget

from shop.catalog.admin.forms import staff
from shop.catalog.errors import ImportFileNotReadable
from shop.catalog.models import ProductImport
from shop.catalog.product_files.columns import COLUMNS, column_named
from shop.catalog.product_files.reading import MAX_BYTES
from shop.catalog.product_files.writing import example, write_xlsx
from shop.catalog.services.import_files import check_product_file, confirm_file
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.people import PeopleMixin

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NEEDED = ("catalog.add_productimport", "catalog.add_product", "catalog.change_product")


class UploadForm(forms.ModelForm):
    """Checks the file while the form is cleaned, so that an unreadable one is refused where it was chosen."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV (UTF-8 or GBK) or XLSX, one row per SKU."),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.xlsx"}),
    )
    create_missing = forms.BooleanField(
        label=gettext_lazy("Create missing categories and brands"), required=False, widget=UnfoldBooleanSwitchWidget
    )

    class Meta:
        model = ProductImport
        fields: list[str] = []

    request: HttpRequest
    checked: ProductImport

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        upload = values.get("file")
        if upload is None:
            return values
        if upload.size > MAX_BYTES:
            raise ValidationError(_("The file is larger than %(count)d MB.") % {"count": MAX_BYTES // 1024 // 1024})
        actor, now = staff(self.request)
        try:
            self.checked = check_product_file(
                content=upload.read(),
                filename=upload.name,
                create_missing=values["create_missing"],
                actor=actor,
                now=now,
            )
        except ImportFileNotReadable as error:
            raise ValidationError({"file": str(error)}) from error
        return values


@admin.register(ProductImport)
class ProductImportAdmin(PeopleMixin, ModelAdmin):
    list_display = ["filename", "shown_status", "shown_rows", "uploaded_by", "uploaded_at", "imported_at"]
    ordering = ["-id"]
    fields = ["filename", "status", "uploaded_by", "uploaded_at", "imported_at", "create_missing", "shown_report"]
    readonly_fields = fields
    actions_list = ["download_template"]
    add_form_template = "admin/catalog/import_products.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductImport]:
        return super().get_queryset(request).defer("content")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(NEEDED)

    def has_change_permission(self, request: HttpRequest, obj: ProductImport | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ProductImport | None = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: ProductImport | None = None, change: bool = False, **kw: Any) -> Any:
        if obj:
            return super().get_form(request, obj, change=change, **kw)
        return type("UploadForm", (UploadForm,), {"request": request})

    def get_fields(self, request: HttpRequest, obj: ProductImport | None = None) -> Any:
        return self.fields if obj else ["file", "create_missing"]

    def get_readonly_fields(self, request: HttpRequest, obj: ProductImport | None = None) -> Any:
        return super().get_readonly_fields(request, obj) if obj else []

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return super().add_view(request, form_url, {**(extra_context or {}), "columns": COLUMNS})

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> ProductImport:
        return form.checked

    def save_model(self, request: HttpRequest, obj: ProductImport, form: forms.ModelForm, change: bool) -> None:
        obj.save()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing hangs on an upload."""

    def response_add(self, request: HttpRequest, obj: ProductImport, post_url_continue: Any = None) -> HttpResponse:
        return redirect(reverse("admin:catalog_productimport_change", args=[obj.pk]))

    @display(
        description=gettext_lazy("status"),
        label={"checked": "info", "importing": "warning", "refused": "danger", "imported": "success"},
        ordering="status",
    )
    def shown_status(self, upload: ProductImport) -> Label:
        return Label(upload.status, upload.get_status_display())

    @display(description=gettext_lazy("rows"))
    def shown_rows(self, upload: ProductImport) -> int:
        return upload.report.get("rows", 0)

    @display(description=gettext_lazy("report"))
    def shown_report(self, upload: ProductImport) -> str:
        problems = [
            {**each, "heading": getattr(column_named(each["column"]), "heading", each["column"])}
            for each in upload.report.get("problems", [])
        ]
        context = {"upload": upload, "report": upload.report, "problems": problems}
        return render_to_string("admin/catalog/import_report.html", context)

    @action(description=gettext_lazy("Download template"), permissions=["view"], icon="download")
    def download_template(self, request: HttpRequest) -> HttpResponse:
        book = io.BytesIO()
        write_xlsx([example()], book)
        response = HttpResponse(book.getvalue(), content_type=XLSX)
        response["Content-Disposition"] = 'attachment; filename="products-template.xlsx"'
        return response

    def get_urls(self) -> list[URLPattern]:
        confirm = self.admin_site.admin_view(require_POST(self.import_view))
        return [path("<int:pk>/import/", confirm, name="catalog_productimport_import"), *super().get_urls()]

    def import_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        actor, now = staff(request)
        try:
            confirm_file(import_id=pk, actor=actor, now=now)
        except DomainError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, _("The file is being imported."), messages.SUCCESS)
        return redirect(reverse("admin:catalog_productimport_change", args=[pk]))
