"""Screens of in-store verification: goods that wait, what was verified, who works where, who typed wrong codes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from logistics.network.models import Store
from orders.checkout.models import OrderStatus
from orders.verification.attempts import let_go_on
from orders.verification.models import CodeTries, Pickup, StoreAssignment, Verification
from orders.verification.preferences import LOCK_MINUTES, WRONG_CODES
from orders.verification.services.pickups import keep_longer, renew_code, waiting
from orders.verification.services.verifying import Clerk, hand_over_without_code, undo
from orders.verification.stores import stores_seen_by
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.client_address import client_address
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.models import StaffUser
from shop.core.money import yuan
from shop.core.paginator import BoundedPaginator
from shop.core.screens import form_page, found_or_404

WAITING, OVERDUE, FETCHED, GIVEN_UP = "waiting", "overdue", "fetched", "given_up"
STATES = {
    WAITING: gettext_lazy("Waiting to be fetched"),
    OVERDUE: gettext_lazy("Not fetched in time"),
    FETCHED: gettext_lazy("Fetched"),
    GIVEN_UP: gettext_lazy("Refunded, not fetched"),
}


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


class DaysForm(forms.Form):
    days = forms.IntegerField(
        label=gettext_lazy("Days from now"),
        min_value=1,
        max_value=60,
        initial=7,
        widget=UnfoldAdminIntegerFieldWidget,
    )


class StateFilter(SimpleListFilter):
    title = gettext_lazy("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(state, STATES[state]) for state in (WAITING, OVERDUE, FETCHED)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Pickup]) -> QuerySet[Pickup]:
        if self.value() == FETCHED:
            return queryset.exclude(fetched_at=None)
        if self.value() in (WAITING, OVERDUE):
            queryset = queryset.filter(pk__in=waiting())
            return queryset.filter(fetch_by__lte=clock.now()) if self.value() == OVERDUE else queryset
        return queryset


class OfOwnStores(ReadOnlyAdmin):
    """Staff of stores see what is theirs."""

    paginator = BoundedPaginator
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        stores = stores_seen_by(request.user)
        rows = super().get_queryset(request)
        return rows if stores is None else rows.filter(store__in=stores)


@admin.register(Pickup)
class PickupAdmin(OfOwnStores):
    list_display = ["order", "shown_state", "store", "ready_at", "fetch_by", "fetched_at"]
    list_filter = [StateFilter, "store"]
    list_select_related = ["order", "store"]
    fields = [
        ("order_link", "state"),
        "store",
        ("ready_at", "fetch_by"),
        ("reminded_at", "overdue_at"),
        "fetched_at",
    ]
    readonly_fields = ["order_link", "state"]
    search_fields = ["order__number__startswith", "order__phone_tail__exact"]
    search_help_text = gettext_lazy("Order number, or last four digits of the phone")
    ordering = ["-pk"]
    actions_detail = ["hand_over", "longer", "renew"]

    @display(
        description=gettext_lazy("status"),
        label={WAITING: "info", OVERDUE: "danger", FETCHED: "success", GIVEN_UP: "default"},
    )
    def shown_state(self, pickup: Pickup) -> Label:
        state = FETCHED
        if pickup.fetched_at is None:
            state = OVERDUE if pickup.fetch_by <= clock.now() else WAITING
            state = state if pickup.order.status == OrderStatus.DELIVERED else GIVEN_UP
        return Label(state, STATES[state])

    @display(description=gettext_lazy("status"))
    def state(self, pickup: Pickup) -> str:
        return self.shown_state(pickup)[1]

    @display(description=gettext_lazy("order"))
    def order_link(self, pickup: Pickup) -> str:
        link = reverse("admin:checkout_order_change", args=[pickup.order_id])
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', link, pickup.order)

    def has_keep_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("verification.change_pickup")

    def has_manage_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        may = request.user.has_perm
        return may("verification.everywhere_verification") and may("verification.verify_verification")

    @action(
        description=gettext_lazy("Hand over without a code"),
        url_path="hand-over",
        permissions=["manage"],
        icon="back_hand",
    )
    def hand_over(self, request: HttpRequest, object_id: str) -> HttpResponse:
        pickup, form = found_or_404(self, request, object_id), ReasonForm(request.POST or None)

        def act() -> str:
            agent = request.headers.get("User-Agent", "")
            clerk = Clerk(request.user, address=client_address(request), user_agent=agent)  # type: ignore[arg-type]
            reason = form.cleaned_data["reason"]
            hand_over_without_code(pickup_id=pickup.pk, clerk=clerk, note=reason, now=clock.now())
            return _("The goods were handed over, and the order is completed.")

        return self._page(request, pickup, form, _("Hand over without a code"), act)

    @action(description=gettext_lazy("Keep longer"), url_path="keep", permissions=["keep"], icon="more_time")
    def longer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        pickup, form = found_or_404(self, request, object_id), DaysForm(request.POST or None)

        def act() -> str:
            kept = keep_longer(pickup_id=pickup.pk, days=form.cleaned_data["days"], now=clock.now())
            self.log_change(request, pickup, _("Kept for {days} days").format(days=form.cleaned_data["days"]))
            return _("The goods wait until {day}.").format(day=f"{kept.fetch_by:%Y-%m-%d}")

        return self._page(request, pickup, form, _("Keep longer"), act)

    @action(description=gettext_lazy("New code"), url_path="renew", permissions=["keep"], icon="qr_code_2_add")
    def renew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        pickup, form = (
            found_or_404(self, request, object_id),
            forms.Form(request.POST if request.method == "POST" else None),
        )

        def act() -> str:
            renew_code(order_number=pickup.order.number)
            self.log_change(request, pickup, _("New code"))
            return _("The member finds the new code with the order. The one before it is not good any more.")

        return self._page(request, pickup, form, _("New code"), act)

    def _page(
        self, request: HttpRequest, pickup: Pickup, form: forms.Form, title: str, act: Callable[[], str]
    ) -> HttpResponse:
        if request.method == "POST" and form.is_valid():
            try:
                messages.success(request, act())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                return redirect("admin:verification_pickup_change", pickup.pk)
        return form_page(self, request, form=form, title=f"{title} · {pickup.order.number}")


@admin.register(Verification)
class VerificationAdmin(OfOwnStores):
    list_display = [
        "verified_at",
        "shown_kind",
        "reference",
        "title",
        "store",
        "staff_name",
        "shown_off",
        "shown_state",
    ]
    list_filter = ["kind", "store", ("verified_at", RangeDateTimeFilter)]
    list_filter_submit = True
    list_select_related = ["store"]
    fields = [
        ("kind", "reference"),
        "title",
        ("store", "verified_at"),
        ("staff_name", "address"),
        "user_agent",
        ("shown_bill", "shown_off"),
        "note",
        ("undone_at", "undone_by"),
        "undo_reason",
    ]
    readonly_fields = ["shown_bill", "shown_off"]
    search_fields = ["reference__startswith", "staff_name__exact"]
    search_help_text = gettext_lazy("Number of an order, coupon or voucher, or who verified")
    ordering = ["-pk"]
    actions_detail = ["take_back"]

    @display(description=gettext_lazy("kind"), label={"pickup": "info", "coupon": "primary", "service": "success"})
    def shown_kind(self, verification: Verification) -> Label:
        return Label(verification.kind, verification.get_kind_display())

    @display(description=gettext_lazy("status"), label={"stands": "success", "undone": "danger"})
    def shown_state(self, verification: Verification) -> Label:
        return Label("undone", _("Undone")) if verification.undone_at else Label("stands", _("Verified"))

    @display(description=gettext_lazy("bill"))
    def shown_bill(self, verification: Verification) -> str:
        return "–" if verification.bill_fen is None else yuan(verification.bill_fen)

    @display(description=gettext_lazy("taken off"))
    def shown_off(self, verification: Verification) -> str:
        return "–" if verification.off_fen is None else yuan(verification.off_fen)

    def has_undo_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("verification.undo_verification")

    @action(description=gettext_lazy("Undo"), url_path="undo", permissions=["undo"], icon="undo")
    def take_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        verification, form = found_or_404(self, request, object_id), ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                undo(
                    verification_id=verification.pk,
                    staff=StaffUser.objects.get(username=request.user.get_username()),
                    reason=reason,
                    now=clock.now(),
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, verification, _("Undone: {reason}").format(reason=reason))
                messages.success(request, _("The verification was undone."))
                return redirect("admin:verification_verification_change", verification.pk)
        return form_page(self, request, form=form, title=_("Undo"))


@admin.register(StoreAssignment)
class StoreAssignmentAdmin(ModelAdmin):
    list_display = ["staff", "store"]
    list_filter = ["store"]
    list_select_related = ["staff", "store"]
    search_fields = ["staff__username", "staff__first_name"]
    ordering = ["store", "staff"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "staff":
            kwargs["queryset"] = StaffUser.objects.filter(is_active=True, is_staff=True).order_by("username")
        if db_field.name == "store":
            kwargs["queryset"] = Store.objects.filter(is_active=True).order_by("pk")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Added and taken away; what is changed would leave no trace of the store before."""
        return obj is None and super().has_change_permission(request, obj)


@admin.register(CodeTries)
class CodeTriesAdmin(ReadOnlyAdmin):
    list_display = ["who", "tries", "since", "shown_state"]
    ordering = ["-since"]
    actions = ["forgive"]

    @display(description=gettext_lazy("status"), label={"locked": "danger", "open": "success"})
    def shown_state(self, row: CodeTries) -> Label:
        counts = row.since > clock.now() - timedelta(minutes=LOCK_MINUTES.value())
        locked = counts and row.tries >= WRONG_CODES.value()
        return Label("locked", _("Locked out")) if locked else Label("open", _("May go on"))

    def has_forgive_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("verification.change_codetries")

    @admin.action(description=gettext_lazy("Let them go on"), permissions=["forgive"])
    def forgive(self, request: HttpRequest, queryset: QuerySet[CodeTries]) -> None:
        rows = list(queryset)
        for row in rows:
            self.log_change(request, row, _("Wrong codes forgiven: {tries}").format(tries=row.tries))
            let_go_on(tries_id=row.pk)
        text = ngettext("{count} may go on.", "{count} may go on.", len(rows)).format(count=len(rows))
        self.message_user(request, text, messages.SUCCESS)
