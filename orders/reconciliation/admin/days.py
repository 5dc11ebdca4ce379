"""A day of a gateway beside our books: the light, sums on both sides, what differs, and the bill itself."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action, display

from orders.payments.gateways.words import in_words
from orders.reconciliation.admin.differences import csv_answer
from orders.reconciliation.admin.filters import LightFilter
from orders.reconciliation.admin.lights import LIGHT_COLOURS, day_panels, shown_light
from orders.reconciliation.admin.settlement import settlement_panels
from orders.reconciliation.forms import DayForm
from orders.reconciliation.models import Difference, Reconciliation
from orders.reconciliation.queries import with_open_differences
from orders.reconciliation.services import reconcile
from orders.reconciliation.services.keeping import kept_file
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.screens import form_page, found_or_404, staff


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    list_display = [
        "day",
        "method",
        "light",
        "open_count",
        "books",
        "bill",
        "fee",
        "carried",
        "compared_at",
    ]
    list_display_links = ["day"]
    list_filter = ["method", LightFilter, ("day", RangeDateFilter)]
    list_filter_submit = True
    ordering = ["-day", "method"]
    show_full_result_count = False
    actions_list = ["settlement", "reconcile_day"]
    actions_detail = ["run_again", "download_bill", "download_differences"]
    change_form_outer_after_template = "admin/orders/reconciliation.html"
    fields = [("method", "day", "status"), ("fetched_at", "compared_at")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reconciliation]:
        return with_open_differences(super().get_queryset(request))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        day = self.get_object(request, object_id) if object_id else None
        panels = day_panels(day) if day else []
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), "panels": panels})

    @display(description=gettext_lazy("result"), label=LIGHT_COLOURS)
    def light(self, day: Any) -> Label:
        return shown_light(day, day.open_differences)

    @display(description=gettext_lazy("open differences"))
    def open_count(self, day: Any) -> str:
        return str(day.open_differences or "–")

    @display(description=gettext_lazy("left in our books"))
    def books(self, day: Reconciliation) -> str:
        return yuan(day.book_paid_fen - day.book_refunded_fen)

    @display(description=gettext_lazy("left on the bill"))
    def bill(self, day: Reconciliation) -> str:
        return yuan(day.bill_paid_fen - day.bill_refunded_fen)

    @display(description=gettext_lazy("fee"))
    def fee(self, day: Reconciliation) -> str:
        return yuan(day.bill_fee_fen)

    def has_run_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("reconciliation.change_reconciliation")

    @action(description=gettext_lazy("Reconcile a day"), url_path="reconcile", permissions=["run"], icon="balance")
    def reconcile_day(self, request: HttpRequest) -> HttpResponse:
        form = DayForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                return self._run(request, form.cleaned_data["method"], form.cleaned_data["day"])
            except DomainError as refusal:
                form.add_error(None, str(refusal))
        return form_page(
            self, request, form=form, title=_("Reconcile a day"), buttons=[("run", _("Fetch the bill and compare"))]
        )

    @action(description=gettext_lazy("Fetch and compare again"), url_path="run", permissions=["run"], icon="refresh")
    def run_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        day = found_or_404(self, request, object_id)
        try:
            return self._run(request, day.method, day.day)
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:reconciliation_reconciliation_change", object_id)

    def _run(self, request: HttpRequest, method: str, day: Any) -> HttpResponse:
        found = reconcile(method=method, day=day, actor=staff(request), now=clock.now())
        if found.failure:
            words = _("The bill could not be had: {failure}. It is tried again by itself.")
            messages.warning(request, words.format(failure=in_words(found.failure)))
        else:
            messages.success(request, _("The bill was fetched and compared with our books."))
        return redirect("admin:reconciliation_reconciliation_change", found.pk)

    @action(description=gettext_lazy("Months"), url_path="months", permissions=["view"], icon="calendar_month")
    def settlement(self, request: HttpRequest) -> HttpResponse:
        return TemplateResponse(
            request,
            "admin/orders/settlement.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.model._meta,
                "title": _("Settlement by month"),
                "panels": settlement_panels(),
            },
        )

    def has_download_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request)

    @action(description=gettext_lazy("Download the bill"), url_path="bill", permissions=["download"], icon="download")
    def download_bill(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        day = found_or_404(self, request, object_id)
        if not day.bill_suffix:
            messages.info(request, _("There is no bill of this day: nothing moved, or it has not been had yet."))
            return redirect("admin:reconciliation_reconciliation_change", object_id)
        answer = StreamingHttpResponse(kept_file(reconciliation_id=day.pk), content_type="application/octet-stream")
        name = f"{day.method}-{day.day.isoformat()}{day.bill_suffix}"
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    @action(
        description=gettext_lazy("Download the differences"),
        url_path="differences",
        permissions=["download"],
        icon="table",
    )
    def download_differences(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        day = found_or_404(self, request, object_id)
        found = Difference.objects.filter(reconciliation=day).order_by("pk")
        return csv_answer(found, name=f"differences-{day.method}-{day.day.isoformat()}")
