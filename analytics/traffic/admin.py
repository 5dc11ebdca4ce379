"""Traffic and the heat map as pages with charts: what was counted, narrowed by days, front and device."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from analytics.events.names import CART, CLICK, EXPOSURE, LABELS, ORDER, PAID, REDEEM
from analytics.traffic.filters import SliceForm, slice_form
from analytics.traffic.models import HeatHour, SessionDay
from analytics.traffic.presenting import overview, traffic
from analytics.traffic.queries import Slice, heat_of
from shop.catalog.models import Product
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.clock import business_day
from shop.core.dashboard import ChartPanel, Figure, FiguresPanel, ListPanel
from shop.core.screens import panels_page

HEAT_NAMES = (EXPOSURE, CLICK, CART, ORDER, PAID, REDEEM)

# In percent of the colour: what is written on it stays legible by day and by night.
HOTTEST_TINT = 55


@dataclass(frozen=True)
class HeatPanel:
    """Rows of 24 cells, each with its count and its tint in percent, HOTTEST_TINT at most."""

    template: ClassVar[str] = "admin/analytics/heat.html"
    title: Any
    rows: list[tuple[str, list[tuple[int, int]]]]
    hours: range = range(24)

    @property
    def lines(self) -> list[Sequence[Any]]:
        return [("", *self.hours), *((name, *(count for count, _heat in cells)) for name, cells in self.rows)]


class PageAdmin(ReadOnlyAdmin):
    """A screen that is one page instead of a list."""

    page_title: Any

    def panels(self, asked: Slice, request: HttpRequest) -> list[Any]:
        raise NotImplementedError

    def narrowed(self, form: SliceForm) -> SliceForm:
        """With the filters that this page heeds."""
        return form

    def choices(self, request: HttpRequest) -> dict[str, Any]:
        """More of the page than its panels: `choice` and `chosen` for a row of links."""
        return {}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form, asked = slice_form(request.GET, today=business_day(clock.now()), kind=SliceForm)
        return panels_page(
            self,
            request,
            title=self.page_title,
            panels=self.panels(asked, request),
            form=self.narrowed(form),
            **self.choices(request),
        )


@admin.register(SessionDay)
class TrafficAdmin(PageAdmin):
    @property
    def page_title(self) -> str:
        return _("Traffic")

    def panels(self, asked: Slice, request: HttpRequest) -> list[Any]:
        whole, parts = overview(asked), traffic(asked)
        if not whole["sessions"]:
            return []
        return [_figures(whole), *_days(whole["days"]), load_chart(parts["load_times"]), _pages(parts), *_tables(parts)]


@admin.register(HeatHour)
class HeatAdmin(PageAdmin):
    @property
    def page_title(self) -> str:
        return _("Heat map")

    def panels(self, asked: Slice, request: HttpRequest) -> list[Any]:
        found = heat_of(first=asked.first, last=asked.last, name=_heat_name(request))
        if not found:
            return []
        names = dict(Product.objects.filter(pk__in=[pk for pk, _hours in found]).values_list("pk", "name"))
        hottest = max(max(hours) for _pk, hours in found)
        rows = [
            (names.get(pk, f"#{pk}"), [(count, round(count * HOTTEST_TINT / hottest)) for count in hours])
            for pk, hours in found
        ]
        return [HeatPanel(_("By product and hour of the day"), rows)]

    def narrowed(self, form: SliceForm) -> SliceForm:
        del form.fields["channel"], form.fields["device"]
        return form

    def choices(self, request: HttpRequest) -> dict[str, Any]:
        return {"choices": [(name, LABELS[name]) for name in HEAT_NAMES], "chosen": _heat_name(request)}


def _heat_name(request: HttpRequest) -> str:
    name = request.GET.get("name", CLICK)
    return name if name in HEAT_NAMES else CLICK


def percent(share_bp: int | None) -> str:
    return "–" if share_bp is None else f"{share_bp / 100:.1f}%"


def seconds(ms: int | None) -> str:
    return "–" if ms is None else f"{ms / 1000:.1f} s"


def _figures(whole: dict[str, Any]) -> FiguresPanel:
    return FiguresPanel(
        _("All sessions"),
        [
            Figure(_("Visitors"), f"{whole['visitors']:,}", _("each once in these days")),
            Figure(_("Sessions of visitors"), f"{whole['sessions']:,}"),
            Figure(_("Page views"), f"{whole['views']:,}"),
            Figure(_("Bounce rate"), percent(whole["bounce_bp"]), _("one view and nothing done")),
            Figure(_("Not engaged"), percent(whole["idle_bp"]), _("one view, under ten seconds")),
            Figure(_("With something in the cart"), f"{whole['carts']:,}", _("sessions of visitors")),
            Figure(_("Carts abandoned"), percent(whole["cart_abandonment_bp"]), _("of these, without an order")),
            Figure(_("Orders"), f"{whole['orders']:,}", _("{paid} paid").format(paid=f"{whole['paid_orders']:,}")),
        ],
    )


def _days(days: list[dict[str, Any]]) -> list[ChartPanel]:
    labels = [f"{each['day']:%m-%d}" for each in days]
    counted = {
        _("Sessions of visitors"): [each["sessions"] for each in days],
        _("Page views"): [each["views"] for each in days],
    }
    bounced = {_("Bounce rate"): [(each["bounce_bp"] or 0) / 100 for each in days]}
    return [
        ChartPanel(_("Sessions and page views by day"), "line", labels, counted),
        ChartPanel(_("Bounce rate by day (percent)"), "line", labels, bounced),
    ]


def load_chart(steps: list[dict[str, Any]]) -> ChartPanel:
    labels = [f"{_step(each)} ({each['entries']:,})" for each in steps]
    rates = {_("Bounce rate"): [(each["bounce_bp"] or 0) / 100 for each in steps]}
    return ChartPanel(_("Bounce rate by load time of the first page (percent; sessions)"), "bar", labels, rates)


def _step(step: dict[str, Any]) -> str:
    if step["from_ms"] is None:
        return _("unknown")
    if step["to_ms"] is None:
        return f"≥ {step['from_ms'] / 1000:g} s"
    return f"{step['from_ms'] / 1000:g}–{step['to_ms'] / 1000:g} s"


def _pages(parts: dict[str, Any]) -> ListPanel:
    headers = [
        _("page"),
        _("views"),
        _("entries"),
        _("bounce rate"),
        _("not engaged"),
        _("exit rate"),
        _("dwell"),
        _("load time"),
        _("load time missing"),
    ]
    rows = [
        [
            each["page"] or "–",
            f"{each['views']:,}",
            f"{each['entries']:,}",
            percent(each["bounce_bp"]),
            percent(each["idle_bp"]),
            percent(each["exit_bp"]),
            seconds(each["mean_dwell_ms"]),
            seconds(each["mean_load_ms"]),
            percent(each["load_missing_bp"]),
        ]
        for each in parts["pages"]
    ]
    return ListPanel(_("Pages"), headers, rows)


def _tables(parts: dict[str, Any]) -> list[ListPanel]:
    channels = [
        [each["channel"] or "–", f"{each['sessions']:,}", percent(each["bounce_bp"]), f"{each['orders']:,}"]
        for each in parts["channels"]
    ]
    devices = [
        [each["device"] or "–", f"{each['sessions']:,}", percent(each["bounce_bp"]), f"{each['orders']:,}"]
        for each in parts["devices"]
    ]
    campaigns = [
        [
            each["campaign"],
            f"{each['exposures']:,}",
            f"{each['clicks']:,}",
            f"{each['entries']:,}",
            percent(each["bounce_bp"]),
        ]
        for each in parts["campaigns"]
    ]
    heads = [_("sessions of visitors"), _("bounce rate"), _("orders")]
    activity = [_("activity"), _("exposures"), _("clicks"), _("entries"), _("bounce rate")]
    tables = [
        ListPanel(_("Fronts"), [_("front"), *heads], channels),
        ListPanel(_("Devices"), [_("device"), *heads], devices),
    ]
    return [*tables, ListPanel(_("Activities"), activity, campaigns)] if campaigns else tables
