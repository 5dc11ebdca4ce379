"""Transfers for staff: who gave what to whom, and giving back what is still open."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from members.identity.admin import link_to_member
from members.identity.panels import may_reveal
from members.identity.phones import mask_phone, parse_phone, show_phone
from points.transfers.models import Transfer
from points.transfers.services import cancel_transfer
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.paginator import BoundedPaginator
from shop.core.screens import form_page, found_or_404, staff

STATUS_LABELS = {
    "pending": "info",
    "accepted": "success",
    "declined": "warning",
    "returned": "default",
    "cancelled": "danger",
}


class CancelForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "who", "whom", "masked_phone", "points", "shown_status", "due_at"]
    list_filter = ["status", ("created_at", RangeDateTimeFilter)]
    list_filter_submit = True
    list_select_related = ["sender", "recipient"]
    readonly_fields = ["who", "whom", "masked_phone", "whole_phone"]
    search_fields = ["sender__nickname"]
    search_help_text = gettext_lazy("Start of the sender's nickname, or the whole phone number of either side")
    ordering = ["-pk"]
    paginator = BoundedPaginator
    show_full_result_count = False
    actions_detail = ["cancel"]

    def get_fields(self, request: HttpRequest, obj: Transfer | None = None) -> Any:
        phone = "whole_phone" if may_reveal(request) else "masked_phone"
        return [
            ("who", "whom"),
            (phone, "points"),
            "message",
            ("status", "due_at"),
            ("created_at", "ended_at"),
            ("ended_by", "reason"),
        ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Transfer], search_term: str
    ) -> tuple[QuerySet[Transfer], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        phone = parse_phone(term)
        if phone is None:
            return queryset.filter(sender__nickname__startswith=term), False
        return queryset.filter(Q(phone=phone) | Q(sender__phone=phone) | Q(recipient__phone=phone)), False

    @display(description=gettext_lazy("sender"))
    def who(self, transfer: Transfer) -> str:
        return link_to_member(transfer.sender)

    @display(description=gettext_lazy("recipient"))
    def whom(self, transfer: Transfer) -> str:
        return link_to_member(transfer.recipient) if transfer.recipient else "–"

    @display(description=gettext_lazy("recipient's phone"))
    def masked_phone(self, transfer: Transfer) -> str:
        return mask_phone(transfer.phone) if transfer.phone else "–"

    @display(description=gettext_lazy("recipient's phone"))
    def whole_phone(self, transfer: Transfer) -> str:
        return show_phone(transfer.phone) if transfer.phone else "–"

    @display(description=gettext_lazy("status"), label=STATUS_LABELS, ordering="status")
    def shown_status(self, transfer: Transfer) -> Label:
        return Label(transfer.status, transfer.get_status_display())

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("transfers.change_transfer")

    @action(description=gettext_lazy("Give back to the sender"), url_path="cancel", permissions=["cancel"], icon="undo")
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        transfer = found_or_404(self, request, object_id)
        form = CancelForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            try:
                cancel_transfer(transfer_id=transfer.pk, reason=reason, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, transfer, _("Given back: {reason}").format(reason=reason))
                messages.success(request, _("The points are the sender's again."))
                return redirect("admin:transfers_transfer_change", transfer.pk)
        return form_page(self, request, form=form, title=_("Give back to the sender"))
