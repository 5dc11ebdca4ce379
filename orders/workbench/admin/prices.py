"""Changing the price of an unpaid order, and deciding about changes that wait for a second person."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from orders.checkout.models import Order, OrderStatus
from orders.workbench.models import PriceChange
from orders.workbench.repricing import OwnPrice, own_price, spread_over
from orders.workbench.services.pricing import ask_price, decide_price
from shop.core import clock
from shop.core.actors import actor_in_words
from shop.core.admin import ReadOnlyAdmin
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.forms import YuanField
from shop.core.labels import Label
from shop.core.money import yuan
from shop.core.screens import form_page, found_or_404, staff
from shop.core.shown import AsShownMixin

ORDER = "admin:checkout_order_change"


class PriceForm(AsShownMixin, forms.Form):
    """A discount on the whole order, or a price of their own for some of its lines."""

    discount = YuanField(
        label=gettext_lazy("take off the whole order"),
        required=False,
        help_text=gettext_lazy("Split over the lines by what they cost. Leave it empty to set the lines one by one."),
    )
    freight = YuanField(label=gettext_lazy("freight"))
    reason = forms.CharField(label=gettext_lazy("reason"), max_length=200, widget=UnfoldAdminTextInputWidget)

    def __init__(self, order: Order, data: Any = None) -> None:
        self.own: OwnPrice = own_price(order, list(order.lines.all()))
        super().__init__(data=data, initial={"freight": order.freight_fen})
        for line in order.lines.all():
            if self.own.lines[line.position]:
                label = f"{line.product_name} {line.options} × {line.quantity}"
                self.fields[f"line_{line.position}"] = YuanField(
                    label=label,
                    initial=line.payable_fen,
                    help_text=_("{price} without changes").format(price=yuan(self.own.lines[line.position])),
                )
        self.order_fields([name for name in self.fields if name not in ("freight", "reason")])

    def taken_off(self) -> dict[int, int]:
        """Raises PriceBelowZero."""
        if self.cleaned_data["discount"] is not None:
            return spread_over(self.own, self.cleaned_data["discount"])
        return {
            position: price - self.cleaned_data[f"line_{position}"]
            for position, price in self.own.lines.items()
            if price
        }


class PricePages(ModelAdmin):
    """The part of the order desk that is about prices."""

    def has_reprice_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Shown while the order awaits payment; a late click is told, not turned away."""
        if not request.user.has_perms(["workbench.add_pricechange", "checkout.view_order"]):
            return False
        known = str(object_id).isdecimal() and len(str(object_id)) < 19
        unpaid = Order.objects.filter(status=OrderStatus.PENDING_PAYMENT)
        return request.method == "POST" or not known or unpaid.filter(pk=int(object_id)).exists()

    @action(description=gettext_lazy("Change price"), url_path="price", permissions=["reprice"], icon="price_change")
    def reprice(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = found_or_404(self, request, object_id)
        form = PriceForm(order, request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                change = ask_price(
                    number=order.number,
                    taken_off=form.taken_off(),
                    freight_fen=form.cleaned_data["freight"],
                    reason=form.cleaned_data["reason"],
                    actor=staff(request),
                    now=clock.now(),
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, order, f"{change.get_status_display()}: {_told(change)}")
                messages.success(request, f"{change.get_status_display()}: {_told(change)}")
                return redirect(ORDER, order.pk)
        title = _("Change the price of {number}").format(number=order.number)
        return form_page(self, request, form=form, title=title, buttons=[("change", _("Change price"))])


@admin.register(PriceChange)
class PriceChangeAdmin(ReadOnlyAdmin):
    list_display = ["order_link", "shown_status", "change", "reason", "asked_by", "asked_at", "decided_by"]
    list_display_links = ["change"]
    list_filter = ["status"]
    list_filter_submit = True
    list_select_related = ["order"]
    ordering = ["-pk"]
    show_full_result_count = False
    fields = [("order_link", "status"), "change", "reason", ("asked_by", "asked_at"), ("decided_by", "decided_at")]
    readonly_fields = ["order_link", "change"]
    actions_detail = ["decide"]

    def has_decide_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("workbench.change_pricechange")

    @display(description=gettext_lazy("order"))
    def order_link(self, change: PriceChange) -> str:
        link = reverse(ORDER, args=[change.order_id])
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', link, change.order)

    @display(
        description=gettext_lazy("status"),
        label={"waiting": "warning", "applied": "success", "declined": "danger", "lapsed": "info"},
        ordering="status",
    )
    def shown_status(self, change: PriceChange) -> Label:
        return Label(change.status, change.get_status_display())

    @display(description=gettext_lazy("payable"))
    def change(self, change: PriceChange) -> str:
        return _told(change)

    @action(description=gettext_lazy("Decide"), url_path="decide", permissions=["decide"], icon="gavel")
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        change = found_or_404(self, request, object_id)
        back = redirect("admin:workbench_pricechange_change", change.pk)
        if change.status != PriceChange.Status.WAITING and request.method != "POST":
            messages.info(request, change.get_status_display())
            return back
        if request.method == "POST" and request.POST.get("do") in ("approve", "decline"):
            approve = request.POST["do"] == "approve"
            try:
                decided = decide_price(change_id=change.pk, approve=approve, actor=staff(request), now=clock.now())
            except DomainError as refusal:
                messages.error(request, str(refusal))
            else:
                self.log_change(request, decided, decided.get_status_display())
            return back
        rows = [[change.order.number, _told(change), change.reason, actor_in_words(change.asked_by)]]
        table = {"headers": [_("order"), _("payable"), _("reason"), _("asked by")], "rows": rows}
        buttons = [("approve", _("Approve")), ("decline", _("Decline"))]
        return form_page(self, request, form=forms.Form(), title=_("Decide"), table=table, buttons=buttons)


def _told(change: PriceChange) -> str:
    return f"{yuan(change.before_fen)} → {yuan(change.after_fen)}"
