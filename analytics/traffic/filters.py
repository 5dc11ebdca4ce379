"""What screens and the API are asked: days, channel, device. Both read it here, so they show the same."""

from datetime import date, timedelta
from typing import Any, TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget

from analytics.traffic.queries import Slice
from shop.core.api.serializers import StrictSerializer
from shop.core.channels import CHANNEL_CHOICES

DAYS = 7
MOST_DAYS = 400
CHANNELS = [("", _("All fronts")), *CHANNEL_CHOICES]
DEVICES = [("", _("All devices")), ("ios", "iOS"), ("android", "Android"), ("desktop", _("Desktop"))]
TOO_LONG = _("At most 400 days, the first before the last.")


class SliceForm(forms.Form):
    """`?from=&to=&channel=&device=`; what is missing or wrong is the last seven days of everything."""

    to = forms.DateField(label=_("to and with"), required=False, widget=UnfoldAdminDateWidget)
    channel = forms.ChoiceField(label=_("front"), required=False, choices=CHANNELS, widget=UnfoldAdminSelectWidget)
    device = forms.ChoiceField(label=_("device"), required=False, choices=DEVICES, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = forms.DateField(label=_("from and with"), required=False, widget=UnfoldAdminDateWidget)
        self.fields = {"from": first, **self.fields}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("from"), cleaned.get("to")
        if first and last and not is_period(first, last):
            raise forms.ValidationError(TOO_LONG)
        return cleaned


F = TypeVar("F", bound=SliceForm)


def is_period(first: date, last: date) -> bool:
    return first <= last and (last - first).days < MOST_DAYS


def slice_of(cleaned: dict[str, Any], *, today: date) -> Slice:
    last = cleaned.get("to") or today
    first = cleaned.get("from") or last - timedelta(days=DAYS - 1)
    return Slice(min(first, last), last, cleaned.get("channel") or "", cleaned.get("device") or "")


def slice_form(query: Any, *, today: date, kind: type[F]) -> tuple[F, Slice]:
    """The form as asked, shown with the days that it stands for."""
    form = kind(query)
    asked = slice_of(form.cleaned_data if form.is_valid() else {}, today=today)
    if not form.is_valid():
        return form, asked
    return kind({**form.cleaned_data, "from": asked.first, "to": asked.last}), asked


class PeriodQuery(StrictSerializer):
    to = serializers.DateField(required=False, help_text="Included; today without.")
    channel = serializers.ChoiceField([value for value, _label in CHANNEL_CHOICES], required=False)
    device = serializers.CharField(required=False, max_length=20)

    def get_fields(self) -> dict[str, Any]:
        first = serializers.DateField(required=False, help_text="Included; six days before `to` without.")
        return {"from": first, **super().get_fields()}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("from") and attrs.get("to") and not is_period(attrs["from"], attrs["to"]):
            raise serializers.ValidationError({"from": [serializers.ErrorDetail(str(TOO_LONG), "period")]})
        return attrs
