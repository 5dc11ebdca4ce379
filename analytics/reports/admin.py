"""Reports for the staff: read, downloaded, subscribed to, and what became of their mails."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from analytics.reports.files import PDF, XLSX, pdf_of, xlsx_of
from analytics.reports.forms import SubscriptionForm
from analytics.reports.mailing import file_name, send_again
from analytics.reports.models import Mailing, Report, Subscription
from analytics.reports.pages import OverviewPages
from analytics.reports.panels import panels_of
from analytics.reports.presenting import Amount, Unit
from analytics.reports.services import subscribe
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.clock import SHANGHAI
from shop.core.labels import Label
from shop.core.screens import download, form_page, found_or_404, panels_page

LIST = "admin:reports_report_changelist"


@admin.register(Report)
class ReportAdmin(OverviewPages, ReadOnlyAdmin):
    list_display = ["shown_period", "kind", "orders_paid", "revenue", "visitors", "made_at", "mailed"]
    list_filter = ["kind"]
    list_filter_submit = False
    ordering = ["-last", "-first"]
    show_full_result_count = False
    actions_list = ["subscriptions"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        sent = Count("mailings", filter=Q(mailings__status=Mailing.Status.SENT))
        return super().get_queryset(request).annotate(mails=Count("mailings"), mails_sent=sent)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/xlsx/", view(self.xlsx), name="reports_report_xlsx"),
            path("<int:pk>/pdf/", view(self.pdf), name="reports_report_pdf"),
            *super().get_urls(),
        ]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """The report as a page."""
        if object_id is None or not self.has_view_permission(request):
            raise PermissionDenied
        report = found_or_404(self, request, object_id)
        made = _("Made at {time}; figures that came in later are on the dashboards only.").format(
            time=f"{report.made_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        )
        compared = _("Changes are against {before_first} – {before_last}.").format(**report.content)
        links = [
            ("PDF", reverse("admin:reports_report_pdf", args=[report.pk])),
            ("XLSX", reverse("admin:reports_report_xlsx", args=[report.pk])),
        ]
        panels = panels_of(report.content, links={})
        return panels_page(self, request, title=str(report), panels=panels, links=links, notes=[compared, made])

    @display(description=gettext_lazy("period"), ordering="first")
    def shown_period(self, report: Report) -> str:
        return report.period

    @display(description=gettext_lazy("orders paid"))
    def orders_paid(self, report: Report) -> str:
        return Amount(report.figures["paid"]).shown

    @display(description=gettext_lazy("Revenue"))
    def revenue(self, report: Report) -> str:
        return Amount(report.figures["paid_fen"], Unit.FEN).shown

    @display(description=gettext_lazy("visitors"))
    def visitors(self, report: Report) -> str:
        return Amount(report.figures["visitors"]).shown

    @display(description=gettext_lazy("mails sent"))
    def mailed(self, report: Any) -> str:
        return f"{report.mails_sent} / {report.mails}" if report.mails else "–"

    @action(
        description=gettext_lazy("Reports by mail"),
        url_path="subscriptions",
        permissions=["view"],
        icon="forward_to_inbox",
    )
    def subscriptions(self, request: HttpRequest) -> HttpResponse:
        """Everybody decides for themselves."""
        assert request.user.pk is not None
        mine = list(Subscription.objects.filter(staff=request.user.pk).values_list("kind", flat=True))
        has_address = bool(getattr(request.user, "email", ""))
        form = SubscriptionForm(request.POST or None, initial={"kinds": mine}, has_address=has_address)
        # Nothing chosen is an answer as well.
        if request.method == "POST":
            form = SubscriptionForm(request.POST, has_address=has_address)
            if form.is_valid():
                subscribe(staff_id=request.user.pk, kinds=set(form.cleaned_data["kinds"]))
                messages.success(request, _("Saved."))
                return redirect(LIST)
        return form_page(self, request, form=form, title=_("Reports by mail"))

    def xlsx(self, request: HttpRequest, pk: int) -> HttpResponse:
        report = self._readable(request, pk)
        return download(xlsx_of(report.content), name=file_name(report, "xlsx"), media_type=XLSX)

    def pdf(self, request: HttpRequest, pk: int) -> HttpResponse:
        report = self._readable(request, pk)
        return download(pdf_of(str(report), report.content), name=file_name(report, "pdf"), media_type=PDF)

    def _readable(self, request: HttpRequest, pk: int) -> Report:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found: Report = found_or_404(self, request, str(pk))
        return found


@admin.register(Mailing)
class MailingAdmin(ReadOnlyAdmin):
    list_display = ["report", "staff", "shown_status", "attempts", "error_code", "due_at", "sent_at"]
    list_display_links = None
    list_filter = ["status"]
    list_filter_submit = False
    list_select_related = ["report", "staff"]
    ordering = ["-pk"]
    show_full_result_count = False
    actions_row = ["again"]

    def has_again_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("reports.change_mailing")

    @display(
        description=gettext_lazy("status"),
        label={"queued": "info", "sent": "success", "failed": "danger", "withheld": "warning"},
        ordering="status",
    )
    def shown_status(self, mailing: Mailing) -> Label:
        return Label(mailing.status, mailing.get_status_display())

    @action(description=gettext_lazy("Send again"), url_path="again", permissions=["again"])
    def again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        mailing = found_or_404(self, request, object_id)
        if send_again(mailing_id=mailing.pk, now=clock.now()):
            self.log_change(request, mailing, _("Sent again."))
            messages.success(request, _("It will be sent within minutes."))
        else:
            messages.error(request, _("Nothing has failed here."))
        return redirect("admin:reports_mailing_changelist")
