"""Changing where an order goes, before it leaves."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextInputWidget

from members.identity.panels import may_reveal
from members.identity.phones import parse_phone, show_phone
from orders.checkout.models import Order
from orders.workbench.services.readdressing import CHANGEABLE, change_recipient
from shop.core import clock
from shop.core.editing import ModelAdmin
from shop.core.errors import DomainError
from shop.core.screens import form_page, found_or_404, staff
from shop.core.shown import AsShownMixin
from shop.regions.queries import children


def districts(parent: str | None = None) -> list[tuple[str, str]]:
    """Every place that goods can be sent to, with what it lies in."""
    found: list[tuple[str, str]] = []
    for place in children(parent):
        found += [(place.code, place.path_name)] if place.is_leaf else districts(place.code)
    return found


class RecipientForm(AsShownMixin, forms.Form):
    name = forms.CharField(label=gettext_lazy("recipient's name"), max_length=40, widget=UnfoldAdminTextInputWidget)
    phone = forms.CharField(label=gettext_lazy("phone"), max_length=20, widget=UnfoldAdminTextInputWidget)
    region_code = forms.ChoiceField(label=gettext_lazy("region"), choices=districts, widget=UnfoldAdminSelect2Widget)
    detail = forms.CharField(label=gettext_lazy("street address"), max_length=200, widget=UnfoldAdminTextInputWidget)
    reason = forms.CharField(label=gettext_lazy("reason"), max_length=150, widget=UnfoldAdminTextInputWidget)

    def clean_phone(self) -> str:
        phone = parse_phone(self.cleaned_data["phone"])
        if phone is None:
            raise ValidationError(_("Enter a valid phone number."))
        return phone


class AddressPages(ModelAdmin):
    """The part of the order desk that is about addresses."""

    def has_readdress_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """For who may change orders and see where they go; shown while an order can still go elsewhere."""
        if not (self.has_change_permission(request) and may_reveal(request)):
            return False
        known = str(object_id).isdecimal() and len(str(object_id)) < 19
        open_orders = Order.objects.filter(status__in=CHANGEABLE, pickup_store=None)
        return request.method == "POST" or not known or open_orders.filter(pk=int(object_id)).exists()

    @action(
        description=gettext_lazy("Change address"),
        url_path="address",
        permissions=["readdress"],
        icon="edit_location_alt",
    )
    def readdress(self, request: HttpRequest, object_id: str) -> HttpResponse:
        order = found_or_404(self, request, object_id)
        to = order.recipient or {}
        known = {**to, "phone": show_phone(to["phone"]) if to.get("phone") else ""}
        form = RecipientForm(request.POST or None, initial=known)
        form.subject = order
        if request.method == "POST" and form.is_valid():
            try:
                change_recipient(number=order.number, actor=staff(request), now=clock.now(), **form.cleaned_data)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_change(request, order, _("Address changed: {reason}").format(**form.cleaned_data))
                told = _("The address was changed. Parcels that were being packed are planned anew.")
                messages.success(request, told)
                return redirect("admin:checkout_order_change", order.pk)
        title = _("Change the address of {number}").format(number=order.number)
        return form_page(self, request, form=form, title=title, buttons=[("change", _("Change address"))])
