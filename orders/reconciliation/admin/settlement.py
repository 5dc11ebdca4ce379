"""Months as the gateways settle them: what came in, went back, was kept as fee, and is left."""

from django.utils.translation import gettext as _

from orders.reconciliation.models import GATEWAYS
from orders.reconciliation.queries import Settlement, kept_deposits, settlements
from shop.core.dashboard import ChartPanel, ListPanel
from shop.core.money import yuan

MONTHS = 12


def settlement_panels() -> list[ChartPanel | ListPanel]:
    """A chart of what is left by month and gateway, and everything as a table with a total for each month."""
    found = settlements(months=MONTHS)
    panels: list[ChartPanel | ListPanel] = [_chart(found), _table(found)] if found else []
    return [*panels, *kept_panels()]


def kept_panels() -> list[ListPanel]:
    """What stayed with the shop of orders whose balance was not paid, or that were given up: no bill tells of it."""
    rows = [[f"{each.month:%Y-%m}", str(each.orders), yuan(each.kept_fen)] for each in kept_deposits(months=MONTHS)]
    headers = [_("month"), _("orders"), _("kept")]
    return [ListPanel(_("Deposits kept by the shop"), headers, rows)] if rows else []


def _chart(found: list[Settlement]) -> ChartPanel:
    months = sorted({each.month for each in found})
    net = {(each.month, each.method): each.net_fen for each in found}
    series = {
        str(label): [net.get((month, method), 0) / 100 for month in months]
        for method, label in GATEWAYS
        if any(each.method == method for each in found)
    }
    return ChartPanel(_("Left after refunds and fee (¥)"), "bar", [f"{month:%Y-%m}" for month in months], series)


def _table(found: list[Settlement]) -> ListPanel:
    labels = dict(GATEWAYS)
    rows = []
    for month in sorted({each.month for each in found}, reverse=True):
        of_month = [each for each in found if each.month == month]
        rows += [_row(f"{month:%Y-%m}", str(labels[each.method]), [each]) for each in of_month]
        if len(of_month) > 1:
            rows.append(_row(f"{month:%Y-%m}", _("together"), of_month))
    headers = [
        _("month"),
        _("gateway"),
        _("days"),
        _("paid"),
        _("refunded"),
        _("fee"),
        _("left after all"),
        _("open differences"),
    ]
    return ListPanel(_("By the gateways' bills"), headers, rows)


def _row(month: str, name: str, parts: list[Settlement]) -> list[str]:
    return [
        month,
        name,
        str(max(each.days for each in parts)),
        yuan(sum(each.paid_fen for each in parts)),
        yuan(sum(each.refunded_fen for each in parts)),
        yuan(sum(each.fee_fen for each in parts)),
        yuan(sum(each.net_fen for each in parts)),
        str(sum(each.open_differences for each in parts) or "–"),
    ]
