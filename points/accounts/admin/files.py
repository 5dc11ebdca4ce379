"""Gifts of points by file: a dry run first, then asked for, approved, booked in the background, and undone."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminFileFieldWidget

from points.accounts.grant_files import COLUMNS, result_rows
from points.accounts.models import GrantFile
from points.accounts.services.filing import asked_before, decide_file, request_file, undo_file, upload_file
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.csv_files import csv_bytes
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, found_or_404, staff

COLORS = {
    "refused": "danger",
    "checked": "info",
    "waiting": "warning",
    "running": "info",
    "stopped": "danger",
    "done": "success",
    "declined": "danger",
    "undoing": "warning",
    "undone": "warning",
}


class FileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV (UTF-8 or GBK) or XLSX with these columns: phone or member, points, reason, policy; "
            "in English or Chinese."
        ),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.xlsx"}),
    )


@admin.register(GrantFile)
class GrantFileAdmin(ReadOnlyAdmin):
    list_display = ["filename", "shown_status", "lines_in_file", "points", "uploaded_by", "uploaded_at", "finished_at"]
    list_filter = ["status"]
    fields = [
        ("filename", "status"),
        ("lines_in_file", "points"),
        ("uploaded_by", "uploaded_at"),
        ("requested_by", "requested_at"),
        ("decided_by", "undone_by"),
        "finished_at",
        "shown_problems",
    ]
    readonly_fields = ["shown_problems"]
    actions_list = ["upload"]
    actions_detail = ["go_on", "download_result"]

    @display(description=gettext_lazy("status"), label=COLORS, ordering="status")
    def shown_status(self, file: GrantFile) -> Label:
        return Label(file.status, file.get_status_display())

    @display(description=gettext_lazy("problems"))
    def shown_problems(self, file: GrantFile) -> str:
        headings = {name: heading for heading, name in COLUMNS.items()}
        told = [
            (_("row {row}").format(row=each["row"]), headings.get(each["column"], ""), each["message"])
            for each in file.problems
        ]
        return format_html_join("", "<p>{} {} {}</p>", told) or "–"

    def has_upload_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.add_grantfile")

    def has_go_on_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("accounts.change_grantfile")

    @action(description=gettext_lazy("Upload a file"), url_path="upload", permissions=["upload"], icon="upload_file")
    def upload(self, request: HttpRequest) -> HttpResponse:
        form = FileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            sent = form.cleaned_data["file"]
            try:
                file = upload_file(content=sent.read(), filename=sent.name, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                form.add_error("file", str(refusal))
            else:
                self.log_addition(request, file, file.get_status_display())
                return redirect("admin:accounts_grantfile_change", file.pk)
        return form_page(
            self, request, form=form, title=_("Gift of points by file"), buttons=[("check", _("Check the file"))]
        )

    @action(description=gettext_lazy("Go on"), url_path="go-on", permissions=["go_on"], icon="play_arrow")
    def go_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What comes next in the life of the file, with its size in sight."""
        file = found_or_404(self, request, object_id)
        buttons = _buttons(file)
        if not buttons:
            messages.info(request, _("There is nothing to decide about this file now."))
            return redirect("admin:accounts_grantfile_change", file.pk)
        if request.method == "POST" and request.POST.get("do") in dict(buttons):
            try:
                self._do(request, file, request.POST["do"])
            except DomainError as refusal:
                messages.error(request, str(refusal))
            return redirect("admin:accounts_grantfile_change", file.pk)
        found = {
            "headers": [_("file"), pgettext("of a file", "rows"), _("points"), _("status"), _("asked for before")],
            "rows": [
                [
                    file.filename,
                    f"{file.lines_in_file:,}",
                    f"{file.points:,}",
                    file.get_status_display(),
                    ", ".join(str(clock.business_day(day)) for day in _days_before(file)) or "–",
                ]
            ],
        }
        return form_page(
            self, request, form=forms.Form(), title=_("Gift of points by file"), table=found, buttons=buttons
        )

    def _do(self, request: HttpRequest, file: GrantFile, what: str) -> None:
        common: dict[str, Any] = {"file_id": file.pk, "actor": staff(request), "now": clock.now()}
        if what == "undo":
            said = _("{count} rows will be taken back.").format(count=undo_file(**common))
        elif what == "request":
            said = request_file(**common).get_status_display()
        else:
            said = decide_file(approve=what == "approve", **common).get_status_display()
        self.log_change(request, file, said)
        messages.success(request, said)

    @action(description=gettext_lazy("Download the result"), url_path="result", permissions=["view"], icon="download")
    def download_result(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        file = found_or_404(self, request, object_id)
        answer = StreamingHttpResponse(csv_bytes(result_rows(file)), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="points-{file.pk}.csv"'
        return answer


def _days_before(file: GrantFile) -> list[datetime]:
    """When a file of the same content was asked for, the latest first."""
    return [day for day in asked_before(file).values_list("requested_at", flat=True)[:5] if day is not None]


def _buttons(file: GrantFile) -> list[tuple[str, str]]:
    return {
        GrantFile.Status.CHECKED: [("request", _("Give these points"))],
        GrantFile.Status.WAITING: [("approve", _("Approve")), ("decline", _("Decline"))],
        GrantFile.Status.STOPPED: [("undo", _("Take all of it back"))],
        GrantFile.Status.DONE: [("undo", _("Take all of it back"))],
    }.get(GrantFile.Status(file.status), [])
