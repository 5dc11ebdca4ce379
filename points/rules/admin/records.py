"""What was earned and why, what rules said before, and the shop's holidays."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from members.identity.admin import link_to_member
from points.rules.events import kind_of
from points.rules.explaining import explain
from points.rules.models import Earning, Holiday, RuleVersion
from points.rules.naming import names_for
from points.rules.sentences import sentence
from points.rules.services import holidays_changed
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.clock import business_day
from shop.core.editing import ModelAdmin
from shop.core.money import yuan
from shop.core.screens import staff
from shop.core.searching import FoundByKeys


@admin.register(Earning)
class EarningAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = ["happened_at", "shown_member", "shown_kind", "reference", "points", "points_kept", "shown_worth"]
    list_filter = [("happened_at", RangeDateTimeFilter)]
    list_filter_submit = True
    list_select_related = ["member"]
    fields = [
        "reference",
        "shown_member",
        "shown_kind",
        "points",
        "points_kept",
        "shown_worth",
        "shown_lines",
        "happened_at",
        "matures_at",
        "rule_set",
        "explained",
    ]
    readonly_fields = ["shown_member", "shown_kind", "points_kept", "shown_worth", "shown_lines", "explained"]
    search_keys = ("reference",)
    search_help_text = gettext_lazy("The whole reference, such as order:D2611…")
    ordering = ["-pk"]

    @display(description=gettext_lazy("member"))
    def shown_member(self, earning: Earning) -> str:
        return link_to_member(earning.member)

    @display(description=pgettext_lazy("of points", "earned by"))
    def shown_kind(self, earning: Earning) -> str:
        return str(kind_of(earning.kind).label)

    @display(description=gettext_lazy("left after refunds"))
    def points_kept(self, earning: Earning) -> int:
        return earning.points_kept

    @display(description=gettext_lazy("earned for"))
    def shown_worth(self, earning: Earning) -> str:
        return yuan(earning.worth_fen) if earning.worth_fen else "–"

    @display(description=gettext_lazy("by line"))
    def shown_lines(self, earning: Earning) -> str:
        """Goods that come back take along what they have earned."""
        if not earning.worth_fen:
            return "–"
        headers = [_("Line"), _("Amount paid"), _("Still paid"), _("Points"), _("Left after refunds")]
        rows = [
            [place, yuan(line.net_fen), yuan(line.left_fen), line.points, line.points_kept]
            for place, line in enumerate(earning.lines, start=1)
        ]
        return render_to_string("unfold/components/table.html", {"table": {"headers": headers, "rows": rows}})

    @display(description=gettext_lazy("explanation"))
    def explained(self, earning: Earning) -> str:
        told = explain(earning.trace)
        gave, refused = [each for each in told if each.gave], [each for each in told if not each.gave]
        return render_to_string("admin/rules/reasons.html", {"gave": gave, "refused": refused})


@admin.register(RuleVersion)
class RuleVersionAdmin(ReadOnlyAdmin):
    list_display = ["__str__", "said", "actor", "created_at"]
    list_filter = ["rule"]
    fields = ["rule", "number", "said", "actor", "created_at"]
    readonly_fields = ["said"]
    ordering = ["-pk"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleVersion]:
        return super().get_queryset(request).select_related("rule")

    @display(description=gettext_lazy("rule"))
    def said(self, version: RuleVersion) -> str:
        return sentence(version.spec, names_for([version.spec], today=business_day(clock.now())))


@admin.register(Holiday)
class HolidayAdmin(ModelAdmin):
    list_display = ["name", "first_day", "last_day"]
    search_fields = ["name"]
    ordering = ["-first_day"]

    def save_model(self, request: HttpRequest, obj: Holiday, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        holidays_changed(actor=staff(request), now=clock.now())

    def delete_model(self, request: HttpRequest, obj: Holiday) -> None:
        super().delete_model(request, obj)
        holidays_changed(actor=staff(request), now=clock.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Holiday]) -> None:
        super().delete_queryset(request, queryset)
        holidays_changed(actor=staff(request), now=clock.now())
