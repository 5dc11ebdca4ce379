"""The overview of any days, narrowed, and the members behind its figures."""

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from analytics.events.names import FUNNEL_STEPS, LABELS
from analytics.funnel.models import Unit
from analytics.funnel.queries import FunnelQuestion, funnel_of
from analytics.reports.behind import KEYS, MOST, behind
from analytics.reports.figures import content_of
from analytics.reports.forms import OverviewForm
from analytics.reports.panels import panels_of
from analytics.reports.presenting import GROUPS, NOTHING
from analytics.traffic.admin import percent
from analytics.traffic.filters import slice_form
from analytics.traffic.presenting import share_bp
from analytics.traffic.queries import Slice, campaigns_of
from members.identity.admin import link_to_member
from shop.core import clock
from shop.core.clock import SHANGHAI, business_day
from shop.core.dashboard import ChartPanel, Figure, FiguresPanel, ListPanel, Panel
from shop.core.editing import ModelAdmin
from shop.core.screens import panels_page

SEES_MEMBERS = "identity.view_member"


class OverviewPages(ModelAdmin):
    """The part of the reports' screen that answers for any days."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("overview/", view(self.overview), name="reports_overview"),
            path("members/", view(self.members), name="reports_members"),
            *super().get_urls(),
        ]

    def overview(self, request: HttpRequest) -> HttpResponse:
        form, asked = self._asked(request)
        activity = request.GET.get("activity", "")[:64]
        if activity:
            return panels_page(self, request, title=_("Overview"), form=form, panels=_of_activity(activity, asked))
        content = content_of(asked)
        links = behind_links(asked) if request.user.has_perm(SEES_MEMBERS) else {}
        compared = _("Changes are against {before_first} – {before_last}.").format(**content)
        return panels_page(
            self, request, title=_("Overview"), form=form, panels=panels_of(content, links=links), notes=[compared]
        )

    def members(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(SEES_MEMBERS):
            raise PermissionDenied
        form, asked = self._asked(request)
        key = request.GET.get("name", "")
        if key not in KEYS:
            raise Http404
        del form.fields["activity"]
        found = behind(key, asked)
        rows = [
            [
                link_to_member(row.member),
                f"{row.times:,}" if row.times else NOTHING,
                f"{row.orders:,}" if row.times else NOTHING,
                f"{row.last_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
            ]
            for row in found.rows
        ]
        figures = [Figure(_("Members"), f"{found.members:,}")]
        if found.nameless:
            figures.append(Figure(_("Sessions of nobody signed in"), f"{found.nameless:,}"))
        heads = [_("member"), _("times"), _("orders paid"), _("last at")]
        label = next(str(measure.label) for group in GROUPS for measure in group.measures if measure.key == key)
        panels: list[Panel] = [FiguresPanel(label, figures), ListPanel(label, heads, rows)]
        shown = _("No more than {count} are listed.").format(count=MOST)
        return panels_page(
            self,
            request,
            title=_("Members behind: {figure}").format(figure=label),
            form=form,
            chosen=key,
            panels=panels,
            notes=[shown],
        )

    def _asked(self, request: HttpRequest) -> tuple[OverviewForm, Slice]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form, asked = slice_form(request.GET, today=business_day(clock.now()), kind=OverviewForm)
        form.offer(asked)
        return form, asked


def behind_links(asked: Slice) -> dict[str, str]:
    """From the key of a figure to the members behind it."""
    given = {"from": asked.first, "to": asked.last, "channel": asked.channel, "device": asked.device}
    page = reverse("admin:reports_members")
    return {key: f"{page}?{urlencode({**given, 'name': key})}" for key in KEYS}


def _of_activity(activity: str, asked: Slice) -> list[Any]:
    """Who saw it, what they did, and how far they came: by activity, all three."""
    seen = next(iter(campaigns_of(asked, campaign=activity)), None)
    question = FunnelQuestion(asked.first, asked.last, Unit.CAMPAIGN, activity, asked.channel, asked.device)
    steps = funnel_of(question)
    if seen is None and not steps.exposed:
        return []
    names = [str(LABELS[name]) for name in FUNNEL_STEPS]
    panels: list[Any] = []
    if seen is not None:
        figures = [
            Figure(_("Exposures"), f"{seen.exposures:,}"),
            Figure(_("Clicks"), f"{seen.clicks:,}"),
            Figure(_("Entries"), f"{seen.entries:,}"),
            Figure(_("Bounce rate"), percent(share_bp(seen.bounces, seen.entries))),
        ]
        panels.append(FiguresPanel(activity, figures))
    came = [Figure(name, f"{count:,}") for name, count in zip(names, steps, strict=True)]
    came.append(Figure(_("From exposure to payment"), percent(share_bp(steps.paid, steps.exposed))))
    chart = ChartPanel(_("How many came so far"), "bar", names, {_("Came so far"): list(steps)})
    return [*panels, FiguresPanel(_("From exposure to payment"), came), chart]
