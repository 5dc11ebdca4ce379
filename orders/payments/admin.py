"""Screens of money for finance and customer service: what the gateway said, and asking it again."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from orders.checkout.models import Deposit, Order
from orders.payments.gateways.words import in_words
from orders.payments.models import Payment, Refund
from orders.payments.queries import stuck_refunds
from orders.payments.services.asking import refresh_payment
from orders.payments.services.by_hand import settle_by_hand
from orders.payments.services.refunded_elsewhere import is_in_doubt, look_over
from orders.payments.services.refunding import refresh_refund, send_refund
from shop.core import clock
from shop.core.actors import Actor
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.screens import form_page, found_or_404, staff
from shop.core.searching import FoundByKeys

MOST_ASKED_AT_ONCE = 20


class SaidByGateway:
    """The gateway's codes in words."""

    @display(description=_("gateway's note"))
    def told_note(self, row: Payment | Refund) -> str:
        return in_words(row.gateway_note) or "–"

    @display(description=_("state at the gateway"))
    def told_state(self, payment: Payment) -> str:
        return in_words(payment.gateway_state) or "–"


class RefundInline(SaidByGateway, TabularInline):
    model = Refund
    fields = ["number", "status", "amount", "reason", "gateway_refund_id", "told_note", "succeeded_at"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=_("amount"))
    def amount(self, refund: Refund) -> str:
        return yuan(refund.amount_fen)


class ByHandForm(forms.Form):
    reason = forms.CharField(
        label=_("reason"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("How the payer got the money, with the number of the transfer. Only what the gateway cannot do."),
    )


class LookedOverForm(forms.Form):
    note = forms.CharField(
        label=_("how you know"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Such as the refund's number in the payment service's own console."),
    )


@admin.register(Payment)
class PaymentAdmin(SaidByGateway, FoundByKeys, ReadOnlyAdmin):
    list_display = ["number", "order_link", "method", "part", "shown_status", "amount", "settles_order", "created_at"]
    list_filter = ["status", "method", "part", "settles_order", ("created_at", RangeDateTimeFilter)]
    list_filter_submit = True
    search_keys = ("number", "order__number", "transaction_id")
    search_help_text = _("Payment number, order number or gateway transaction")
    list_select_related = ["order"]
    ordering = ["-id"]
    inlines = [RefundInline]
    actions = ["ask_again"]
    fieldsets = [
        (None, {"fields": ["number", "order_link", "method", "part", "status", "amount", "settles_order"]}),
        (
            _("At the gateway"),
            {
                "fields": [
                    "transaction_id",
                    "told_state",
                    "told_note",
                    "payer_openid",
                    "prepay_id",
                    "prepay_until",
                    "asked_at",
                    "query_at",
                ]
            },
        ),
        (_("History"), {"fields": ["created_at", "succeeded_at", "closed_at"]}),
    ]

    @display(
        description=_("status"),
        label={"created": "info", "pending": "warning", "succeeded": "success", "closed": "default"},
        ordering="status",
    )
    def shown_status(self, payment: Payment) -> Label:
        return Label(payment.status, payment.get_status_display())

    @display(description=_("amount"), ordering="amount_fen")
    def amount(self, payment: Payment) -> str:
        return yuan(payment.amount_fen)

    @display(description=_("order"), ordering="order__number")
    def order_link(self, payment: Payment) -> str:
        number = payment.order.number
        return (
            _link("admin:checkout_order_change", payment.order_id, number)
            if admin.site.is_registered(Order)
            else number
        )

    @admin.action(description=_("Ask the gateway again"), permissions=["view"])
    def ask_again(self, request: HttpRequest, queryset: QuerySet[Payment]) -> None:
        actor = Actor.staff(request.user.get_username())

        def ask(number: str) -> None:
            refresh_payment(number=number, actor=actor, now=clock.now())

        _ask_each(self, request, queryset, ask)


class PeopleFilter(admin.SimpleListFilter):
    title = _("to do")
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("people", _("Needs people"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Refund]) -> QuerySet[Refund]:
        return stuck_refunds(queryset) if self.value() == "people" else queryset


@admin.register(Refund)
class RefundAdmin(SaidByGateway, FoundByKeys, ReadOnlyAdmin):
    list_display = ["number", "payment_link", "shown_status", "amount", "reason", "told_note", "created_at"]
    list_filter = [PeopleFilter, "status", "reason", ("created_at", RangeDateTimeFilter)]
    list_filter_submit = True
    search_keys = ("number", "payment__number", "payment__order__number", "gateway_refund_id")
    search_help_text = _("Refund, payment or order number, or gateway refund")
    list_select_related = ["payment"]
    ordering = ["-id"]
    actions = ["ask_again", "send_again"]
    actions_detail = ["pay_by_hand", "look_over"]
    fieldsets = [
        (None, {"fields": ["number", "payment_link", "status", "amount", "reason"]}),
        (_("At the gateway"), {"fields": ["gateway_refund_id", "told_note", "asked_at", "query_at"]}),
        (_("History"), {"fields": ["created_at", "succeeded_at", "by_hand_reason", "by_hand_by"]}),
    ]

    @display(
        description=_("status"),
        label={"requested": "info", "processing": "warning", "succeeded": "success", "abnormal": "danger"},
        ordering="status",
    )
    def shown_status(self, refund: Refund) -> Label:
        return Label(refund.status, refund.get_status_display())

    @display(description=_("amount"), ordering="amount_fen")
    def amount(self, refund: Refund) -> str:
        return yuan(refund.amount_fen)

    @display(description=_("payment"), ordering="payment__number")
    def payment_link(self, refund: Refund) -> str:
        return _link("admin:payments_payment_change", refund.payment_id, refund.payment.number)

    @admin.action(description=_("Ask the gateway again"), permissions=["view"])
    def ask_again(self, request: HttpRequest, queryset: QuerySet[Refund]) -> None:
        def ask(number: str) -> None:
            refresh_refund(number=number, now=clock.now())

        _ask_each(self, request, queryset, ask)

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("payments.change_refund")

    @admin.action(description=_("Send again"), permissions=["act"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Refund]) -> None:
        """Under the same number, so that the payer gets it once."""

        def send(number: str) -> None:
            refund = send_refund(number=number, now=clock.now())
            self.log_change(request, refund, _("Sent again: {status}").format(status=refund.get_status_display()))

        _ask_each(self, request, queryset, send)

    def has_look_over_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """While nobody knows whether all that was refunded outside the shop went back."""
        if not self.has_act_permission(request):
            return False
        refund = Refund.objects.select_related("payment").filter(pk=object_id).first() if object_id else None
        return refund is not None and is_in_doubt(refund)

    @action(description=_("All of it went back"), url_path="look-over", permissions=["look_over"], icon="task_alt")
    def look_over(self, request: HttpRequest, object_id: str) -> HttpResponse:
        refund = found_or_404(self, request, object_id)
        form = LookedOverForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            note = form.cleaned_data["note"]
            try:
                look_over(number=refund.number, note=note, actor=staff(request))
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, refund, _("All of it went back: {note}").format(note=note))
                messages.success(request, _("Noted; the alert is gone."))
                return redirect("admin:payments_refund_change", refund.pk)
        return form_page(self, request, form=form, title=_("All of it went back"))

    @action(description=_("Paid back by hand"), url_path="pay-by-hand", permissions=["act"], icon="payments")
    def pay_by_hand(self, request: HttpRequest, object_id: str) -> HttpResponse:
        refund = found_or_404(self, request, object_id)
        form = ByHandForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                settle_by_hand(number=refund.number, reason=reason, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, refund, _("Paid back by hand: {reason}").format(reason=reason))
                messages.success(request, _("The refund is done."))
                return redirect("admin:payments_refund_change", refund.pk)
        return form_page(self, request, form=form, title=_("Paid back by hand"))


@admin.register(Deposit)
class DepositAdmin(FoundByKeys, ReadOnlyAdmin):
    """What the shop has kept is among these, under its status and the days that it ended on."""

    list_display = ["order_link", "shown_status", "amount", "balance", "balance_from", "balance_until", "ended_at"]
    list_filter = ["status", ("ended_at", RangeDateTimeFilter)]
    list_filter_submit = True
    search_keys = ("order__number",)
    search_help_text = _("Order number")
    list_select_related = ["order"]
    ordering = ["-pk"]
    fieldsets = [
        (None, {"fields": ["order_link", "status", ("amount", "balance"), ("balance_from", "balance_until")]}),
        (_("As agreed on"), {"fields": ["back_if_missed", "back_on_request"]}),
        (_("History"), {"fields": ["paid_at", "reminded_at", "ended_at"]}),
    ]

    @display(
        description=_("status"),
        label={
            "awaited": "warning",
            "paid": "info",
            "settled": "success",
            "lapsed": "default",
            "kept": "primary",
            "returned": "danger",
        },
        ordering="status",
    )
    def shown_status(self, deposit: Deposit) -> Label:
        return Label(deposit.status, deposit.get_status_display())

    @display(description=_("deposit"), ordering="order__deposit_fen")
    def amount(self, deposit: Deposit) -> str:
        return yuan(deposit.order.deposit_fen)

    @display(description=_("balance"))
    def balance(self, deposit: Deposit) -> str:
        return yuan(deposit.order.balance_fen)

    @display(description=_("order"), ordering="order__number")
    def order_link(self, deposit: Deposit) -> str:
        return _link("admin:checkout_order_change", deposit.order_id, deposit.order.number)


def _ask_each(screen: ReadOnlyAdmin, request: HttpRequest, chosen: QuerySet[Any], ask: Callable[[str], None]) -> None:
    """Ask about each chosen row, saying how many answers came and what was refused."""
    answered = 0
    numbers = list(chosen.values_list("number", flat=True)[: MOST_ASKED_AT_ONCE + 1])
    if len(numbers) > MOST_ASKED_AT_ONCE:
        told = gettext("Only the first {count} were asked about; choose the others once more.")
        screen.message_user(request, told.format(count=MOST_ASKED_AT_ONCE), messages.WARNING)
    for number in numbers[:MOST_ASKED_AT_ONCE]:
        try:
            ask(number)
        except DomainError as error:
            screen.message_user(request, f"{number}: {error}", messages.ERROR)
        else:
            answered += 1
    text = ngettext("The gateway answered about %d.", "The gateway answered about %d.", answered) % answered
    screen.message_user(request, text, messages.SUCCESS if answered else messages.WARNING)


def _link(view: str, pk: int, text: str) -> str:
    return format_html('<a href="{}">{}</a>', reverse(view, args=[pk]), text)
