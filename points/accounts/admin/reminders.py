"""Expiry reminders: who was told of how much, how that reached them, and an activity for exactly those members."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from members.identity.admin import link_to_member
from members.notifications.events import Channel
from members.notifications.models import Delivery
from points.accounts.models import ExpiryReminder, LinkedActivity, ReminderRound
from points.accounts.queries import delivered
from points.accounts.services import start_activity, start_cash_activity
from points.deduction.models import WHOLE_BP
from points.ledger.preferences import POINTS_PER_YUAN
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.forms import PercentField
from shop.core.paginator import BoundedPaginator
from shop.core.people import PeopleMixin
from shop.core.screens import form_page, found_or_404, staff

TIMES = ((15_000, "× 1.5"), (20_000, "× 2"), (30_000, "× 3"), (50_000, "× 5"))


class ActivityForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60, widget=UnfoldAdminTextInputWidget)
    multiplier_bp = forms.TypedChoiceField(
        label=gettext_lazy("Points of their purchases"),
        choices=TIMES,
        coerce=int,
        initial=20_000,
        widget=UnfoldAdminSelectWidget,
    )


class CashActivityForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("Members see it beside what their points paid."),
        widget=UnfoldAdminTextInputWidget,
    )
    points_per_yuan = forms.IntegerField(
        label=gettext_lazy("points for ¥1"), min_value=1, max_value=1_000_000, widget=UnfoldAdminTextInputWidget
    )
    cap_bp = PercentField(label=gettext_lazy("share of an order"))

    def clean_cap_bp(self) -> int:
        share: int = self.cleaned_data["cap_bp"]
        if not share:
            raise forms.ValidationError(_("Points must be able to pay something."))
        return share


class LinkedActivityInline(PeopleMixin, TabularInline):
    model = LinkedActivity
    fields = readonly_fields = ["rule", "terms", "segment", "members", "actor", "created_at"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RoundList(ChangeList):
    """Each row with how its members were reached, in one query for the page."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        told = delivered(round_ids=[row.pk for row in rows])
        for row in rows:
            row.told = told[row.pk]
        self.result_list = rows


@admin.register(ReminderRound)
class ReminderRoundAdmin(ReadOnlyAdmin):
    list_display = ["last_day", "stage", "members", "points", "shown_short", "finished_at"]
    list_filter = ["stage"]
    fields = [("last_day", "stage"), ("members", "points"), ("started_at", "finished_at"), "shown_proof", "shown_who"]
    readonly_fields = ["shown_proof", "shown_who"]
    inlines = [LinkedActivityInline]
    actions_detail = ["start_activity", "start_cash_activity"]
    list_per_page = 50

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RoundList

    @display(description=gettext_lazy("told by"))
    def shown_short(self, row: Any) -> str:
        told = row.told
        sent = [(Channel(way).label, count) for (way, status), count in told.items() if status == Delivery.Status.SENT]
        failed = sum(count for (_way, status), count in told.items() if status == Delivery.Status.FAILED)
        words = [f"{way} {count}" for way, count in sent] + (
            [_("failed {count}").format(count=failed)] if failed else []
        )
        return " · ".join(words) or "–"

    @display(description=gettext_lazy("proof of delivery"))
    def shown_proof(self, row: ReminderRound) -> str:
        lines = [
            (Channel(way).label, Delivery.Status(status).label, count)
            for (way, status), count in sorted(delivered(round_ids=[row.pk])[row.pk].items())
        ]
        return format_html_join("", "<p>{}: {} {}</p>", lines) or "–"

    @display(description=gettext_lazy("reminded members"))
    def shown_who(self, row: ReminderRound) -> str:
        page = reverse("admin:accounts_expiryreminder_changelist")
        return format_html(
            '<a class="text-primary-600" href="{}?round__id__exact={}">{}</a>', page, row.pk, _("See all")
        )

    def has_start_activity_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perms(["accounts.change_reminderround", "rules.change_earningrule"])

    def has_start_cash_activity_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perms(["accounts.change_reminderround", "deduction.add_betterterms"])

    @action(
        description=gettext_lazy("Give them more points"),
        url_path="start-activity",
        permissions=["start_activity"],
        icon="celebration",
    )
    def start_activity(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = found_or_404(self, request, object_id)
        form = ActivityForm(request.POST or None, initial={"name": _("More points before {day}").format(day=_day(row))})
        return self._start(request, row, form, start_activity, _("Give them more points"))

    @action(
        description=gettext_lazy("Let their points pay more"),
        url_path="start-cash-activity",
        permissions=["start_cash_activity"],
        icon="savings",
    )
    def start_cash_activity(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = found_or_404(self, request, object_id)
        initial = {
            "name": _("Points pay more until {day}").format(day=_day(row)),
            "points_per_yuan": max(POINTS_PER_YUAN.value() * 4 // 5, 1),
            "cap_bp": WHOLE_BP,
        }
        form = CashActivityForm(request.POST or None, initial=initial)
        return self._start(request, row, form, start_cash_activity, _("Let their points pay more"))

    def _start(
        self, request: HttpRequest, row: ReminderRound, form: forms.Form, service: Callable[..., Any], title: str
    ) -> HttpResponse:
        if request.method == "POST" and form.is_valid():
            try:
                made = service(round_id=row.pk, actor=staff(request), now=clock.now(), **form.cleaned_data)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                said = _("“{name}” is live for {members} members.").format(name=made, members=made.members)
                self.log_change(request, row, said)
                messages.success(request, said)
                return redirect("admin:accounts_reminderround_change", row.pk)
        found = {
            "headers": [_("last valid date"), _("members"), _("points")],
            "rows": [[str(row.last_day), f"{row.members:,}", f"{row.points:,}"]],
        }
        return form_page(self, request, form=form, title=title, table=found, buttons=[("start", _("Start now"))])


def _day(row: ReminderRound) -> str:
    return str(row.last_day)


@admin.register(ExpiryReminder)
class ExpiryReminderAdmin(ReadOnlyAdmin):
    list_display = ["who", "round", "points", "last_valid_at", "told_at", "shown_ways"]
    list_filter = ["round__stage"]
    list_select_related = ["member", "round"]
    ordering = ["-pk"]
    paginator = BoundedPaginator
    show_full_result_count = False
    fields = [("who", "round"), ("points", "last_valid_at"), ("told_at", "shown_ways")]
    readonly_fields = ["who", "shown_ways"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("notification__deliveries")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        return lookup == "round__id__exact" or super().lookup_allowed(lookup, value, request)

    @display(description=gettext_lazy("member"), ordering="member")
    def who(self, row: ExpiryReminder) -> str:
        return link_to_member(row.member)

    @display(description=gettext_lazy("deliveries"))
    def shown_ways(self, row: ExpiryReminder) -> str:
        if row.notification is None:
            return "–"
        ways = [
            f"{each.get_channel_display()} {each.get_status_display()}" for each in row.notification.deliveries.all()
        ]
        return " · ".join(ways) or "–"
