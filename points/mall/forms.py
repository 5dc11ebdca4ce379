"""What the merchant types in about the points mall."""

import csv
import io
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSingleTimeWidget,
)

from members.segments.models import Segment
from members.tiers.models import Tier
from points.mall.models import Reward, Zone
from points.mall.models.rewards import WEEKDAYS
from points.mall.services.codes import LONGEST_CODE, MOST_CODES
from points.mall.services.planning import Plan
from shop.core import clock
from shop.core.clock import day_bounds
from shop.core.picking import PickingForm, chosen_from

MOST_BYTES = 5_000_000


def _numbers(value: str) -> int:
    return int(value)


class RewardForm(PickingForm):
    PICKED = {"tier_ids": "tiers", "segment_ids": "segments"}

    tiers = chosen_from(Tier.objects, gettext_lazy("only for tiers"), gettext_lazy("Nothing chosen: for all tiers."))
    segments = chosen_from(
        Segment.objects, gettext_lazy("only for segments"), gettext_lazy("Nothing chosen: for all members.")
    )

    class Meta:
        model = Reward
        exclude = ("tier_ids", "segment_ids")


class KindForm(forms.Form):
    """The first step: what is it?"""

    kind = forms.ChoiceField(
        label=gettext_lazy("What do members get?"),
        choices=[
            (Reward.Kind.GOODS, gettext_lazy("Goods: sent to them or fetched, as everything that is ordered")),
            (
                Reward.Kind.SERVICE,
                gettext_lazy("A service: a voucher that a store verifies, with a booking or without"),
            ),
            (Reward.Kind.CODE, gettext_lazy("A code from elsewhere: each member gets another one of those imported")),
            (Reward.Kind.COUPON, gettext_lazy("A coupon of this shop")),
        ],
        widget=UnfoldAdminRadioSelectWidget,
    )


class ZoneForm(forms.ModelForm):
    month_days = forms.TypedMultipleChoiceField(
        label=gettext_lazy("exchange days of the month"),
        choices=[(day, str(day)) for day in range(1, 32)],
        coerce=_numbers,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("exchange days of the week"),
        choices=WEEKDAYS,
        coerce=_numbers,
        required=False,
        help_text=gettext_lazy("No day chosen at all: redeemed on every day."),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = Zone
        exclude: tuple[str, ...] = ()


class CodesForm(forms.Form):
    """Pasted, or from a file whose first column they are."""

    codes = forms.CharField(
        label=gettext_lazy("codes"),
        required=False,
        widget=UnfoldAdminExpandableTextareaWidget,
        help_text=gettext_lazy("One a line. They are kept sealed; those that the shop has had already are left out."),
    )
    file = forms.FileField(
        label=gettext_lazy("or a file"),
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt"}),
        help_text=gettext_lazy("CSV or text in UTF-8, the codes in the first column, without a heading."),
    )
    last_day = forms.DateField(
        label=gettext_lazy("good until the end of"),
        required=False,
        widget=UnfoldAdminDateWidget,
        help_text=gettext_lazy("Blank: they do not expire. Expired ones are not given to anybody."),
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        lines = given.get("codes", "").splitlines() + self._from_file(given.get("file"))
        codes = [line.strip() for line in lines if line.strip()]
        if not codes and not self.errors:
            raise ValidationError(_("Give codes, or a file of them."))
        if len(codes) > MOST_CODES:
            raise ValidationError(_("At most {limit} lines.").format(limit=MOST_CODES))
        if any(len(code) > LONGEST_CODE for code in codes):
            raise ValidationError(_("A code has at most {limit} characters.").format(limit=LONGEST_CODE))
        return {**given, "all_codes": codes}

    def clean_last_day(self) -> date | None:
        last_day = self.cleaned_data["last_day"]
        if last_day is not None and day_bounds(last_day)[1] <= clock.now():
            raise ValidationError(_("This day is over."))
        return last_day

    def expires_at(self) -> datetime | None:
        last_day = self.cleaned_data["last_day"]
        return day_bounds(last_day)[1] if last_day else None

    def _from_file(self, file: Any) -> list[str]:
        if file is None:
            return []
        if file.size > MOST_BYTES:
            raise ValidationError(_("The file is too large."))
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValidationError(_("The file is not text in UTF-8.")) from error
        return [row[0] for row in csv.reader(io.StringIO(text)) if row]


class SlotsForm(forms.Form):
    first_day = forms.DateField(label=gettext_lazy("from"), widget=UnfoldAdminDateWidget)
    last_day = forms.DateField(label=gettext_lazy("to and with"), widget=UnfoldAdminDateWidget)
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("on"),
        choices=WEEKDAYS,
        coerce=_numbers,
        initial=[number for number, _label in WEEKDAYS],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    opens = forms.TimeField(label=gettext_lazy("opens at"), widget=UnfoldAdminSingleTimeWidget)
    closes = forms.TimeField(label=gettext_lazy("closes at"), widget=UnfoldAdminSingleTimeWidget)
    minutes = forms.IntegerField(
        label=gettext_lazy("minutes each"),
        min_value=5,
        max_value=24 * 60,
        initial=60,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    capacity = forms.IntegerField(
        label=gettext_lazy("places each"),
        min_value=1,
        max_value=10_000,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if self.errors:
            return given
        if not given["first_day"] <= given["last_day"] <= given["first_day"] + timedelta(days=366):
            raise ValidationError(_("The last day lies within a year after the first one."))
        if given["opens"] >= given["closes"]:
            raise ValidationError(_("It closes after it opens."))
        return given

    def plan(self) -> Plan:
        return Plan(**self.cleaned_data)


class DaysForm(forms.Form):
    days = forms.IntegerField(
        label=gettext_lazy("days from now"),
        min_value=1,
        max_value=3650,
        initial=30,
        widget=UnfoldAdminIntegerFieldWidget,
    )
