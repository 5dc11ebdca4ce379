"""What staff type when they act on an after-sale."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from logistics.network.models import Warehouse
from orders.after_sales.admin.goods import goes_out, goods_back
from orders.after_sales.models import AfterSale, Kind
from shop.core import clock
from shop.core.forms import YuanField

MOST_CHARACTERS = 500


class DeedForm(forms.Form):
    """Nothing to type: asked once more, because a link alone changes nothing."""

    def __init__(self, *args: Any, after_sale: AfterSale, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.after_sale = after_sale


class AnswerForm(DeedForm):
    answer = forms.CharField(
        label=gettext_lazy("Answer to the member"),
        max_length=MOST_CHARACTERS,
        required=False,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
    )


class RefuseForm(DeedForm):
    answer = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The member reads it."),
        max_length=MOST_CHARACTERS,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
    )


class NoteForm(DeedForm):
    note = forms.CharField(
        label=gettext_lazy("Note"), max_length=MOST_CHARACTERS, required=False, widget=UnfoldAdminTextInputWidget
    )


class WarehouseField(forms.ModelChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        warehouses = Warehouse.objects.filter(is_active=True).order_by("name")
        super().__init__(warehouses, widget=UnfoldAdminSelectWidget, **kwargs)


class ApproveForm(AnswerForm):
    warehouse = WarehouseField(
        label=gettext_lazy("Goods go back to"),
        required=False,
        empty_label=gettext_lazy("The warehouse that sent them"),
    )
    field_order = ["warehouse", "answer"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.after_sale.kind == Kind.REFUND:
            del self.fields["warehouse"]


class ShipmentForm(DeedForm):
    carrier = forms.CharField(label=gettext_lazy("Carrier"), max_length=40, widget=UnfoldAdminTextInputWidget)
    tracking_number = forms.CharField(
        label=gettext_lazy("Tracking number"), max_length=40, widget=UnfoldAdminTextInputWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"carrier": self.after_sale.carrier, "tracking_number": self.after_sale.tracking_number}


class ReceiveForm(DeedForm):
    """Of each line how many units came back sound, and how many damaged; all of them sound unless told."""

    warehouse = WarehouseField(label=gettext_lazy("Goods go back to"), empty_label=None)
    note = forms.CharField(
        label=gettext_lazy("Note"), max_length=MOST_CHARACTERS, required=False, widget=UnfoldAdminTextInputWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"warehouse": self.after_sale.warehouse_id}
        lines = self.after_sale.lines.select_related("after_sale", "order_line", "replacement_sku")
        self.expected = [line for line in lines.order_by("order_line__position") if line.units_to_send]
        names = goods_back(self.expected, now=clock.now())
        for line in self.expected:
            sound, damaged = _("{goods}: sound").format(goods=names[line.pk]), _("{goods}: damaged")
            self.fields[f"sound_{line.pk}"] = _units(sound, line.units_to_send, goes_out(line))
            self.fields[f"damaged_{line.pk}"] = _units(damaged.format(goods=names[line.pk]), 0)
        self.order_fields([name for name in self.fields if "_" in name])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        said["received"] = {
            line.order_line_id: (said.get(f"sound_{line.pk}") or 0, said.get(f"damaged_{line.pk}") or 0)
            for line in self.expected
        }
        for line in self.expected:
            if sum(said["received"][line.order_line_id]) > line.units_to_send:
                most = _("At most {units} units come back.").format(units=line.units_to_send)
                self.add_error(f"sound_{line.pk}", most)
        return said


class RefundForm(DeedForm):
    withheld_fen = YuanField(
        label=gettext_lazy("Withheld"),
        help_text=gettext_lazy("For what came back worse than it went, agreed with the member. Blank: nothing."),
        required=False,
        empty=0,
    )
    withheld_for = forms.CharField(
        label=gettext_lazy("Withheld for"),
        help_text=gettext_lazy("The member reads it."),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("withheld_fen") and not said.get("withheld_for"):
            self.add_error("withheld_for", _("Say what it is withheld for."))
        return said


def _units(label: str, initial: int, help_text: str = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        min_value=0,
        initial=initial,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
    )


def fields_named(form: forms.Form, prefix: str) -> Iterator[tuple[int, Any]]:
    """Pairs of the number in the field's name and what was typed."""
    for name, value in form.cleaned_data.items():
        if name.startswith(prefix):
            yield int(name.removeprefix(prefix)), value
