"""Files of orders: asked for with the filter of the list, written in the background, each for who asked."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from members.identity.panels import may_reveal
from orders.workbench.criteria import given_of, sentences
from orders.workbench.models import OrderExport
from orders.workbench.services.exporting import ask_export, content_of, delete_export, try_again
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.labels import Label
from shop.core.screens import form_page, found_or_404

LIST = "admin:workbench_orderexport_changelist"
TYPES = {
    OrderExport.Format.CSV: "text/csv; charset=utf-8",
    OrderExport.Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ExportForm(forms.Form):
    content = forms.ChoiceField(
        label=gettext_lazy("content"), choices=OrderExport.Content.choices, widget=UnfoldAdminSelectWidget
    )
    file_format = forms.ChoiceField(
        label=gettext_lazy("format"), choices=OrderExport.Format.choices, widget=UnfoldAdminSelectWidget
    )
    reveals = forms.BooleanField(
        label=gettext_lazy("with phone numbers and streets"), required=False, widget=UnfoldBooleanSwitchWidget
    )


@admin.register(OrderExport)
class OrderExportAdmin(ReadOnlyAdmin):
    list_display = ["file", "shown_status", "shown_rows", "criteria", "asked_at", "finished_at"]
    list_display_links = None
    ordering = ["-pk"]
    actions_list = ["ask"]
    actions_row = ["again", "forget"]
    actions_detail = ["download"]
    list_after_template = "admin/orders/watch.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderExport]:
        """One's own: what somebody may see in a file another may not."""
        return super().get_queryset(request).filter(owner=request.user.pk)

    def has_ask_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perms(["workbench.add_orderexport", "checkout.view_order"])

    @display(description=gettext_lazy("file"))
    def file(self, export: OrderExport) -> str:
        """To be downloaded once it is written."""
        if export.status != OrderExport.Status.DONE:
            return self.name(export)
        link = reverse("admin:workbench_orderexport_download", args=[export.pk])
        style = "text-primary-600 dark:text-primary-500"
        return format_html('<a class="{}" href="{}" download>{}</a>', style, link, self.name(export))

    def name(self, export: OrderExport) -> str:
        return f"{export.get_content_display()} {export.get_format_display()} #{export.pk}"

    @display(description=pgettext_lazy("of a file", "rows"))
    def shown_rows(self, export: OrderExport) -> str:
        """Also what the page is watched by, while the file grows."""
        return format_html('<span data-work="{}">{}</span>', export.status, f"{export.rows:,}")

    @display(
        description=gettext_lazy("status"),
        label={"running": "warning", "done": "success", "too_long": "danger", "failed": "danger", "deleted": "default"},
    )
    def shown_status(self, export: OrderExport) -> Label:
        return Label(export.status, export.get_status_display())

    @display(description=gettext_lazy("criteria"))
    def criteria(self, export: OrderExport) -> str:
        return " · ".join(sentences(export.given)) or _("All orders")

    @action(description=gettext_lazy("Export orders"), url_path="ask", permissions=["ask"], icon="file_export")
    def ask(self, request: HttpRequest) -> HttpResponse:
        given, form = given_of(request.GET), ExportForm(request.POST or None)
        if not may_reveal(request):
            del form.fields["reveals"]
        if request.method == "POST" and form.is_valid():
            assert request.user.pk is not None
            export = ask_export(
                owner_id=request.user.pk,
                content=form.cleaned_data["content"],
                file_format=form.cleaned_data["file_format"],
                given=given,
                reveals=form.cleaned_data.get("reveals", False),
                now=clock.now(),
            )
            self.log_addition(request, export, self._told(export))
            messages.success(request, _("The file is being written; it will be here to download."))
            return redirect(LIST)
        table = {"headers": [_("criteria")], "rows": [[each] for each in sentences(given)] or [[_("All orders")]]}
        buttons = [("export", _("Export"))]
        return form_page(self, request, form=form, title=_("Export orders"), table=table, buttons=buttons)

    @action(description=gettext_lazy("Download"), url_path="download", permissions=["ask"], icon="download")
    def download(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        export = found_or_404(self, request, object_id)
        if export.status != OrderExport.Status.DONE:
            messages.warning(request, export.get_status_display())
            return redirect(LIST)
        self.log_change(request, export, _("Downloaded"))
        answer = StreamingHttpResponse(content_of(export), content_type=TYPES[export.format])
        name = f"{export.content}-{export.asked_at:%Y%m%d}-{export.pk}.{export.format}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    @action(description=gettext_lazy("Try again"), url_path="again", permissions=["ask"], icon="refresh")
    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        export = found_or_404(self, request, object_id)
        if request.method == "POST":
            if try_again(export_id=export.pk, now=clock.now()):
                self.log_change(request, export, _("Tried again"))
            else:
                messages.warning(request, _("Only a file that was not written is tried again."))
            return redirect(LIST)
        title = _("Write {name} again?").format(name=self.name(export))
        return form_page(self, request, form=forms.Form(), title=title, buttons=[("again", _("Try again"))])

    @action(description=gettext_lazy("Delete"), url_path="forget", permissions=["ask"], icon="delete")
    def forget(self, request: HttpRequest, object_id: str) -> HttpResponse:
        export = found_or_404(self, request, object_id)
        if request.method == "POST":
            delete_export(export_id=export.pk)
            self.log_change(request, export, _("Deleted"))
            return redirect(LIST)
        title = _("Delete {name}?").format(name=self.name(export))
        return form_page(self, request, form=forms.Form(), title=title, buttons=[("delete", _("Delete"))])

    def _told(self, export: OrderExport) -> str:
        shown = [self.name(export), self.criteria(export)]
        return " · ".join([*shown, _("with phone numbers and streets")] if export.reveals else shown)
