"""Which rewards are wanted, and what becomes of what was ordered: the last thirty days."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from points.mall.statistics import DAYS, RewardFigures, figures_of, units_by_day
from shop.core import clock
from shop.core.dashboard import ChartPanel, Figure, FiguresPanel, ListPanel
from shop.core.editing import ModelAdmin
from shop.core.money import yuan

HOT, LISTED = 10, 100


def statistics_page(model_admin: ModelAdmin, request: HttpRequest) -> HttpResponse:
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    now = clock.now()
    rows = figures_of(since=now - timedelta(days=DAYS), until=now)
    context: dict[str, Any] = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        "title": _("Points mall: the last {days} days").format(days=DAYS),
        "panels": [_summary(rows), *_charts(rows, now), _table(rows)],
    }
    return TemplateResponse(request, "admin/points/mall_statistics.html", context)


def _summary(rows: list[RewardFigures]) -> FiguresPanel:
    ordered, paid = sum(row.ordered for row in rows), sum(row.paid for row in rows)
    return FiguresPanel(
        _("All rewards"),
        [
            Figure(_("Units ordered"), f"{ordered:,}"),
            Figure(_("Units paid"), f"{paid:,}", share(paid, ordered)),
            Figure(_("Points spent"), f"{sum(row.points for row in rows):,}"),
            Figure(_("Money paid"), yuan(sum(row.price_fen for row in rows))),
        ],
    )


def _charts(rows: list[RewardFigures], now: Any) -> list[ChartPanel]:
    hot = [row for row in rows if row.paid][:HOT]
    days = units_by_day(now=now)
    return [
        ChartPanel(
            _("Hot rewards: units paid"), "bar", [row.name for row in hot], {_("Units"): [row.paid for row in hot]}
        ),
        ChartPanel(
            _("Units paid by day"),
            "line",
            [f"{day:%m-%d}" for day, _units in days],
            {_("Units"): [units for _day, units in days]},
        ),
    ]


def _table(rows: list[RewardFigures]) -> ListPanel:
    return ListPanel(
        _("From the order to its use: what is wanted most"),
        [_("reward"), _("ordered"), _("paid"), _("of those ordered"), _("used"), _("of those paid"), _("points")],
        [
            [
                row.name,
                f"{row.ordered:,}",
                f"{row.paid:,}",
                share(row.paid, row.ordered),
                "–" if row.used is None else f"{row.used:,}",
                "–" if row.used is None else share(row.used, row.paid),
                f"{row.points:,}",
            ]
            for row in rows[:LISTED]
        ],
    )


def share(part: int, whole: int) -> str:
    return f"{part * 100 / whole:.1f}%" if whole else "–"
