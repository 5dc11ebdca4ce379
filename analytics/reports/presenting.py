"""Content in the words of the reader: sections that the page, XLSX, PDF, CSV and the mail all show."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shop.core.channels import CHANNEL_CHOICES
from shop.core.money import yuan

NOTHING = "–"


class Unit(StrEnum):
    COUNT = "count"
    FEN = "fen"
    BP = "bp"


class Measure(NamedTuple):
    key: str
    label: Any
    unit: Unit = Unit.COUNT


class Group(NamedTuple):
    title: Any
    measures: tuple[Measure, ...]


FUNNEL = Group(
    gettext_lazy("From exposure to payment"),
    (
        Measure("funnel_exposed", gettext_lazy("Exposure")),
        Measure("funnel_clicked", gettext_lazy("Click")),
        Measure("funnel_in_cart", gettext_lazy("Put into the cart")),
        Measure("funnel_ordered", gettext_lazy("Ordered")),
        Measure("funnel_paid", gettext_lazy("Paid")),
        Measure("funnel_bp", gettext_lazy("From exposure to payment"), Unit.BP),
    ),
)
GROUPS = (
    Group(
        gettext_lazy("Orders and revenue"),
        (
            Measure("placed", gettext_lazy("Orders placed")),
            Measure("paid", gettext_lazy("Orders paid")),
            Measure("paid_fen", gettext_lazy("Revenue"), Unit.FEN),
            Measure("average_fen", gettext_lazy("Revenue per order"), Unit.FEN),
            Measure("refunded_fen", gettext_lazy("Paid back"), Unit.FEN),
            Measure("buyers", gettext_lazy("Members who paid")),
            Measure("new_members", gettext_lazy("New members")),
        ),
    ),
    Group(
        gettext_lazy("Traffic"),
        (
            Measure("visitors", gettext_lazy("Visitors")),
            Measure("sessions", gettext_lazy("Sessions of visitors")),
            Measure("views", gettext_lazy("Page views")),
            Measure("bounce_bp", gettext_lazy("Bounce rate"), Unit.BP),
            Measure("idle_bp", gettext_lazy("Not engaged"), Unit.BP),
            Measure("cart_abandonment_bp", gettext_lazy("Carts abandoned"), Unit.BP),
        ),
    ),
    FUNNEL,
    Group(
        gettext_lazy("Points"),
        (
            Measure("points_earned", gettext_lazy("Earned")),
            Measure("points_used", gettext_lazy("Used")),
            Measure("points_expired", gettext_lazy("Expired")),
        ),
    ),
)


class Amount(NamedTuple):
    value: int | None
    unit: Unit = Unit.COUNT

    @property
    def shown(self) -> str:
        """For people."""
        if self.value is None:
            return NOTHING
        if self.unit is Unit.FEN:
            return yuan(self.value)
        return f"{self.value / 100:.1f}%" if self.unit is Unit.BP else f"{self.value:,}"

    @property
    def plain(self) -> str:
        """For spreadsheets: a number of whole things, yuan or percent."""
        if self.value is None:
            return ""
        return f"{self.value}" if self.unit is Unit.COUNT else f"{self.value / 100:.2f}"


Cells = list[str | Amount]


@dataclass(frozen=True)
class Section:
    """A table; cells are text or amounts. `charts` are the columns that are drawn as well."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str | Amount]]
    charts: Sequence[int] = ()

    @property
    def amounts(self) -> list[int]:
        """Which columns hold amounts."""
        return [at for at in range(len(self.headers)) if any(isinstance(row[at], Amount) for row in self.rows)]

    @property
    def shown(self) -> list[list[str]]:
        return [[cell.shown if isinstance(cell, Amount) else cell for cell in row] for row in self.rows]

    @property
    def plain(self) -> list[list[str]]:
        return [[cell.plain if isinstance(cell, Amount) else cell for cell in row] for row in self.rows]


def change(measure: Measure, value: int | None, earlier: int | None) -> str:
    """`+12.5%`; of shares the difference of percent; a dash where there is nothing to compare with."""
    if value is None or earlier is None:
        return NOTHING
    if measure.unit is Unit.BP:
        return _("{points} pp").format(points=f"{(value - earlier) / 100:+.1f}")
    return f"{(value - earlier) * 100 / earlier:+.1f}%" if earlier else NOTHING


def sections_of(content: dict[str, Any]) -> list[Section]:
    return [*figures_of(content), *rows_of(content)]


def measures_of(content: dict[str, Any]) -> list[list[Measure]]:
    """Of each group those that mean something under the filter; groups without any are left out."""
    either = (content["figures"], content["before"])
    groups = [
        [measure for measure in group.measures if any(part.get(measure.key) is not None for part in either)]
        for group in GROUPS
    ]
    return [group for group in groups if group]


def figures_of(content: dict[str, Any]) -> list[Section]:
    """A section for each group: figure, now, before, change."""
    titles = {measure.key: str(group.title) for group in GROUPS for measure in group.measures}
    headers = [_("figure"), _("in this period"), _("in the period before"), _("against before")]
    return [
        Section(titles[measures[0].key], headers, [_figure(measure, content) for measure in measures])
        for measures in measures_of(content)
    ]


def _figure(measure: Measure, content: dict[str, Any]) -> Cells:
    value, earlier = content["figures"].get(measure.key), content["before"].get(measure.key)
    told = change(measure, value, earlier)
    return [str(measure.label), Amount(value, measure.unit), Amount(earlier, measure.unit), told]


def rows_of(content: dict[str, Any]) -> list[Section]:
    """What has rows of its own."""
    parts = [
        _days(content["days"]),
        _products(content["products"]),
        _parts(_("Fronts"), _("front"), "channel", content["fronts"]),
        _parts(_("Devices"), _("device"), "device", content["devices"]),
        _pages(content["pages"]),
        _activities(content["activities"]),
    ]
    return [part for part in parts if part.rows]


def _days(days: list[dict[str, Any]]) -> Section:
    rows: list[Cells] = [
        [
            each["day"],
            Amount(each["sessions"]),
            Amount(each["bounce_bp"], Unit.BP),
            Amount(each["paid"]),
            Amount(each["paid_fen"], Unit.FEN),
        ]
        for each in days
    ]
    heads = [_("date"), _("sessions of visitors"), _("bounce rate"), _("orders paid"), _("Revenue")]
    return Section(_("By day"), heads, rows, charts=(1, 4))


def _products(products: list[dict[str, Any]]) -> Section:
    rows: list[Cells] = [[each["name"], Amount(each["units"]), Amount(each["net_fen"], Unit.FEN)] for each in products]
    return Section(_("Best products"), [_("product"), _("units"), _("net paid")], rows)


def _parts(title: str, head: str, part: str, found: list[dict[str, Any]]) -> Section:
    fronts = {value: str(label) for value, label in CHANNEL_CHOICES}
    rows: list[Cells] = [
        [
            fronts.get(each[part], each[part]) or NOTHING,
            Amount(each["sessions"]),
            Amount(each["bounce_bp"], Unit.BP),
            Amount(each["paid_orders"]),
        ]
        for each in found
    ]
    return Section(title, [head, _("sessions of visitors"), _("bounce rate"), _("orders paid")], rows)


def _pages(pages: list[dict[str, Any]]) -> Section:
    rows: list[Cells] = [
        [
            each["page"] or NOTHING,
            Amount(each["views"]),
            Amount(each["entries"]),
            Amount(each["bounce_bp"], Unit.BP),
        ]
        for each in pages
    ]
    return Section(_("Pages"), [_("page"), _("views"), _("entries"), _("bounce rate")], rows)


def _activities(activities: list[dict[str, Any]]) -> Section:
    rows: list[Cells] = [
        [
            each["campaign"],
            Amount(each["exposures"]),
            Amount(each["clicks"]),
            Amount(each["entries"]),
            Amount(each["bounce_bp"], Unit.BP),
        ]
        for each in activities
    ]
    heads = [_("activity"), _("exposures"), _("clicks"), _("entries"), _("bounce rate")]
    return Section(_("Activities"), heads, rows)
