"""Handing a parcel over with a carrier and number of one's own, and packing parcels anew."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from logistics.carriers.models import Carrier
from logistics.shipments.models import Shipment, ShipmentLine
from shop.core.shown import AsShownMixin

MOST_PARCELS = 6


class ShipForm(AsShownMixin, forms.Form):
    carrier = forms.ModelChoiceField(
        Carrier.objects.filter(is_active=True).order_by("code"), label=_("carrier"), widget=UnfoldAdminSelectWidget
    )
    tracking_number = forms.RegexField(
        r"^[A-Za-z0-9-]{4,40}$", label=_("tracking number"), widget=UnfoldAdminTextInputWidget
    )


class PackForm(forms.Form):
    """How many units of each SKU go into which parcel; an empty cell is none. One parcel more than there are."""

    def __init__(self, shipments: Sequence[Shipment], data: Any = None) -> None:
        super().__init__(data=data)
        self.parcels = range(1, min(len(shipments) + 1, MOST_PARCELS) + 1)
        self.units: dict[int, int] = {}
        for place, shipment in enumerate(shipments, 1):
            for line in shipment.lines.all():
                self.units[line.sku_id] = self.units.get(line.sku_id, 0) + line.quantity
                self._add(line)
                self.fields[f"sku_{line.sku_id}_{place}"].initial = line.quantity

    def _add(self, line: ShipmentLine) -> None:
        for parcel in self.parcels:
            name = f"sku_{line.sku_id}_{parcel}"
            if name not in self.fields:
                label = _("{product} in parcel {parcel}").format(
                    product=f"{line.sku.product.name} {line.sku.options_label}".strip(), parcel=parcel
                )
                self.fields[name] = forms.IntegerField(
                    label=label, required=False, min_value=0, widget=UnfoldAdminIntegerFieldWidget
                )

    def packed(self) -> list[dict[int, int]]:
        """The parcels that hold anything."""
        parcels = [
            {sku_id: units for sku_id in self.units if (units := self.cleaned_data[f"sku_{sku_id}_{parcel}"])}
            for parcel in self.parcels
        ]
        return [items for items in parcels if items]
