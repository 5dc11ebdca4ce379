"""Transfers between warehouses: sent, then received or called back."""

from typing import Any

from django.contrib import admin, messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline
from unfold.decorators import action, display

from logistics.network.forms import TransferArrivedForm, TransferForm
from logistics.network.models import StockTransfer, StockTransferLine
from logistics.network.transfers import call_transfer_back, receive_transfer, send_transfer
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, found_or_404, staff


class StockTransferLineInline(TabularInline):
    model = StockTransferLine
    fields = ["sku", "sent", "received"]
    readonly_fields = fields
    can_delete = False
    hide_title = True
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # It has no screen of its own: who sees the transfer sees what is in it.
        return request.user.has_perm("network.view_stocktransfer")


@admin.register(StockTransfer)
class StockTransferAdmin(ReadOnlyAdmin):
    list_display = ["number", "origin", "destination", "shown_status", "sent_at", "sent_by", "ended_at"]
    list_filter = ["status", "origin", "destination"]
    search_fields = ["=number", "lines__sku__code"]
    list_select_related = ["origin", "destination"]
    ordering = ["-pk"]
    inlines = [StockTransferLineInline]
    actions_list = ["send"]
    actions_detail = ["arrive", "call_back"]
    fields = [
        "number",
        ("origin", "destination"),
        "status",
        "reason",
        "difference",
        ("sent_at", "sent_by"),
        ("ended_at", "ended_by"),
    ]

    @display(
        description=gettext_lazy("status"),
        label={"sent": "info", "received": "success", "called_back": "warning"},
        ordering="status",
    )
    def shown_status(self, transfer: StockTransfer) -> Label:
        return Label(transfer.status, transfer.get_status_display())

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("network.change_stocktransfer")

    def has_end_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        known = str(object_id).isdecimal() and len(str(object_id)) < 19
        over = known and StockTransfer.objects.exclude(status=StockTransfer.Status.SENT).filter(pk=object_id).exists()
        return self.has_send_permission(request) and (request.method == "POST" or not over)

    @action(description=gettext_lazy("Send a transfer"), url_path="send", permissions=["send"], icon="local_shipping")
    def send(self, request: HttpRequest) -> HttpResponse:
        form = TransferForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            try:
                transfer = send_transfer(
                    origin_id=data["warehouse"].pk,
                    destination_id=data["destination"].pk,
                    items=data["lines"],
                    reason=data["reason"],
                    actor=staff(request),
                    now=clock.now(),
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("{number} is on its way.").format(number=transfer.number))
                return redirect("admin:network_stocktransfer_change", transfer.pk)
        return form_page(self, request, form=form, title=_("Send a transfer"), buttons=[("send", _("Send"))])

    @action(description=gettext_lazy("Receive"), url_path="receive", permissions=["end"], icon="input")
    def arrive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        transfer = found_or_404(self, request, object_id)
        lines = transfer.lines.select_related("sku").order_by("pk")
        sent = "\n".join(f"{line.sku.code} {line.sent}" for line in lines)
        form = TransferArrivedForm(request.POST or None, initial={"lines": sent})
        if request.method == "POST" and form.is_valid():
            try:
                receive_transfer(
                    number=transfer.number,
                    received=form.cleaned_data["lines"],
                    difference=form.cleaned_data["difference"],
                    actor=staff(request),
                    now=clock.now(),
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("{number} was received.").format(number=transfer.number))
                return redirect("admin:network_stocktransfer_change", object_id)
        title = _("What of {number} has arrived?").format(number=transfer.number)
        return form_page(self, request, form=form, title=title, buttons=[("receive", _("Receive"))])

    @action(description=gettext_lazy("Call back"), url_path="call-back", permissions=["end"], icon="undo")
    def call_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        transfer = found_or_404(self, request, object_id)
        if request.method == "POST":
            try:
                call_transfer_back(number=transfer.number, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, _("The goods are back where they came from."))
            return redirect("admin:network_stocktransfer_change", object_id)
        title = _("Is all of {number} back where it came from?").format(number=transfer.number)
        return form_page(self, request, form=Form(), title=title, buttons=[("back", _("Call back"))])
