"""Content as a page of the admin."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analytics.funnel.queries import Steps
from analytics.reports.presenting import FUNNEL, figures_of, measures_of, rows_of
from analytics.traffic.admin import load_chart
from shop.core.dashboard import ChartPanel, Figure, FiguresPanel, ListPanel, Panel


def panels_of(content: dict[str, Any], *, links: Mapping[str, str]) -> list[Panel]:
    """`links` leads from the key of a figure to who stands behind it."""
    lists = [ListPanel(each.title, each.headers, each.shown) for each in rows_of(content) if not each.charts]
    return [*_figures(content, links), *_charts(content), *lists]


def _figures(content: dict[str, Any], links: Mapping[str, str]) -> list[FiguresPanel]:
    found = []
    for section, measures in zip(figures_of(content), measures_of(content), strict=True):
        figures = [
            Figure(name, value, told, links.get(measure.key, ""))
            for (name, value, _before, told), measure in zip(section.shown, measures, strict=True)
        ]
        found.append(FiguresPanel(section.title, figures))
    return found


def _charts(content: dict[str, Any]) -> list[ChartPanel]:
    days, figures = content["days"], content["figures"]
    labels = [each["day"][5:] for each in days]
    bounced = [None if each["bounce_bp"] is None else each["bounce_bp"] / 100 for each in days]
    steps = [figures[f"funnel_{name}"] for name in Steps._fields]
    came = [str(measure.label) for measure in FUNNEL.measures[: len(steps)]]
    counted = {
        _("Sessions of visitors"): [each["sessions"] for each in days],
        _("Orders paid"): [each["paid"] for each in days],
    }
    return [
        ChartPanel(_("Revenue by day (¥)"), "line", labels, {_("Revenue"): [each["paid_fen"] / 100 for each in days]}),
        ChartPanel(_("Sessions and paid orders by day"), "line", labels, counted),
        ChartPanel(_("How many came so far"), "bar", came, {_("Came so far"): steps}),
        ChartPanel(_("Bounce rate by day (percent)"), "line", labels, {_("Bounce rate"): bounced}),
        load_chart(content["load_times"]),
    ]
