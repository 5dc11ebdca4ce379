"""Runs: how far they are, why members were not reached, and taking back what was given."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action, display

from analytics.outreach.admin.reading import reasons_table, result_panels, sentence_of
from analytics.outreach.models import Arm, ContactStatus, Run, RunStatus
from analytics.outreach.results import reasons_of, result_of
from analytics.outreach.services import undo_run
from analytics.outreach.services.undoing import OVER
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, found_or_404, panels_page, staff

CHANGE = "admin:outreach_run_change"
COLOURS = {
    "waiting": "info",
    "running": "warning",
    "done": "success",
    "stopped": "danger",
    "undoing": "warning",
    "undone": "danger",
}


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ["shown_plan", "due_at", "shown_status", "treated", "control", "shown_left_out", "finished_at"]
    list_display_links = ["due_at"]
    list_filter = ["status", "plan"]
    list_filter_submit = True
    list_select_related = ["plan"]
    ordering = ["-pk"]
    fields = [
        ("shown_plan", "status"),
        ("due_at", "chosen_at", "finished_at"),
        "progress",
        ("treated", "control"),
        "not_reached",
        "undone_by",
    ]
    readonly_fields = ["shown_plan", "progress", "not_reached"]
    actions_detail = ["result", "undo"]
    change_form_outer_after_template = "admin/orders/watch.html"

    @display(description=gettext_lazy("plan"), ordering="plan")
    def shown_plan(self, run: Run) -> str:
        page = reverse("admin:outreach_plan_change", args=[run.plan_id])
        style = "text-primary-600 dark:text-primary-500"
        return format_html('<a class="{}" href="{}">{}</a>', style, page, run.plan)

    @display(description=gettext_lazy("status"), label=COLOURS, ordering="status")
    def shown_status(self, run: Run) -> Label:
        return Label(run.status, run.get_status_display())

    @display(description=gettext_lazy("left out"))
    def shown_left_out(self, run: Run) -> int:
        return sum(run.left_out.values())

    @display(description=gettext_lazy("progress"))
    def progress(self, run: Run) -> str:
        reached = run.contacts.filter(arm=Arm.TREATED)
        done = reached.exclude(status=ContactStatus.WAITING).count()
        told = _("{done} of {total} members").format(done=done, total=run.treated)
        percent = 100 * done // run.treated if run.treated else 100
        busy = run.status in (RunStatus.RUNNING, RunStatus.UNDOING)
        work = {"status": "running" if busy else "done"}
        return render_to_string("admin/orders/progress.html", {"percent": percent, "told": told, "work": work})

    @display(description=gettext_lazy("not reached, and why"))
    def not_reached(self, run: Run) -> str:
        rows = reasons_table(reasons_of(run))
        if not rows:
            return "–"
        table = {"headers": [_("why"), _("members")], "rows": rows}
        return render_to_string("admin/logistics/table.html", {"table": table})

    def has_undo_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        known = str(object_id).isdecimal() and len(str(object_id)) < 19
        over = request.method == "POST" or (known and Run.objects.filter(pk=int(object_id), status__in=OVER).exists())
        return over and request.user.has_perm("outreach.change_run")

    @action(description=gettext_lazy("Result"), url_path="result", permissions=["view"], icon="query_stats")
    def result(self, request: HttpRequest, object_id: str) -> HttpResponse:
        run = found_or_404(self, request, object_id)
        found = result_of(run.plan, now=clock.now(), run=run)
        panels = result_panels(run.plan, found)
        return panels_page(self, request, title=f"{_('Result')} · {run}", panels=panels, said=sentence_of(found))

    @action(description=gettext_lazy("Take back what it gave"), url_path="undo", permissions=["undo"], icon="undo")
    def undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asked first: a link alone changes nothing."""
        run = found_or_404(self, request, object_id)
        if request.method == "POST":
            try:
                undone = undo_run(run_id=run.pk, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                messages.error(request, str(refusal))
            else:
                self.log_change(request, undone, _("Take back what it gave"))
            return redirect(CHANGE, run.pk)
        given = run.contacts.filter(status=ContactStatus.DONE)
        rows = [
            [_("members"), given.count()],
            [_("points to be taken back, spent or not"), given.aggregate(n=Sum("points", default=0))["n"]],
            [_("coupons that are void unless they were used"), given.exclude(coupon_number="").count()],
        ]
        many = given.count()
        title = ngettext("Take back what {count} member got?", "Take back what {count} members got?", many)
        return form_page(
            self,
            request,
            form=forms.Form(),
            title=title.format(count=many),
            table={"headers": ["", ""], "rows": rows},
            table_title=_("Messages cannot be taken back."),
            buttons=[("undo", _("Take back"))],
        )
