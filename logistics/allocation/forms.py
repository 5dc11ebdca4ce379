"""What a person says about an allocation, and which orders a policy is tried on."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from logistics.allocation.comparing import SCOPES
from logistics.allocation.models import Reason

UNITS = "units_"


class RejectForm(forms.Form):
    """`items`: units by SKU id that were to be sent; `codes` of those SKUs."""

    reason = forms.ChoiceField(
        label=_("reason"),
        choices=Reason.choices,
        widget=UnfoldAdminSelectWidget,
        help_text=_(
            "Missing and damaged units are taken out of the stock. After another reason this warehouse is not asked "
            "for the order again."
        ),
    )
    note = forms.CharField(label=_("note"), max_length=150, required=False, widget=UnfoldAdminTextInputWidget)

    def __init__(self, items: Mapping[int, int], codes: Mapping[int, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for sku_id, units in items.items():
            self.fields[f"{UNITS}{sku_id}"] = forms.IntegerField(
                label=_("{sku}: missing or damaged of {units}").format(sku=codes[sku_id], units=units),
                min_value=0,
                max_value=units,
                initial=0,
                required=False,
                widget=UnfoldAdminIntegerFieldWidget,
            )

    def units(self) -> dict[int, int]:
        named = {int(name.removeprefix(UNITS)): n for name, n in self.cleaned_data.items() if name.startswith(UNITS)}
        return {sku_id: units for sku_id, units in named.items() if units}


class NoteForm(forms.Form):
    note = forms.CharField(label=_("reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


class ElsewhereForm(NoteForm):
    """`places`: what the person may choose from, by warehouse id."""

    warehouse = forms.TypedChoiceField(label=_("warehouse"), coerce=int, widget=UnfoldAdminSelectWidget)
    field_order = ["warehouse", "note"]

    def __init__(self, places: Mapping[int, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["warehouse"].choices = list(places.items())  # type: ignore[attr-defined]


class TryForm(forms.Form):
    scope = forms.ChoiceField(
        label=_("orders"),
        choices=[(code, label) for code, (label, _days) in SCOPES.items()],
        widget=UnfoldAdminSelectWidget,
    )
