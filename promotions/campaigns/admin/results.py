"""The page that tells what came of a campaign."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from promotions.campaigns.results import Result, result_of
from shop.core.dashboard import ChartPanel, Figure, FiguresPanel
from shop.core.editing import ModelAdmin
from shop.core.money import yuan

PERCENT = 100


def result_page(model_admin: ModelAdmin, request: HttpRequest, campaign: Any) -> HttpResponse:
    result = result_of(campaign) or Result()
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": campaign,
        "title": f"{_('Result')} · {campaign}",
        "panels": [_figures(campaign, result), *_charts(result)],
    }
    return TemplateResponse(request, "admin/promotions/result.html", context)


def reach_table(campaign: Any) -> dict[str, Any]:
    """Whom it has met, for who is about to end it."""
    result = result_of(campaign) or Result()
    rows = [[_("Participants"), f"{result.participants:,}"], [_("Orders"), f"{result.orders:,}"]]
    return {"headers": ["", ""], "rows": rows}


def _figures(campaign: Any, result: Result) -> FiguresPanel:
    share = result.return_bp
    return FiguresPanel(
        title=_("Result"),
        figures=[
            Figure(_("Exposure"), "–" if result.exposure is None else f"{result.exposure:,}", _("views")),
            Figure(_("Participants"), f"{result.participants:,}", _("members")),
            Figure(_("Orders"), f"{result.orders:,}", _("paid")),
            Figure(_("Revenue"), yuan(result.revenue_fen)),
            Figure(_("Cost"), yuan(result.cost_fen), _budget(campaign)),
            Figure(_("New members"), f"{result.new_members:,}", result.new_by),
            Figure(_("Return on spend"), "–" if share is None else f"{share / 10_000:.1f}", _("revenue per cost")),
        ],
    )


def _budget(campaign: Any) -> str:
    if campaign.budget_fen is None:
        return _("no budget set")
    return _("of {budget}").format(budget=yuan(campaign.budget_fen))


def _charts(result: Result) -> list[ChartPanel]:
    if not result.days:
        return []
    labels = [f"{each.day:%m-%d}" for each in result.days]
    money = {
        _("Revenue"): [each.revenue_fen / PERCENT for each in result.days],
        _("Cost"): [each.cost_fen / PERCENT for each in result.days],
    }
    orders = {_("Orders"): [each.orders for each in result.days]}
    return [
        ChartPanel(_("Revenue and cost by day (yuan)"), "bar", labels, money),
        ChartPanel(_("Orders by day"), "line", labels, orders),
    ]
