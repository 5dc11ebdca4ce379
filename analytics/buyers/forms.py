"""The form by which a segment is made of criteria: nothing is typed but numbers, money and names."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminTextInputWidget,
)

from analytics.buyers.criteria import CRITERIA, Criterion, Shape
from shop.core.forms import YuanField
from shop.core.shown import AsShownMixin

MOST = 1_000_000_000


class SegmentFilterForm(AsShownMixin, forms.Form):
    name = forms.CharField(label=gettext_lazy("name"), max_length=60, widget=UnfoldAdminTextInputWidget)
    description = forms.CharField(
        label=gettext_lazy("description"), max_length=300, required=False, widget=UnfoldAdminExpandableTextareaWidget
    )

    class Media:
        js = ["buyers/live_count.js"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for criterion in CRITERIA:
            for name in criterion.parameters:
                self.fields[name] = _field(criterion, name)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for criterion in CRITERIA:
            ends = [value for name in criterion.parameters if (value := values.get(name)) is not None]
            if len(ends) == 2 and ends[0] > ends[1]:
                self.add_error(criterion.parameters[1], _("The end lies before the beginning."))
        return values

    @property
    def criteria(self) -> dict[str, Any]:
        """What was given, as it is stored."""
        names = [name for criterion in CRITERIA for name in criterion.parameters]
        return {name: value for name in names if (value := self.cleaned_data.get(name)) not in (None, [], "")}


def _field(criterion: Criterion, name: str) -> forms.Field:
    if criterion.shape is Shape.CHOICES:
        return forms.TypedMultipleChoiceField(
            label=criterion.label,
            choices=criterion.choices(),
            coerce=_as_stored,
            required=False,
            widget=UnfoldAdminSelect2MultipleWidget,
        )
    end = _("at least") if name.endswith("_from") else _("no more than")
    label = _("{what}, {end}").format(what=criterion.label, end=end)
    if criterion.shape is Shape.MONEY:
        return YuanField(label=label, required=False)
    return forms.IntegerField(
        label=label, required=False, min_value=0, max_value=MOST, widget=UnfoldAdminIntegerFieldWidget
    )


def _as_stored(value: str) -> int | str:
    """Keys of rows are numbers, codes are words."""
    return int(value) if value.isdecimal() else value
