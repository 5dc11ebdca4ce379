"""Handing a parcel over with a carrier and number of one's own."""

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from logistics.carriers.models import Carrier


class ShipForm(forms.Form):
    carrier = forms.ModelChoiceField(
        Carrier.objects.filter(is_active=True).order_by("code"), label=_("carrier"), widget=UnfoldAdminSelectWidget
    )
    tracking_number = forms.RegexField(
        r"^[A-Za-z0-9-]{4,40}$", label=_("tracking number"), widget=UnfoldAdminTextInputWidget
    )
