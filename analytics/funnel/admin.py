"""The funnel as a page: how many come how far, by day, front, product or activity."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _

from analytics.events.names import FUNNEL_STEPS, LABELS
from analytics.funnel.models import FunnelFact, Unit
from analytics.funnel.queries import FunnelQuestion, Steps, funnel_by, funnel_of
from analytics.traffic.admin import PageAdmin, percent
from analytics.traffic.presenting import share_bp
from analytics.traffic.queries import Slice
from shop.catalog.models import Product
from shop.core.dashboard import ChartPanel, Figure, FiguresPanel, ListPanel

SHOWN = 30


@admin.register(FunnelFact)
class FunnelAdmin(PageAdmin):
    @property
    def page_title(self) -> str:
        return _("Funnel")

    def panels(self, asked: Slice, request: HttpRequest) -> list[Any]:
        unit = _unit(request)
        question = FunnelQuestion(asked.first, asked.last, unit, "", asked.channel, asked.device)
        whole = funnel_of(question)
        if not whole.exposed:
            return []
        by = "day" if unit == Unit.VISITOR else "subject"
        parts = funnel_by(question, by)
        labels = [str(LABELS[name]) for name in FUNNEL_STEPS]
        chart = ChartPanel(_("How many came so far"), "bar", labels, {_("Came so far"): list(whole)})
        tables = [_table(by, _named(unit, parts))]
        if unit == Unit.VISITOR:
            tables.append(_table("channel", [(str(part) or "–", steps) for part, steps in _by_front(question)]))
        return [_figures(whole), chart, *tables]

    def choices(self, request: HttpRequest) -> dict[str, Any]:
        return {"choices": list(Unit.choices), "chosen": _unit(request).value}


def _unit(request: HttpRequest) -> Unit:
    asked = request.GET.get("name", "")
    return Unit(asked) if asked in Unit.values else Unit.VISITOR


def _by_front(question: FunnelQuestion) -> list[tuple[object, Steps]]:
    return list(funnel_by(question, "channel").items())


def _named(unit: Unit, parts: dict[object, Steps]) -> list[tuple[str, Steps]]:
    if unit == Unit.VISITOR:
        return [(f"{day}", steps) for day, steps in sorted(parts.items(), key=lambda part: str(part[0]))]
    found = list(parts.items())[:SHOWN]
    names: dict[str, str] = {}
    if unit == Unit.PRODUCT:
        asked = [int(str(subject)) for subject, _steps in found]
        names = {str(pk): name for pk, name in Product.objects.filter(pk__in=asked).values_list("pk", "name")}
    return [(names.get(str(subject), str(subject)), steps) for subject, steps in found]


def _figures(whole: Steps) -> FiguresPanel:
    figures, before = [], 0
    for name, count in zip(FUNNEL_STEPS, whole, strict=True):
        note = _("{share} of the step before").format(share=percent(share_bp(count, before))) if before else ""
        figures.append(Figure(LABELS[name], f"{count:,}", note))
        before = count
    figures.append(
        Figure(_("From exposure to payment"), percent(share_bp(whole.paid, whole.exposed)), _("within seven days"))
    )
    unpaid = percent(share_bp(whole.ordered - whole.paid, whole.ordered))
    figures.append(Figure(_("Orders not paid"), unpaid, _("of those who ordered")))
    return FiguresPanel(_("From exposure to payment"), figures)


def _table(by: str, rows: list[tuple[str, Steps]]) -> ListPanel:
    first = {"day": _("day of the exposure"), "channel": _("front"), "subject": _("of what")}[by]
    headers = [first, *(LABELS[name] for name in FUNNEL_STEPS), _("exposure to payment")]
    cells = [
        [name, *(f"{count:,}" for count in steps), percent(share_bp(steps.paid, steps.exposed))] for name, steps in rows
    ]
    titles = {"day": _("By day"), "channel": _("By front"), "subject": _("Most seen")}
    return ListPanel(titles[by], headers, cells)
