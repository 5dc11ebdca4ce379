"""What a warehouse types in: receipts and stock-takes, by hand or by file."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from logistics.network.models import Warehouse
from shop.catalog.models import Sku


class WarehouseForm(forms.Form):
    """Common to all: which warehouse."""

    warehouse = forms.ModelChoiceField(Warehouse.objects.order_by("name"), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["warehouse"].label = _("warehouse")


class StockForm(WarehouseForm):
    """The paper it stands on, and why."""

    reference = forms.CharField(
        label=_("reference"),
        max_length=60,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The number of the delivery note or count sheet. Each is booked once."),
    )
    reason = forms.CharField(label=_("reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


class LinesForm(forms.Form):
    """One line per SKU: its code and a whole number."""

    smallest = 1
    lines = forms.CharField(
        label=_("lines"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 8, "placeholder": "TEA-250 12"}),
        help_text=_("One SKU a line: its code, a space, the number of units."),
        max_length=20_000,
    )

    def clean_lines(self) -> dict[int, int]:
        units: dict[str, int] = {}
        for number, line in enumerate(self.cleaned_data["lines"].splitlines(), 1):
            if not line.strip():
                continue
            parts = line.split()
            if len(parts) != 2 or not (parts[1].isascii() and parts[1].isdecimal() and len(parts[1]) < 8):
                raise forms.ValidationError(
                    _("Line %(number)s: write a SKU code and a number."), params={"number": number}
                )
            if int(parts[1]) < self.smallest or parts[0] in units:
                raise forms.ValidationError(
                    _("Line %(number)s: the number is too small or the code was named before."),
                    params={"number": number},
                )
            units[parts[0]] = int(parts[1])
        known = dict(Sku.objects.filter(code__in=units).values_list("code", "pk"))
        unknown = [code for code in units if code not in known]
        if unknown:
            raise forms.ValidationError(_("Unknown SKU: %(codes)s"), params={"codes": ", ".join(unknown[:10])})
        return {known[code]: quantity for code, quantity in units.items()}


class StockLinesForm(LinesForm, StockForm):
    field_order = ["warehouse", "reference", "reason", "lines"]


class ReceiptForm(StockLinesForm):
    pass


class CountForm(StockLinesForm):
    smallest = 0


class DamageForm(StockLinesForm):
    what = forms.ChoiceField(
        label=_("what happened"),
        widget=UnfoldAdminSelectWidget,
        choices=[
            ("aside", _("Free units are damaged")),
            ("sound", _("Damaged units are sound after all")),
            ("scrap", _("Damaged units are thrown away")),
        ],
    )
    field_order = ["what", "warehouse", "reference", "reason", "lines"]


class SafetyForm(LinesForm, WarehouseForm):
    smallest = 0
    field_order = ["warehouse", "lines"]


class TransferForm(LinesForm, WarehouseForm):
    destination = forms.ModelChoiceField(
        Warehouse.objects.order_by("name"), label=_("to"), widget=UnfoldAdminSelectWidget
    )
    reason = forms.CharField(label=_("reason"), max_length=200, widget=UnfoldAdminTextInputWidget)
    field_order = ["warehouse", "destination", "reason", "lines"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["warehouse"].label = _("from")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("warehouse") is not None and data.get("warehouse") == data.get("destination"):
            raise forms.ValidationError(_("A transfer goes from one warehouse to another."))
        return data


class TransferArrivedForm(LinesForm):
    smallest = 0
    difference = forms.CharField(
        label=_("why fewer arrived"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget
    )
    field_order = ["lines", "difference"]


class ReceiptFileForm(StockForm):
    file = forms.FileField(
        label=_("file"),
        widget=UnfoldAdminFileFieldWidget,
        help_text=_("CSV or XLSX with the columns sku and quantity."),
    )
