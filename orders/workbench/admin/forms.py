"""What staff type in at the workbench."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
)

from orders.workbench.criteria import CRITERIA, Criterion, Shape

# By what the warehouse narrows its work: nothing of money, nothing of who bought.
NARROWING = ("warehouse", "carrier", "placed_at", "paid_at", "product", "flag")


class NarrowForm(forms.Form):
    """The criteria that a warehouse needs."""

    def __init__(self, data: Any = None) -> None:
        super().__init__(data=data)
        for criterion in CRITERIA:
            if criterion.name in NARROWING:
                self.fields |= {name: _field(criterion, name) for name in criterion.parameters}


class RemarkForm(forms.ModelForm):
    def clean_staff_remark(self) -> str:
        remark: str = self.cleaned_data["staff_remark"]
        if any(unicodedata.category(each) == "Cc" and each not in "\r\n\t" for each in remark):
            raise ValidationError(_("Control characters are not allowed."))
        return remark


class TrackingFileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV (UTF-8 or GBK) or XLSX with order or parcel number, carrier and tracking number."),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.xlsx"}),
    )


def _field(criterion: Criterion, name: str) -> forms.Field:
    label: Any = criterion.label
    if criterion.shape is Shape.CHOICE:
        choices = [("", _("All")), *criterion.choices()]
        return forms.ChoiceField(label=label, required=False, choices=choices, widget=UnfoldAdminSelectWidget)
    if criterion.shape is Shape.DAYS:
        end = pgettext("days", "from") if name.endswith("_from") else pgettext("days", "to")
        return forms.CharField(label=f"{label} {end}", required=False, widget=UnfoldAdminSingleDateWidget)
    return forms.CharField(label=label, required=False, widget=UnfoldAdminTextInputWidget)
