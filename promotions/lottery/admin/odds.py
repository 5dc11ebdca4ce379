"""The page that shows the odds of a lottery, as published or as they would be, beside what was drawn."""

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from promotions.lottery.models import Draw, Lottery, Prize
from promotions.lottery.odds import percent
from promotions.lottery.queries import published_odds
from shop.core.dashboard import ChartPanel, Figure, FiguresPanel, ListPanel, Panel
from shop.core.editing import ModelAdmin
from shop.core.money import yuan

HEADERS = (
    gettext_lazy("Prize"),
    gettext_lazy("Weight"),
    gettext_lazy("Share"),
    gettext_lazy("times drawn"),
    gettext_lazy("times given"),
    gettext_lazy("still there"),
    gettext_lazy("At most a day"),
    gettext_lazy("Worth"),
)


def odds_page(model_admin: ModelAdmin, request: HttpRequest, lottery: Lottery) -> HttpResponse:
    prizes = list(lottery.prizes.select_related("sku").order_by("pk"))
    drawn = dict(lottery.draws.order_by().values_list("drawn").annotate(n=Count("pk")))
    given = dict(lottery.draws.order_by().values_list("prize").annotate(n=Count("pk")))
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": lottery,
        "title": f"{_('Odds')} · {lottery}",
        "panels": _panels(lottery, prizes, drawn, given),
        "published": published_odds(lottery),
    }
    return TemplateResponse(request, "admin/promotions/odds.html", context)


def _panels(lottery: Lottery, prizes: list[Prize], drawn: dict[int, int], given: dict[int, int]) -> list[Panel]:
    total, draws = sum(each.weight for each in prizes), sum(drawn.values())
    per_draw = sum(each.weight * each.cost_fen for each in prizes) // total if total else 0
    winning = sum(each.weight for each in prizes if each.kind != Prize.Kind.NONE)
    labels = [each.name for each in prizes]
    figures = FiguresPanel(
        title=_("At a glance"),
        figures=[
            Figure(_("Draws"), f"{draws:,}"),
            Figure(_("Draws that win something"), f"{percent(winning, total)} %", _("by the weights")),
            Figure(_("Cost of a draw"), yuan(per_draw), _("on average, while nothing runs out")),
            Figure(_("Paid with points"), f"{lottery.draws.filter(paid_with=Draw.Paid.POINTS).count():,}", _("draws")),
        ],
    )
    table = ListPanel(
        title=_("Prizes and odds"),
        headers=[str(each) for each in HEADERS],
        rows=[_row(each, total, drawn, given) for each in prizes],
    )
    if not prizes:
        return [figures, table]
    shares = {_("By the weights (percent)"): [round(each.weight * 100 / total, 4) if total else 0 for each in prizes]}
    if draws:
        shares[_("As drawn (percent)")] = [round(drawn.get(each.pk, 0) * 100 / draws, 4) for each in prizes]
    return [figures, table, ChartPanel(_("Odds"), "bar", labels, shares)]


def _row(prize: Prize, total: int, drawn: dict[int, int], given: dict[int, int]) -> list[Any]:
    left = prize.left
    name = f"{prize.name} ({_('for the rest')})" if prize.is_fallback else prize.name
    return [
        name,
        f"{prize.weight:,}",
        f"{percent(prize.weight, total)} %",
        f"{drawn.get(prize.pk, 0):,}",
        f"{given.get(prize.pk, 0):,}",
        "∞" if left is None else f"{left:,} / {prize.stock:,}",
        "–" if prize.per_day is None else f"{prize.per_day:,}",
        yuan(prize.worth_at_most_fen),
    ]
