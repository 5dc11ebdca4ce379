"""The admin's home: what needs attention, then the panels of the rooms.

`settings.DASHBOARD_PANELS` lists functions `(request) -> Panel | None`, in order; None hides a panel from those who
may not see it or where there is nothing to show.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import cycle
from typing import Any, ClassVar

import orjson
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.module_loading import import_string
from django.utils.translation import gettext

from shop.core import clock
from shop.core.formulas import harmless
from shop.core.models import Alert, OutboxEntry
from shop.core.schedule import job_problems

# Tailwind colour variables of the admin theme, for charts.
SERIES_COLOURS = (
    "var(--color-primary-500)",
    "var(--color-primary-300)",
    "var(--color-base-400)",
    "var(--color-primary-800)",
    "var(--color-base-700)",
    "var(--color-base-300)",
)


@dataclass(frozen=True)
class Figure:
    label: Any
    value: str
    note: str = ""
    link: str = ""


@dataclass(frozen=True)
class FiguresPanel:
    """A row of key figures."""

    template: ClassVar[str] = "admin/panels/figures.html"
    title: Any
    figures: Sequence[Figure]

    @property
    def lines(self) -> list[Sequence[Any]]:
        return [(figure.label, figure.value, figure.note) for figure in self.figures]


@dataclass(frozen=True)
class ListPanel:
    """A short table; cells are text or safe HTML. `link` leads to the whole list."""

    template: ClassVar[str] = "admin/panels/list.html"
    title: Any
    headers: Sequence[Any]
    rows: Sequence[Sequence[Any]]
    link: str = ""

    @property
    def table(self) -> dict[str, Any]:
        return {"headers": list(self.headers), "rows": [list(row) for row in self.rows]}

    @property
    def lines(self) -> list[Sequence[Any]]:
        return [self.headers, *self.rows]


@dataclass(frozen=True)
class ChartPanel:
    """Bars or lines over labels; `series` maps a name to one value per label, None where there is none."""

    template: ClassVar[str] = "admin/panels/chart.html"
    title: Any
    kind: str
    labels: Sequence[str]
    series: Mapping[str, Sequence[float | None]]

    @property
    def data(self) -> str:
        datasets = [
            {
                "label": str(name),
                "data": list(values),
                "backgroundColor": colour,
                "borderColor": colour,
                "maxBarThickness": 12,
                "maxTicksXLimit": 10,
                "displayYAxis": True,
            }
            for (name, values), colour in zip(self.series.items(), cycle(SERIES_COLOURS), strict=False)
        ]
        return orjson.dumps({"labels": list(self.labels), "datasets": datasets}).decode()

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Name and colour of each series; of a single one the title tells enough."""
        named = zip(map(str, self.series), cycle(SERIES_COLOURS), strict=False)
        return list(named) if len(self.series) > 1 else []

    @property
    def lines(self) -> list[Sequence[Any]]:
        rows = zip(self.labels, *self.series.values(), strict=True)
        return [("", *self.series), *(["" if cell is None else cell for cell in row] for row in rows)]


Panel = FiguresPanel | ListPanel | ChartPanel


def lines_of(panels: Sequence[Any]) -> Iterator[list[str]]:
    """Panels as rows of a file, one under the other with their titles: words as they are read, and no formulas."""
    for panel in panels:
        yield [harmless(str(panel.title))]
        for line in panel.lines:
            yield [harmless(unescape(strip_tags(str(cell)))) for cell in line]
        yield []


@dataclass(frozen=True)
class Attention:
    message: str
    link: str


def dashboard_callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    panels = [import_string(path)(request) for path in settings.DASHBOARD_PANELS]
    shown = [panel for panel in panels if panel is not None]
    return {**context, "attention": attention(request), "panels": shown}


def attention(request: HttpRequest) -> list[Attention]:
    """What this member of staff must look at: alerts, jobs that fail or do not run, parked facts."""
    found = [
        Attention(gettext(alert.message).format(**alert.data), alert.link)
        for alert in Alert.objects.order_by("raised_at")[:50]
        if not alert.permission or request.user.has_perm(alert.permission)
    ]
    if request.user.has_perm("core.view_jobrun"):
        link = reverse("admin:core_jobrun_changelist")
        found += [Attention(problem.message, link) for problem in job_problems(now=clock.now())]
    if request.user.has_perm("core.view_outboxentry"):
        parked = OutboxEntry.objects.filter(status=OutboxEntry.Status.PARKED).count()
        if parked:
            link = reverse("admin:core_outboxentry_changelist") + "?status__exact=parked"
            found.append(Attention(gettext("{count} messages could not be delivered").format(count=parked), link))
    return found
