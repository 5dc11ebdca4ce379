"""Group buys, their teams with who sits in them, and the two things that staff may do to a team."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from promotions.campaigns.admin.frame import TOGETHER, WHAT, WHEN, WHOM, CampaignAdmin, PartInlineMixin
from promotions.campaigns.forms import StackingForm
from promotions.group_buy.models import GroupBuy, GroupBuyItem, Seat, Team, TeamStatus
from promotions.group_buy.services.ending import complete_team, end_team
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.forms import YuanFormMixin
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.screens import form_page, found_or_404, staff
from shop.core.searching import FoundByKeys

TEAM_COLOURS = {
    TeamStatus.OPEN.value: "info",
    TeamStatus.SUCCEEDED.value: "success",
    TeamStatus.FAILED.value: "danger",
    TeamStatus.GIVEN_UP.value: "default",
}
SEAT_COLOURS = {"held": "warning", "paid": "success", "released": "default", "refused": "danger"}


class ItemInline(PartInlineMixin, YuanFormMixin, TabularInline):
    model = GroupBuyItem
    fields = ["sku", "price_fen", "leader_price_fen"]
    autocomplete_fields = ["sku"]
    extra = 1
    hide_title = True
    verbose_name_plural = gettext_lazy("Goods and prices")


@admin.register(GroupBuy)
class GroupBuyAdmin(CampaignAdmin):
    form = StackingForm
    list_display: ClassVar[list[Any]] = [
        "name",
        "shown_status",
        "size",
        "shown_window",
        "shown_audience",
        "shown_budget",
    ]
    inlines: ClassVar[list[Any]] = [ItemInline]
    fieldsets = [
        WHAT,
        (
            gettext_lazy("Teams"),
            {
                "fields": [
                    ("size", "hours"),
                    ("limit_per_member", "units_per_order"),
                    "new_joiners_only",
                    ("completion", "completes_from"),
                ]
            },
        ),
        WHOM,
        WHEN,
        TOGETHER,
    ]


class SeatInline(TabularInline):
    model = Seat
    fields = ["order_number", "member", "leads", "shown_status", "units", "shown_discount", "shown_paid", "paid_at"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    hide_title = True
    verbose_name_plural = gettext_lazy("Seats")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Seat]:
        return super().get_queryset(request).select_related("member")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("group_buy.view_team")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=gettext_lazy("status"), label=SEAT_COLOURS)
    def shown_status(self, seat: Seat) -> Label:
        return Label(seat.status, seat.get_status_display())

    @display(description=gettext_lazy("discount"))
    def shown_discount(self, seat: Seat) -> str:
        return yuan(seat.discount_fen)

    @display(description=gettext_lazy("paid"))
    def shown_paid(self, seat: Seat) -> str:
        return yuan(seat.paid_fen)


class WhyForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("For the history of the team; members do not read it."),
    )


@admin.register(Team)
class TeamAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display: ClassVar[list[Any]] = ["pk", "group_buy", "shown_status", "shown_seats", "opened_at", "due_at"]
    list_filter = ["status", "group_buy"]
    list_select_related = ["group_buy"]
    fields = [
        ("group_buy", "shown_status"),
        ("size", "seats_taken", "seats_paid"),
        ("opened_at", "due_at"),
        ("ended_at", "ending", "ended_by"),
    ]
    readonly_fields = ["shown_status"]
    inlines: ClassVar[list[Any]] = [SeatInline]
    search_keys = ("seats__order_number", "pk")
    search_help_text = gettext_lazy("Order number, or number of the team")
    ordering = ["-pk"]
    actions_detail = ["complete", "end"]

    def has_end_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("group_buy.end_team")

    @display(description=gettext_lazy("status"), label=TEAM_COLOURS, ordering="status")
    def shown_status(self, team: Team) -> Label:
        return Label(team.status, team.get_status_display())

    @display(description=gettext_lazy("paid, taken, of"))
    def shown_seats(self, team: Team) -> str:
        return f"{team.seats_paid} / {team.seats_taken} / {team.size}"

    @action(description=gettext_lazy("Complete the team"), url_path="complete", permissions=["end"], icon="done_all")
    def complete(self, request: HttpRequest, object_id: str) -> HttpResponse:
        done = _("The team has succeeded: its paid orders are sent.")
        return self._asked(request, object_id, complete_team, _("Complete the team"), done)

    @action(description=gettext_lazy("End the team"), url_path="end", permissions=["end"], icon="cancel")
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        done = _("The team has ended: its paid orders are refunded.")
        return self._asked(request, object_id, end_team, _("End the team"), done)

    def _asked(
        self, request: HttpRequest, object_id: str, act: Callable[..., Team], title: str, done: str
    ) -> HttpResponse:
        team, form = found_or_404(self, request, object_id), WhyForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                act(team_id=team.pk, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, team, f"{title}: {form.cleaned_data['reason']}")
                messages.success(request, done)
                return redirect("admin:group_buy_team_change", team.pk)
        rows = [[_("paid seats"), team.seats_paid], [_("taken, not paid"), team.seats_taken - team.seats_paid]]
        table = {"headers": ["", ""], "rows": rows}
        note = _("This cannot be undone.")
        return form_page(self, request, form=form, title=f"{title} · {team}", table=table, table_title=note)
