"""What WeChat knows of the shipping of each order: sent, waiting or refused, and sending it again."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action, display

from orders.wechat_shipping.models import CarrierCode, ShippingUpload
from orders.wechat_shipping.services import correct, send_again
from orders.wechat_shipping.watching import refresh_alarms
from shop.core import clock
from shop.core.admin import ReadOnlyAdmin
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.labels import Label
from shop.core.screens import form_page, found_or_404
from shop.core.searching import FoundByKeys

STATUS_COLOURS = {
    "waiting": "warning",
    "partly": "info",
    "done": "success",
    "refused": "danger",
    "not_needed": "default",
}


@admin.register(ShippingUpload)
class ShippingUploadAdmin(FoundByKeys, ReadOnlyAdmin):
    list_display = ["number", "shown_status", "parcels", "code", "note", "tries", "due_at", "sent_at"]
    list_filter = ["status", ("created_at", RangeDateTimeFilter)]
    list_filter_submit = True
    list_select_related = ["payment__order"]
    search_keys = ("payment__order__number", "payment__transaction_id")
    search_help_text = gettext_lazy("Order number, or the gateway's transaction")
    ordering = ["-created_at", "-pk"]
    actions = ["send_selected_again"]
    actions_detail = ["send_again", "correct"]
    fields = [
        ("order_link", "state"),
        ("payment", "parcels"),
        ("code", "note"),
        ("tries", "due_at"),
        ("created_at", "sent_at"),
        ("finished_at", "corrected_at"),
    ]
    readonly_fields = ["order_link", "state", "parcels"]

    @display(description=gettext_lazy("order number"))
    def number(self, upload: ShippingUpload) -> str:
        return upload.payment.order.number

    @display(description=gettext_lazy("order number"))
    def order_link(self, upload: ShippingUpload) -> str:
        order = upload.payment.order
        link = reverse("admin:checkout_order_change", args=[order.pk])
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', link, order.number)

    @display(description=gettext_lazy("status"), label=STATUS_COLOURS, ordering="status")
    def shown_status(self, upload: ShippingUpload) -> Label:
        return Label(upload.status, self.state(upload))

    @display(description=gettext_lazy("status"))
    def state(self, upload: ShippingUpload) -> str:
        return str(_("Correction to be sent") if upload.corrects else upload.get_status_display())

    @display(description=gettext_lazy("parcels sent"))
    def parcels(self, upload: ShippingUpload) -> str:
        told = [f"{each['carrier']} {each['tracking_number']}".strip() for each in upload.sent]
        return ", ".join(each for each in told if each) or "–"

    def has_send_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("wechat_shipping.change_shippingupload")

    @admin.action(description=gettext_lazy("Send again"), permissions=["send"])
    def send_selected_again(self, request: HttpRequest, queryset: QuerySet[ShippingUpload]) -> None:
        done = sum(self._try(request, upload, send_again) for upload in queryset)
        text = ngettext("{count} order will be sent again.", "{count} orders will be sent again.", done)
        self.message_user(request, text.format(count=done), messages.SUCCESS if done else messages.WARNING)
        refresh_alarms(now=clock.now())

    @action(description=gettext_lazy("Send again"), url_path="send-again", permissions=["send"], icon="send")
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._asked(request, object_id, send_again, _("Send again"), _("Send it to WeChat again"))

    @action(description=gettext_lazy("Correct"), url_path="correct", permissions=["send"], icon="edit")
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The parcels as they are now take the place of what was sent."""
        return self._asked(request, object_id, correct, _("Correct"), _("Send the parcels as they are now, once"))

    def _asked(self, request: HttpRequest, object_id: str, service: Any, title: str, button: str) -> HttpResponse:
        upload = found_or_404(self, request, object_id)
        if request.method != "POST":
            return form_page(self, request, form=forms.Form(), title=title, buttons=[("send", button)])
        if self._try(request, upload, service):
            self.log_change(request, upload, title)
            messages.success(request, _("It is on its way to WeChat."))
            refresh_alarms(now=clock.now())
        return redirect("admin:wechat_shipping_shippingupload_change", object_id)

    def _try(self, request: HttpRequest, upload: ShippingUpload, service: Any) -> bool:
        try:
            service(payment_id=upload.pk, now=clock.now())
        except DomainError as refusal:
            self.message_user(request, f"{upload}: {refusal}", messages.ERROR)
            return False
        return True


@admin.register(CarrierCode)
class CarrierCodeAdmin(ModelAdmin):
    list_display = ["carrier", "code"]
