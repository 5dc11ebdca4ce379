"""Where bills and our books differ: what finance works through, with what was said about each."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action, display

from orders.payments.gateways.words import in_words
from orders.reconciliation.admin.lights import KIND_COLOURS, STATE_COLOURS, amount, link, order_link, subject_link
from orders.reconciliation.forms import CloseForm, ReopenForm
from orders.reconciliation.models import Difference, DifferenceEvent, DifferenceState
from orders.reconciliation.queries import difference_rows
from orders.reconciliation.services import ask_about, close_difference, reopen_difference
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.csv_files import csv_bytes
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.paginator import BoundedPaginator
from shop.core.people import PeopleMixin
from shop.core.screens import form_page, found_or_404, staff


def csv_answer(differences: QuerySet[Difference], *, name: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(
        csv_bytes(difference_rows(differences, headings=_headings())), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _headings() -> list[str]:
    return [
        _("bill date"),
        _("gateway"),
        _("difference"),
        _("kind"),
        _("number"),
        _("order"),
        _("on the bill"),
        _("in our books"),
        _("state on the bill"),
        _("state in our books"),
        _("gateway's number"),
        _("state"),
        _("reason"),
        _("found at"),
    ]


class EventInline(PeopleMixin, TabularInline):
    model = DifferenceEvent
    fields = ["happened_at", "state", "actor", "reason"]
    readonly_fields = fields
    extra = 0
    can_delete = False
    hide_title = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # It has no screen of its own: who sees the difference sees its history.
        return request.user.has_perm("reconciliation.view_difference")


@admin.register(Difference)
class DifferenceAdmin(ReadOnlyAdmin):
    list_display = [
        "subject_number",
        "shown_day",
        "shown_kind",
        "subject",
        "books",
        "bill",
        "shown_state",
        "found_at",
    ]
    list_filter = ["state", "kind", "subject", "reconciliation__method", ("reconciliation__day", RangeDateFilter)]
    list_filter_submit = True
    list_select_related = ["reconciliation"]
    search_fields = ["=number", "=gateway_id", "=payment__order__number"]
    search_help_text = gettext_lazy("Payment, refund or order number, or the gateway's number")
    ordering = ["-pk"]
    paginator = BoundedPaginator
    show_full_result_count = False
    actions = ["export_csv"]
    actions_detail = ["close", "reopen", "ask"]
    inlines = [EventInline]
    fieldsets = [
        (None, {"fields": [("day_link", "kind", "state"), ("subject", "subject_link"), "order_link"]}),
        (gettext_lazy("Our books"), {"fields": [("books", "state_in_books")]}),
        (gettext_lazy("The gateway's bill"), {"fields": [("bill", "state_on_bill"), "gateway_id"]}),
        (gettext_lazy("History"), {"fields": [("found_at", "closed_at")]}),
    ]
    readonly_fields = ["day_link", "subject_link", "order_link", "books", "bill", "state_in_books", "state_on_bill"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Difference]:
        return super().get_queryset(request).select_related("reconciliation", "payment__order", "refund")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "reconciliation__id__exact" or super().lookup_allowed(lookup, value, request)

    @display(description=gettext_lazy("number"))
    def subject_number(self, difference: Difference) -> str:
        return difference.number

    @display(description=gettext_lazy("bill date"), ordering="reconciliation__day")
    def shown_day(self, difference: Difference) -> str:
        return str(difference.reconciliation)

    @display(description=gettext_lazy("difference"), label=KIND_COLOURS, ordering="kind")
    def shown_kind(self, difference: Difference) -> Label:
        return Label(difference.kind, difference.get_kind_display())

    @display(description=gettext_lazy("state"), label=STATE_COLOURS, ordering="state")
    def shown_state(self, difference: Difference) -> Label:
        return Label(difference.state, difference.get_state_display())

    @display(description=gettext_lazy("in our books"), ordering="book_fen")
    def books(self, difference: Difference) -> str:
        return amount(difference.book_fen)

    @display(description=gettext_lazy("on the bill"), ordering="bill_fen")
    def bill(self, difference: Difference) -> str:
        return amount(difference.bill_fen)

    @display(description=gettext_lazy("state in our books"))
    def state_in_books(self, difference: Difference) -> str:
        return difference.get_book_state_display() or "–"

    @display(description=gettext_lazy("state on the bill"))
    def state_on_bill(self, difference: Difference) -> str:
        return in_words(difference.bill_state) or "–"

    @display(description=gettext_lazy("bill date"))
    def day_link(self, difference: Difference) -> str:
        day = difference.reconciliation
        return link("reconciliation_reconciliation", day.pk, str(day))

    @display(description=gettext_lazy("number"))
    def subject_link(self, difference: Difference) -> str:
        return subject_link(difference)

    @display(description=gettext_lazy("order"))
    def order_link(self, difference: Difference) -> str:
        return order_link(difference)

    @admin.action(description=gettext_lazy("Download as CSV"), permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Difference]) -> StreamingHttpResponse:
        return csv_answer(queryset, name="differences")

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("reconciliation.change_difference")

    def has_close_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_decide_permission(request) and self._is_open(request, object_id)

    def has_reopen_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_decide_permission(request) and not self._is_open(request, object_id)

    def _is_open(self, request: HttpRequest, object_id: Any) -> bool:
        difference = self.get_object(request, object_id) if object_id else None
        return difference is not None and difference.state == DifferenceState.OPEN

    @action(description=gettext_lazy("Settle"), url_path="close", permissions=["close"], icon="task_alt")
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        difference = found_or_404(self, request, object_id)

        def decide(data: dict[str, Any]) -> None:
            close_difference(
                difference_id=difference.pk,
                state=DifferenceState(data["state"]),
                reason=data["reason"],
                actor=staff(request),
                now=clock.now(),
            )

        title = _("Close the difference of {number}").format(number=difference.number)
        return self._decide(request, difference, CloseForm(request.POST or None), decide, title)

    @action(description=gettext_lazy("Reopen"), url_path="reopen", permissions=["reopen"], icon="undo")
    def reopen(self, request: HttpRequest, object_id: str) -> HttpResponse:
        difference = found_or_404(self, request, object_id)

        def decide(data: dict[str, Any]) -> None:
            reopen_difference(difference_id=difference.pk, reason=data["reason"], actor=staff(request), now=clock.now())

        title = _("Reopen the difference of {number}").format(number=difference.number)
        return self._decide(request, difference, ReopenForm(request.POST or None), decide, title)

    @action(description=gettext_lazy("Ask the gateway"), url_path="ask", permissions=["decide"], icon="contact_support")
    def ask(self, request: HttpRequest, object_id: str) -> HttpResponse:
        difference = found_or_404(self, request, object_id)
        if difference.payment is None and difference.refund is None:
            messages.warning(request, _("It is none of our payments or refunds: look it up at the gateway."))
        else:
            try:
                ask_about(difference=difference, now=clock.now())
                messages.success(request, _("The gateway was asked and the day was compared again."))
            except DomainError as refusal:
                messages.error(request, str(refusal))
        return redirect("admin:reconciliation_difference_change", object_id)

    def _decide(
        self,
        request: HttpRequest,
        difference: Difference,
        form: forms.Form,
        decide: Callable[[dict[str, Any]], None],
        title: str,
    ) -> HttpResponse:
        if request.method == "POST" and form.is_valid():
            try:
                decide(form.cleaned_data)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("The difference was changed."))
                return redirect("admin:reconciliation_difference_change", difference.pk)
        return form_page(self, request, form=form, title=title)
