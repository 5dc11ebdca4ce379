"""What combines with what, as a grid of boxes; and what orders have taken of promotions, to look at."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from promotions.campaigns.mechanisms import mechanism_label
from promotions.checkout.combination import COMBINATION, set_combination
from promotions.checkout.forms import LABELS, CombinationForm
from promotions.checkout.mechanisms import BY_NAME, MemberBenefits, NewMember
from promotions.checkout.models import CombinationRule, PromotionClaim
from promotions.lottery.terms import KIND as PRIZE
from promotions.pricing.model import Mechanism
from promotions.redemption.terms import KIND as REWARD
from shop.core.admin import ReadOnlyAdmin
from shop.core.money import yuan
from shop.core.searching import FoundByKeys


@admin.register(CombinationRule)
class CombinationRuleAdmin(ReadOnlyAdmin):
    """One page instead of a list."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_change = request.user.has_perm("promotion_checkout.change_combinationrule")
        COMBINATION.forget()
        form = CombinationForm(request.POST or None, combination=COMBINATION.value(), locked=not may_change)
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            if form.is_valid():
                changed = set_combination(agreements=form.agreements)
                messages.success(request, _("Saved; {count} answers are new.").format(count=changed))
                return redirect("admin:promotion_checkout_combinationrule_changelist")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": _("What combines with what"),
            "columns": [LABELS[mechanism] for mechanism in Mechanism],
            "rows": form.rows,
            "form": form,
            "may_change": may_change,
        }
        return TemplateResponse(request, "admin/combination.html", context)


class MechanismFilter(admin.SimpleListFilter):
    title = gettext_lazy("mechanism")
    parameter_name = "mechanism"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, _label(name)) for name in BY_NAME if name != MemberBenefits.name]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PromotionClaim]) -> QuerySet[PromotionClaim]:
        return queryset.filter(mechanism=self.value()) if self.value() else queryset


@admin.register(PromotionClaim)
class PromotionClaimAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = ["order_number", "shown_mechanism", "status", "shown_amount", "points", "claimed_at"]
    list_filter = [MechanismFilter, "status"]
    search_keys = ("order_number",)
    ordering = ["-id"]
    fields = [
        "order_number",
        "shown_mechanism",
        "status",
        "shown_amount",
        "points",
        "points_returned",
        "shown_taken",
        "claimed_at",
        "confirmed_at",
        "completed_at",
        "released_at",
    ]

    @display(description=gettext_lazy("mechanism"), ordering="mechanism")
    def shown_mechanism(self, row: PromotionClaim) -> str:
        return str(_label(row.mechanism))

    @display(description=gettext_lazy("taken off"), ordering="amount_fen")
    def shown_amount(self, row: PromotionClaim) -> str:
        return yuan(row.amount_fen)

    @display(description=gettext_lazy("taken"))
    def shown_taken(self, row: PromotionClaim) -> str:
        return (
            format_html_join("", "{} {}<br>", ((each["label"], yuan(each["amount_fen"])) for each in row.taken)) or "–"
        )


def _label(mechanism: str) -> Any:
    """Of the door's mechanisms some are no campaigns."""
    known = {NewMember.name: _("First purchase"), PRIZE: _("Prize"), REWARD: _("Points mall")}
    return known.get(mechanism) or mechanism_label(mechanism)
