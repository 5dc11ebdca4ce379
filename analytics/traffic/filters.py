"""What screens and the API are asked: days, channel, device. Both read it here, so they show the same."""

from datetime import date, timedelta
from typing import Any, TypeVar

from django import forms
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget

from analytics.traffic.queries import Slice
from shop.core import clock
from shop.core.api.serializers import StrictSerializer
from shop.core.channels import CHANNEL_CHOICES
from shop.core.clock import business_day

DAYS = 7
MOST_DAYS = 400
# Beyond these nobody asks, and days cannot be counted from.
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)
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
        if not is_period(*_days(cleaned, today=business_day(clock.now()))):
            raise forms.ValidationError(TOO_LONG)
        return cleaned


F = TypeVar("F", bound=SliceForm)


def is_period(first: date, last: date) -> bool:
    return EARLIEST <= first <= last <= LATEST and (last - first).days < MOST_DAYS


def _days(cleaned: dict[str, Any], *, today: date) -> tuple[date, date]:
    last = cleaned.get("to") or today
    return cleaned.get("from") or max(last, EARLIEST) - timedelta(days=DAYS - 1), last


def slice_of(cleaned: dict[str, Any], *, today: date) -> Slice:
    first, last = _days(cleaned, today=today)
    return Slice(first, last, cleaned.get("channel") or "", cleaned.get("device") or "")


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
        if not is_period(*_days(attrs, today=business_day(clock.now()))):
            raise serializers.ValidationError({"from": [serializers.ErrorDetail(str(TOO_LONG), "period")]})
        return attrs
