"""Bulk works: what each will do before it begins, its progress, and what was refused."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet, Value
from django.forms import Form
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from orders.workbench.admin.forms import NarrowForm, TrackingFileForm
from orders.workbench.criteria import given_of, sentences
from orders.workbench.models import BulkWork, WorkItem, WorkStatus
from orders.workbench.services.shipping import Prospect, prospect, ship_all
from orders.workbench.services.tracking import check_tracking_file
from orders.workbench.services.working import start_work, stop_work
from orders.workbench.tracking_files import column_name, failure_rows, template_rows
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.csv_files import csv_bytes
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, found_or_404, staff

SHOWN = 50
CHANGE = "admin:workbench_bulkwork_change"


@admin.register(BulkWork)
class BulkWorkAdmin(ReadOnlyAdmin):
    list_display = ["shown_kind", "shown_status", "progress", "asked_by", "asked_at", "finished_at"]
    list_filter = ["status", "kind"]
    list_filter_submit = True
    ordering = ["-pk"]
    fields = [
        ("kind", "status"),
        "source",
        ("asked_by", "asked_at"),
        ("stopped_by", "finished_at"),
        "progress",
        "refusals",
        "corrections",
    ]
    readonly_fields = ["source", "progress", "refusals", "corrections"]
    actions_list = ["ship_matching", "import_tracking", "download_template"]
    actions_detail = ["begin", "stop", "download_failures"]
    change_form_outer_after_template = "admin/orders/watch.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[BulkWork]:
        """Each with whether the reader may know what was typed of people and money."""
        return super().get_queryset(request).annotate(tells_all=Value(_may_see_orders(request)))

    def has_ship_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perms(["workbench.view_bulkwork", "shipments.change_shipment"])

    def has_begin_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Shown while it waits; a second click is told, not turned away."""
        waits = request.method == "POST" or _known(object_id, status__in=[WorkStatus.CHECKED, WorkStatus.STOPPED])
        return waits and self._may_do(request, object_id)

    def has_stop_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        runs = request.method == "POST" or _known(object_id, status=WorkStatus.RUNNING)
        return runs and self._may_do(request, object_id)

    def _may_do(self, request: HttpRequest, object_id: Any) -> bool:
        if _known(object_id, kind=BulkWork.Kind.CANCEL):
            return request.user.has_perms(["workbench.view_bulkwork", "checkout.change_order"])
        return self.has_ship_permission(request)

    @display(description=gettext_lazy("kind"))
    def shown_kind(self, work: BulkWork) -> str:
        return f"{work.get_kind_display()} #{work.pk}"

    @display(
        description=gettext_lazy("status"),
        label={"checked": "info", "running": "warning", "stopped": "danger", "done": "success"},
        ordering="status",
    )
    def shown_status(self, work: BulkWork) -> Label:
        return Label(work.status, work.get_status_display())

    @display(description=gettext_lazy("progress"))
    def progress(self, work: BulkWork) -> str:
        told = _told(work)
        return render_to_string("admin/orders/progress.html", {"percent": work.percent, "told": told, "work": work})

    @display(description=gettext_lazy("source"))
    def source(self, work: BulkWork) -> str:
        return _source(work, work.given if getattr(work, "tells_all", False) else _without_people(work.given))

    @display(description=gettext_lazy("refused"))
    def refusals(self, work: BulkWork) -> str:
        table = _refusals(work)
        return render_to_string("admin/logistics/table.html", {"table": table}) if table["rows"] else "–"

    @display(description=gettext_lazy("corrections of tracking numbers"))
    def corrections(self, work: BulkWork) -> str:
        table = _corrections(work)
        return render_to_string("admin/logistics/table.html", {"table": table}) if table["rows"] else "–"

    @action(
        description=gettext_lazy("Ship all that match"), url_path="ship", permissions=["ship"], icon="conveyor_belt"
    )
    def ship_matching(self, request: HttpRequest) -> HttpResponse:
        """What would be shipped, and why the rest would not; a POST begins."""
        given = given_of(request.GET)
        told = given if _may_see_orders(request) else _without_people(given)
        if given != told:
            # Who may not see orders learns nothing of people and money by asking how many match.
            messages.error(request, _("You may narrow by what the warehouse needs only."))
        elif request.method == "POST":
            try:
                work = ship_all(
                    given=given,
                    despite_refunds="despite_refunds" in request.POST,
                    actor=staff(request),
                    now=clock.now(),
                )
            except DomainError as refusal:
                messages.error(request, str(refusal))
            else:
                self.log_addition(request, work, _source(work, _without_people(work.given)))
                return redirect(CHANGE, work.pk)
        given = told
        found, form = prospect(given=given), NarrowForm(given)
        context = {
            "opts": self.opts,
            "title": _("Ship all that match"),
            "form": form,
            "kept": {name: value for name, value in given.items() if name not in form.fields},
            "sentences": list(sentences(given)) or [_("All orders")],
            "found": found,
            "tables": _tables(found),
        }
        page = {**self.admin_site.each_context(request), **context}
        return TemplateResponse(request, "admin/orders/bulk_ship.html", page)

    @action(
        description=gettext_lazy("Import tracking numbers"),
        url_path="import",
        permissions=["ship"],
        icon="upload_file",
    )
    def import_tracking(self, request: HttpRequest) -> HttpResponse:
        form = TrackingFileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            sent = form.cleaned_data["file"]
            try:
                work = check_tracking_file(
                    content=sent.read(), filename=sent.name, actor=staff(request), now=clock.now()
                )
            except DomainError as refusal:
                form.add_error("file", str(refusal))
            else:
                self.log_addition(request, work, work.filename)
                begins = work.status == WorkStatus.CHECKED
                return redirect("admin:workbench_bulkwork_begin" if begins else CHANGE, work.pk)
        title = _("Import tracking numbers")
        return form_page(self, request, form=form, title=title, buttons=[("check", _("Check the file"))])

    @action(description=gettext_lazy("Download template"), url_path="template", permissions=["ship"], icon="download")
    def download_template(self, request: HttpRequest) -> StreamingHttpResponse:
        return _csv(template_rows(), "tracking-numbers.csv")

    @action(description=gettext_lazy("Go on"), url_path="begin", permissions=["begin"], icon="play_arrow")
    def begin(self, request: HttpRequest, object_id: str) -> HttpResponse:
        work = found_or_404(self, request, object_id)
        if request.method == "POST":
            return self._done(request, work, start_work, now=clock.now())
        waiting = work.items.filter(status=WorkItem.Status.WAITING)
        corrected = waiting.exclude(replaces="").count()
        asked = _("Ship {count} parcels")
        if work.kind == BulkWork.Kind.CANCEL:
            asked = _("Cancel {count} orders")
        elif corrected:
            asked = _("Ship {count} parcels, correct {corrected} tracking numbers")
        asked = asked.format(count=waiting.count() - corrected, corrected=corrected)
        title, buttons = _("{deed}?").format(deed=asked), [("begin", asked)]
        refused = WorkItem.Status.FAILED
        table = _rows(work.items.filter(Q(status=refused) | ~Q(replaces=""))) if corrected else _refusals(work)
        title_of_table = _told(work)
        if len(table["rows"]) == SHOWN:
            title_of_table += " · " + _("the first {count} rows").format(count=SHOWN)
        context = {"table": table, "table_title": title_of_table} if table["rows"] else {}
        return form_page(self, request, form=Form(), title=title, buttons=buttons, **context)

    @action(description=gettext_lazy("Stop"), url_path="stop", permissions=["stop"], icon="stop_circle")
    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        work = found_or_404(self, request, object_id)
        if request.method == "POST":
            return self._done(request, work, stop_work)
        left = work.items.filter(status=WorkItem.Status.WAITING).count()
        title = _("Stop with {left} of {total} left? What was done stays done.").format(left=left, total=work.total)
        return form_page(self, request, form=Form(), title=title, buttons=[("stop", _("Stop"))])

    @action(
        description=gettext_lazy("Download what was refused"),
        url_path="failures",
        permissions=["view"],
        icon="download",
    )
    def download_failures(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        work = found_or_404(self, request, object_id)
        return _csv(failure_rows(work), f"refused-{work.pk}.csv")

    def _done(self, request: HttpRequest, work: BulkWork, service: Any, **when: Any) -> HttpResponse:
        try:
            changed = service(work_id=work.pk, actor=staff(request), **when)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, changed, changed.get_status_display())
        return redirect(CHANGE, work.pk)


def _may_see_orders(request: HttpRequest) -> bool:
    return request.user.has_perm("checkout.view_order")


def _without_people(given: Mapping[str, str]) -> dict[str, str]:
    """What a warehouse may narrow by."""
    known = NarrowForm().fields
    return {name: value for name, value in given.items() if name in known}


def _source(work: BulkWork, given: Mapping[str, str]) -> str:
    chosen = _("Orders chosen by hand") if work.kind == BulkWork.Kind.CANCEL else _("All orders")
    if given != work.given:
        chosen = _("Some orders")
    source = work.filename or " · ".join(sentences(given)) or chosen
    return f"{source} · {_('also orders with a refund asked for')}" if work.despite_refunds else source


def _known(object_id: Any, **said: Any) -> bool:
    known = str(object_id).isdecimal() and len(str(object_id)) < 19
    return known and BulkWork.objects.filter(pk=int(object_id), **said).exists()


def _told(work: BulkWork) -> str:
    told = _("{done} of {total} shipped, {failed} refused")
    if work.kind == BulkWork.Kind.CANCEL:
        told = _("{done} of {total} cancelled, {failed} refused")
    return told.format(done=work.done, total=work.total, failed=work.failed)


def _refusals(work: BulkWork) -> dict[str, Any]:
    """Of what was shipped by a filter by reason, of others row by row; the file to download has them all."""
    refused = work.items.filter(status=WorkItem.Status.FAILED)
    if work.kind == BulkWork.Kind.TRACKING:
        return _rows(refused)
    if work.kind == BulkWork.Kind.CANCEL:
        orders = refused.order_by("row").values_list("order_number", "reason")[:SHOWN]
        return {"headers": [_("order"), _("reason")], "rows": [list(row) for row in orders]}
    reasons = refused.values_list("reason").annotate(count=Count("pk")).order_by("-count")[:SHOWN]
    return {"headers": [_("reason"), _("parcels")], "rows": [list(row) for row in reasons]}


def _rows(items: QuerySet[WorkItem]) -> dict[str, Any]:
    rows = [
        [item.row, " ".join(map(str, item.cells)), column_name(item.column) or "–", _reason(item)]
        for item in items.order_by("row")[:SHOWN]
    ]
    return {"headers": [_("row"), _("cells"), _("column"), _("reason")], "rows": rows}


def _corrections(work: BulkWork) -> dict[str, Any]:
    return _rows(work.items.exclude(replaces="").exclude(status=WorkItem.Status.FAILED))


def _reason(item: WorkItem) -> str:
    return item.reason or _("Takes the place of {number}").format(number=item.replaces)


def _tables(found: Prospect) -> list[tuple[str, dict[str, Any]]]:
    told = [
        (_("Will be shipped"), [_("carrier"), _("parcels")], found.by_carrier),
        (_("Parcels that cannot go yet"), [_("reason"), _("parcels")], found.held_up),
        (_("Orders without a parcel to send"), [_("status"), _("orders")], found.without_parcel),
    ]
    return [
        (title, {"headers": headers, "rows": [[name, f"{count:,}"] for name, count in rows]})
        for title, headers, rows in told
        if rows
    ]


def _csv(rows: Any, filename: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(csv_bytes(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{filename}"'
    return answer
