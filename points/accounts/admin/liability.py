"""What the shop owes in points, what will expire, and the nightly proof that the ledger agrees with itself."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminDateWidget

from points.accounts.liability import Expiry, Liability, forecast, liability_at
from points.accounts.models import LedgerProof
from points.accounts.services import prove_ledger
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.dashboard import ChartPanel, Figure, FiguresPanel, ListPanel
from shop.core.labels import Label
from shop.core.money import yuan


class AsOfForm(forms.Form):
    day = forms.DateField(label=gettext_lazy("As of the end of"), widget=UnfoldAdminDateWidget)


@admin.register(LedgerProof)
class LedgerProofAdmin(ReadOnlyAdmin):
    list_display = ["at", "shown_result", "members", "available", "pending", "held", "debt", "shown_worth"]
    list_filter = ["is_clean"]
    fields = [
        ("at", "is_clean"),
        ("members", "shown_worth"),
        ("available", "pending", "held", "debt"),
        "shown_what",
    ]
    readonly_fields = ["shown_worth", "shown_what"]
    actions_list = ["liability", "prove_now"]

    @display(description=gettext_lazy("result"), label={"agrees": "success", "differs": "danger"})
    def shown_result(self, proof: LedgerProof) -> Label:
        return Label("agrees", _("agrees")) if proof.is_clean else Label("differs", _("differs"))

    @display(description=gettext_lazy("worth"))
    def shown_worth(self, proof: LedgerProof) -> str:
        return yuan(proof.worth_fen)

    @display(description=gettext_lazy("differences"))
    def shown_what(self, proof: LedgerProof) -> str:
        lines = [(each["law"].replace("_", " "), what) for each in proof.differences for what in each["what"]]
        return format_html_join("", "<p>{}: {}</p>", lines) or _("None: entries, lots and accounts agree.")

    def has_prove_now_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.add_ledgerproof")

    @action(
        description=gettext_lazy("Prove now"), url_path="prove-now", permissions=["prove_now"], icon="verified_user"
    )
    def prove_now(self, request: HttpRequest) -> HttpResponse:
        proof = prove_ledger(now=clock.now())
        if proof.is_clean:
            messages.success(request, _("Entries, lots and accounts agree."))
        else:
            messages.error(request, _("The ledger does not agree with itself."))
        return redirect("admin:accounts_ledgerproof_change", proof.pk)

    @action(description=gettext_lazy("Liability"), url_path="liability", permissions=["view"], icon="account_balance")
    def liability(self, request: HttpRequest) -> HttpResponse:
        now = clock.now()
        form = AsOfForm(request.GET if "day" in request.GET else None)
        day = form.cleaned_data["day"] if form.is_bound and form.is_valid() else clock.business_day(now)
        found, months = liability_at(day=day), forecast(now=now)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": _("Points liability"),
            "form": form if form.is_bound else AsOfForm(initial={"day": day}),
            "panels": [
                _figures(found, str(day)),
                _chart(months),
                _table(months),
            ],
        }
        return TemplateResponse(request, "admin/points/liability.html", context)


def _figures(found: Liability, day: str) -> FiguresPanel:
    parts = _("{available} available, {pending} pending, {held} held")
    return FiguresPanel(
        _("At the end of {day}").format(day=day),
        [
            Figure(
                _("Outstanding points"),
                f"{found.points:,}",
                note=parts.format(
                    available=f"{found.available:,}", pending=f"{found.pending:,}", held=f"{found.held:,}"
                ),
            ),
            Figure(_("Worth"), yuan(found.worth_fen), note=_("owed by members: {debt}").format(debt=f"{found.debt:,}")),
            Figure(
                _("Breakage"),
                f"{found.breakage_bp / 100:g} %",
                note=_("{expired} expired, {spent} spent so far").format(
                    expired=f"{found.expired:,}", spent=f"{found.spent:,}"
                ),
            ),
            Figure(_("Expected to be spent"), yuan(found.expected_fen), note=_("if as many expire as did so far")),
        ],
    )


def _chart(months: Any) -> ChartPanel:
    return ChartPanel(
        _("What will expire, month by month"),
        "bar",
        [_month(each) for each in months],
        {_("points"): [each.points for each in months]},
    )


def _table(months: Any) -> ListPanel:
    rows = [[_month(each), f"{each.points:,}", f"{each.members:,}", yuan(each.worth_fen)] for each in months]
    return ListPanel(_("Forecast"), [_("month"), _("points"), _("members"), _("worth")], rows)


def _month(each: Expiry) -> str:
    return f"{each.month:%Y-%m}" if each.month else _("never")
