"""The matrix of combinations as a form: one box for each pair."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldBooleanWidget

from promotions.campaigns.stacking import MECHANISMS
from promotions.checkout.combination import PAIRS, Pair
from promotions.pricing.model import Combination, Mechanism
from shop.core.shown import AsShownMixin

LABELS = {Mechanism(value): label for value, label in MECHANISMS}


class CombinationForm(AsShownMixin, forms.Form):
    def __init__(self, *args: Any, combination: Combination, locked: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one, other in PAIRS:
            field = forms.BooleanField(
                required=False,
                disabled=locked,
                initial=(one, other) not in combination.refused,
                widget=UnfoldBooleanWidget(
                    attrs={"aria-label": _("{one} with {other}").format(one=LABELS[one], other=LABELS[other])}
                ),
            )
            self.fields[_name((one, other))] = field

    @property
    def rows(self) -> list[tuple[Any, list[forms.BoundField | None]]]:
        """Each mechanism with its boxes, one for each column; None where there is nothing to combine."""
        return [
            (LABELS[one], [self[_name((one, other))] if (one, other) in PAIRS else None for other in Mechanism])
            for one in Mechanism
        ]

    @property
    def agreements(self) -> dict[Pair, bool]:
        return {pair: self.cleaned_data[_name(pair)] for pair in PAIRS}


def _name(pair: Pair) -> str:
    return f"{pair[0].value}-{pair[1].value}"
