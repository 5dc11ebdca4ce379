"""Backtests: how far they are, and what they found."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from members.identity.admin import link_to_member
from members.identity.models import Member
from points.rules.models import Backtest, shown_name
from points.rules.naming import names_for
from points.rules.sentences import sentence
from points.rules.spec import RuleSpec
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.clock import business_day
from shop.core.labels import Label
from shop.core.money import yuan

COLOURS = {"waiting": "info", "running": "warning", "done": "success", "failed": "danger", "stopped": "danger"}


@admin.register(Backtest)
class BacktestAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "first_day", "last_day", "shown_status", "shown_cost", "actor", "created_at"]
    fields = ["rule", "said", "first_day", "last_day", "ignores_validity", "shown_status", "actor", "created_at"]
    readonly_fields = ["said", "shown_status"]
    ordering = ["-pk"]
    show_full_result_count = False
    change_form_outer_before_template = "admin/rules/backtest.html"

    class Media:
        js = ["rules/progress.js"]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        backtest = Backtest.objects.filter(pk=object_id).first() if object_id.isdecimal() else None
        context = {**(extra_context or {}), "backtest": backtest, "found": _found(backtest) if backtest else None}
        return super().change_view(request, object_id, form_url, context)

    @display(description=gettext_lazy("draft"))
    def said(self, backtest: Backtest) -> str:
        spec = RuleSpec.of(backtest.definition)
        return sentence(spec, names_for([spec], today=business_day(clock.now())))

    @display(description=gettext_lazy("status"), label=COLOURS)
    def shown_status(self, backtest: Backtest) -> Label:
        label = str(backtest.get_status_display())
        if backtest.status == Backtest.Status.RUNNING and backtest.orders:
            label = f"{label} {backtest.done * 100 // backtest.orders} %"
        return Label(backtest.status, label)

    @display(description=gettext_lazy("more cost"))
    def shown_cost(self, backtest: Backtest) -> str:
        if backtest.status != Backtest.Status.DONE:
            return "–"
        return _signed_yuan(backtest.findings["draft"]["fen"] - backtest.findings["live"]["fen"])


def _found(backtest: Backtest) -> dict[str, Any] | None:
    """Figures and tables of a backtest that is done."""
    if backtest.status != Backtest.Status.DONE:
        return None
    findings = backtest.findings
    live, draft = findings["live"], findings["draft"]
    more = _("{points} points").format(points=f"{draft['points'] - live['points']:+,}")
    otherwise = _("{count} earn otherwise").format(count=f"{findings['changed_orders']:,}")
    return {
        "figures": [
            (_("Cost of the change"), _signed_yuan(draft["fen"] - live["fen"]), more),
            (_("With the draft"), f"{draft['points']:,}", yuan(draft["fen"])),
            (_("By the live rules"), f"{live['points']:,}", yuan(live["fen"])),
            (_("Orders"), f"{backtest.orders:,}", otherwise),
        ],
        "rules": _rules(findings["rules"]),
        "winners": _members(_("Who would earn more"), findings["won"], findings["winners"]),
        "losers": _members(_("Who would earn less"), findings["lost"], findings["losers"]),
    }


def _rules(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    headers = [_("rule"), _("points, live"), _("points, draft"), _("orders cut by a limit"), _("points withheld")]
    return {
        "headers": headers,
        "rows": [
            [
                shown_name(row["name"]),
                f"{row['live']:,}",
                f"{row['draft']:,}",
                f"{row['hits']:,}",
                f"{row['withheld']:,}",
            ]
            for row in rows
        ],
    }


def _members(title: str, count: int, ranked: Sequence[Sequence[int]]) -> dict[str, Any]:
    known = Member.objects.in_bulk([pk for pk, _ in ranked])
    rows = [[link_to_member(known[pk]) if pk in known else "–", f"{more:+,}"] for pk, more in ranked]
    return {"title": f"{title} ({count:,})", "table": {"headers": [_("member"), _("points")], "rows": rows}}


def _signed_yuan(fen: int) -> str:
    return f"+{yuan(fen)}" if fen > 0 else yuan(fen)
