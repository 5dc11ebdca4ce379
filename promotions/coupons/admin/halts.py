"""Stopping what members hold of a template: asked with what it meets, then watched; who did it and why is kept."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from promotions.coupons.models import CouponTemplate, Halt
from promotions.coupons.models.halts import HaltKind
from promotions.coupons.services.halting import counted
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.labels import Label
from shop.core.money import yuan

TITLES = {
    HaltKind.SUSPEND: gettext_lazy("Suspend the coupons of members"),
    HaltKind.RESUME: gettext_lazy("Let the coupons be used again"),
    HaltKind.VOID: gettext_lazy("Make all unused coupons void"),
}
MEANS = {
    HaltKind.SUSPEND: gettext_lazy(
        "At once nobody can use one, nor is given one, until you let them be used again. Their time runs on."
        " Orders that were placed with one go through."
    ),
    HaltKind.RESUME: gettext_lazy("At once whoever holds one can use it, as long as it is valid."),
    HaltKind.VOID: gettext_lazy(
        "This is final: at once nobody can use one, and the template ends. Orders that were placed with one go"
        " through; coupons that come back from orders are void."
    ),
}


class HaltForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Members read it."),
    )
    tells_members = forms.BooleanField(
        label=gettext_lazy("tell the members"), required=False, initial=True, widget=UnfoldBooleanSwitchWidget
    )


def what_it_meets(template: CouponTemplate, kind: HaltKind) -> dict[str, Any]:
    """The dry run: how many coupons of how many members, and what it means."""
    met = counted(template.pk, now=clock.now())
    rows = [
        [_("unused coupons"), f"{met['coupons']:,}"],
        [_("members"), f"{met['members']:,}"],
        [_("held by orders"), f"{met['held']:,}"],
    ]
    if template.most_cost_fen is not None:
        rows.append([_("what they could take off at most"), yuan(template.most_cost_fen * met["coupons"])])
    rows.append([_("Please note"), str(MEANS[kind])])
    return {"table_title": template.name, "table": {"headers": ["", ""], "rows": rows}}


@admin.register(Halt)
class HaltAdmin(ReadOnlyAdmin):
    list_display = ["template", "shown_kind", "reason", "shown_status", "shown_progress", "created_by", "created_at"]
    list_filter = ["kind", "status"]
    list_select_related = ["template"]
    search_fields = ["template__name", "reason"]
    fields = [
        "template",
        "kind",
        "reason",
        "tells_members",
        "status",
        "shown_progress",
        "created_by",
        "created_at",
        "finished_at",
    ]
    readonly_fields = ["shown_progress"]
    ordering = ["-pk"]

    @display(
        description=gettext_lazy("what"),
        label={"suspend": "warning", "resume": "success", "void": "danger"},
        ordering="kind",
    )
    def shown_kind(self, halt: Halt) -> Label:
        return Label(halt.kind, halt.get_kind_display())

    @display(
        description=gettext_lazy("status"),
        label={"running": "info", "done": "success", "overtaken": "warning"},
        ordering="status",
    )
    def shown_status(self, halt: Halt) -> Label:
        return Label(halt.status, halt.get_status_display())

    @display(description=gettext_lazy("progress"))
    def shown_progress(self, halt: Halt) -> str:
        """Coupons that come back from orders are seen to on top of those that were there when it began."""
        return _("{done} of {all} coupons").format(done=halt.done_count, all=max(halt.coupon_count, halt.done_count))

    def has_delete_permission(self, request: HttpRequest, obj: Halt | None = None) -> bool:
        return False
