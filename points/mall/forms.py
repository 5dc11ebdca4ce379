"""What the merchant types in about the points mall."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.module_loading import import_string
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleTimeWidget,
    UnfoldAdminTextInputWidget,
)

from members.segments.models import Segment
from members.tiers.models import Tier
from points.mall.code_files import MOST_CODES, CodeLines, read_codes
from points.mall.models import Resource, Reward, Zone
from points.mall.models.rewards import WEEKDAYS
from points.mall.queries import CodeImport
from points.mall.services.planning import Plan
from shop.catalog.errors import ImportFileNotReadable
from shop.core import clock
from shop.core.clock import day_bounds
from shop.core.picking import PickingForm, chosen_from


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
        widget=UnfoldAdminSelect2MultipleWidget,
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
    """Pasted, or from a file whose first column they are; `given` is what was read, with what could not be."""

    codes = forms.CharField(
        label=gettext_lazy("codes, one a line"),
        required=False,
        widget=UnfoldAdminExpandableTextareaWidget,
        help_text=gettext_lazy("They are kept sealed; those that the shop has had already are left out."),
    )
    file = forms.FileField(
        label=gettext_lazy("or a file"),
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.xlsx"}),
        help_text=gettext_lazy("CSV, text or XLSX, the codes in the first column. Further columns are not read."),
    )
    last_day = forms.DateField(
        label=gettext_lazy("good until the end of"),
        required=False,
        widget=UnfoldAdminDateWidget,
        help_text=gettext_lazy("Blank: they do not expire. Expired ones are not given to anybody."),
    )
    given = CodeLines()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        pasted, file = cleaned.get("codes", ""), cleaned.get("file")
        if bool(pasted.strip()) == bool(file):
            raise ValidationError(_("Give codes or a file of them, one of the two."))
        try:
            self.given = read_codes(pasted=pasted, file=file)
        except ImportFileNotReadable as refusal:
            raise ValidationError(str(refusal)) from refusal
        if len(self.given.codes) > MOST_CODES:
            raise ValidationError(_("At most {limit} lines.").format(limit=MOST_CODES))
        if not self.given.codes and not self.given.faults:
            raise ValidationError(_("There are no codes in it."))
        return cleaned

    def clean_last_day(self) -> date | None:
        last_day = self.cleaned_data["last_day"]
        if last_day is not None and day_bounds(last_day)[1] <= clock.now():
            raise ValidationError(_("This day is over."))
        return last_day

    def expires_at(self) -> datetime | None:
        last_day = self.cleaned_data["last_day"]
        return day_bounds(last_day)[1] if last_day else None


class TakeOutForm(forms.Form):
    """Which import was a mistake; `imports` are those of which codes are left."""

    imported_at = forms.ChoiceField(label=gettext_lazy("import"), widget=UnfoldAdminRadioSelectWidget)

    def __init__(self, *args: Any, imports: list[CodeImport], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["imported_at"].choices = [  # type: ignore[attr-defined]
            (
                each.imported_at.isoformat(),
                _("{at}: {left} of {count} codes are left").format(
                    at=date_format(localtime(each.imported_at), "Y-m-d H:i:s"), left=each.left, count=each.count
                ),
            )
            for each in imports
        ]


class ResourceForm(forms.ModelForm):
    """The store is one of those that the shop has; what was chosen once stays, whatever became of it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "store_code" not in self.fields:
            return
        stores = dict(import_string(settings.STORES)())
        now = self.instance.store_code
        if now:
            stores.setdefault(now, now)
        field = self.fields["store_code"]
        self.fields["store_code"] = forms.ChoiceField(
            label=_("store"),
            required=False,
            choices=[("", _("Every store")), *stores.items()],
            widget=UnfoldAdminSelectWidget,
            help_text=field.help_text,
        )

    class Meta:
        model = Resource
        exclude: tuple[str, ...] = ()


class SlotsForm(forms.Form):
    first_day = forms.DateField(label=gettext_lazy("first day"), widget=UnfoldAdminDateWidget)
    last_day = forms.DateField(label=gettext_lazy("last day"), widget=UnfoldAdminDateWidget)
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


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=100,
        help_text=gettext_lazy("Members who have booked read it."),
        widget=UnfoldAdminTextInputWidget,
    )


class DaysForm(forms.Form):
    days = forms.IntegerField(
        label=gettext_lazy("days from now"),
        min_value=1,
        max_value=3650,
        initial=30,
        widget=UnfoldAdminIntegerFieldWidget,
    )
