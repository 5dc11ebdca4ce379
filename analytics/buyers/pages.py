"""Pages of charts and tables over what the nights have worked out."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.widgets import UnfoldAdminDateWidget

from analytics.buyers import queries
from analytics.buyers.models import RepurchaseDay, Stage
from analytics.buyers.serializers import is_period
from shop.core import clock
from shop.core.dashboard import ChartPanel, Figure, FiguresPanel, ListPanel, Panel
from shop.core.editing import ModelAdmin
from shop.core.money import yuan
from shop.core.screens import panels_page

DAYS = timedelta(days=29)
SCORES = range(5, 0, -1)
COHORT_MONTHS = 12


class PeriodForm(forms.Form):
    first = forms.DateField(label=gettext_lazy("First day"), widget=UnfoldAdminDateWidget)
    last = forms.DateField(label=gettext_lazy("Last day"), widget=UnfoldAdminDateWidget)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not is_period(cleaned.get("first"), cleaned.get("last")):
            raise forms.ValidationError(_("The period ends before it begins, or is too long."))
        return cleaned


class BuyerPages(ModelAdmin):
    """The part of the buyers' screen that leads to the charts."""

    @action(description=gettext_lazy("Overview"), url_path="overview", permissions=["view"], icon="monitoring")
    def overview(self, request: HttpRequest) -> HttpResponse:
        form, first, last = _period(request)
        found = queries.stages_by_day(first=first, last=last)
        panels: list[Panel] = [_stages(last), _repurchase(queries.repurchase(last)), _scores(), _moves(first, last)]
        if found:
            panels.insert(1, _stage_chart(found))
        return panels_page(self, request, title=_("Buyers at a glance"), panels=panels, form=form)

    @action(description=gettext_lazy("Cohorts"), url_path="cohorts", permissions=["view"], icon="grid_on")
    def cohorts(self, request: HttpRequest) -> HttpResponse:
        found = queries.cohorts()
        months = [_("month {number}").format(number=number) for number in range(1, COHORT_MONTHS + 1)]
        rows = [
            [
                f"{cohort.month:%Y.%m}",
                f"{cohort.size:,}",
                yuan(cohort.net_fen),
                *(_share(buyers, cohort.size) for buyers in cohort.returned[:COHORT_MONTHS]),
                *[""] * (COHORT_MONTHS - len(cohort.returned)),
            ]
            for cohort in found
        ]
        headers = [_("first purchase in"), _("buyers"), _("net paid so far"), *months]
        table = ListPanel(_("Share of buyers who bought again in a month"), headers, rows)
        notes = [_("The last figure of a row may be of a month that is not over.")]
        return panels_page(self, request, title=_("Cohorts"), panels=[table], notes=notes)

    @action(
        description=gettext_lazy("Points flow"), url_path="points-flow", permissions=["view"], icon="waterfall_chart"
    )
    def points_flow(self, request: HttpRequest) -> HttpResponse:
        form, first, last = _period(request)
        flow, days = queries.points_flow(first=first, last=last), list(queries.points_by_day(first=first, last=last))
        figures = [
            Figure(_("At the beginning"), f"{flow.opening:,}"),
            Figure(_("Earned"), f"+{flow.earned:,}"),
            Figure(_("By hand"), f"{flow.by_hand:+,}"),
            Figure(_("Used"), f"{-flow.used:+,}"),
            Figure(_("Expired"), f"{-flow.expired:+,}"),
            Figure(_("Taken back"), f"{-flow.clawed_back:+,}"),
            Figure(_("Void on leaving"), f"{-flow.voided:+,}"),
            Figure(_("At the end"), f"{flow.closing:,}"),
        ]
        panels: list[Panel] = [FiguresPanel(_("Points flow"), figures)]
        if days:
            series = {
                _("Earned"): [row.earned for row in days],
                _("Used"): [row.used for row in days],
                _("Expired"): [row.expired for row in days],
            }
            panels.append(ChartPanel(_("Points by day"), "bar", [f"{row.day:%m-%d}" for row in days], series))
        return panels_page(self, request, title=_("Points flow"), panels=panels, form=form)

    @action(description=gettext_lazy("Rankings"), url_path="rankings", permissions=["view"], icon="leaderboard")
    def rankings(self, request: HttpRequest) -> HttpResponse:
        form, first, last = _period(request)
        goods = queries.best_products(first=first, last=last)
        sellers = queries.best_distributors(first=first, end=last + timedelta(days=1))
        panels: list[Panel] = [
            _ranking(_("Products"), _("units"), goods),
            _ranking(_("Buyers of the past year"), _("orders"), queries.best_buyers()),
            _ranking(_("Distributors"), "", sellers),
        ]
        return panels_page(self, request, title=_("Rankings"), panels=panels, form=form)


def _period(request: HttpRequest) -> tuple[forms.Form, date, date]:
    """What was asked for, else the 30 days up to yesterday."""
    yesterday = clock.business_day(clock.now()) - timedelta(days=1)
    usual = {"first": yesterday - DAYS, "last": yesterday}
    if "first" in request.GET:
        form = PeriodForm(request.GET)
        if form.is_valid():
            return form, form.cleaned_data["first"], form.cleaned_data["last"]
        return form, usual["first"], usual["last"]
    return PeriodForm(initial=usual), usual["first"], usual["last"]


def _stages(day: date) -> FiguresPanel:
    found = queries.stages_at(day)
    every = sum(found.values())
    figures = [
        Figure(Stage(stage).label, f"{members:,}", note=_share(members, every)) for stage, members in found.items()
    ]
    return FiguresPanel(_("Members by stage"), figures)


def _stage_chart(found: dict[date, dict[str, int]]) -> ChartPanel:
    shown = (Stage.ACTIVE, Stage.HIGH_VALUE, Stage.DORMANT)
    series = {str(stage.label): [counts.get(stage, 0) for counts in found.values()] for stage in shown}
    return ChartPanel(_("Stages by day"), "line", [f"{day:%m-%d}" for day in found], series)


def _repurchase(rows: list[RepurchaseDay]) -> FiguresPanel:
    figures = [
        Figure(
            _("within {days} days").format(days=row.window) if row.window else _("In the past year"),
            _share(row.again, row.buyers),
            note=_("{again} of {buyers} buyers").format(again=f"{row.again:,}", buyers=f"{row.buyers:,}"),
        )
        for row in rows
    ]
    return FiguresPanel(_("Bought again"), figures)


def _scores() -> ListPanel:
    """R down, F across: how many buyers, and what they spent in a year on average."""
    found = {(row["recency"], row["frequency"]): row for row in queries.scored()}
    rows = []
    for recency in SCORES:
        cells = [found.get((recency, frequency)) for frequency in SCORES]
        shown = [f"{cell['members']:,} · {yuan(int(cell['mean_fen']))}" if cell else "–" for cell in cells]
        rows.append([f"R{recency}", *shown])
    return ListPanel(
        _("Buyers by R and F, with their mean spending in a year"), ["", *(f"F{score}" for score in SCORES)], rows
    )


def _moves(first: date, last: date) -> ListPanel:
    rows = [
        [Stage(row["came_from"]).label, Stage(row["went_to"]).label, f"{row['members']:,}"]
        for row in queries.moves(first=first, last=last)
    ]
    return ListPanel(_("Moves between stages"), [_("from"), _("to"), _("moves")], rows)


def _ranking(title: str, units: str, found: list[queries.Rank]) -> ListPanel:
    rows = [
        [str(rank.place), rank.name, *([f"{rank.units:,}"] if units else []), yuan(rank.value_fen)] for rank in found
    ]
    return ListPanel(title, ["#", _("name"), *([units] if units else []), _("net paid")], rows)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"
