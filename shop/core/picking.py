"""Forms in which the merchant picks rows whose ids are kept: nothing is typed by number."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.db import models
from unfold.widgets import UnfoldAdminSelect2MultipleWidget


def chosen_from(rows: models.Manager[Any], label: Any, help_text: Any = "") -> forms.ModelMultipleChoiceField:
    """For tables with a handful of rows."""
    return forms.ModelMultipleChoiceField(
        rows.all(), required=False, label=label, help_text=help_text, widget=UnfoldAdminSelect2MultipleWidget
    )


class PickingForm(forms.ModelForm):
    """`PICKED` maps columns of ids, or of codes, to the fields that they are picked in."""

    PICKED: Mapping[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for column, name in self._picked():
            self.initial.setdefault(name, getattr(self.instance, column))

    def _post_clean(self) -> None:
        for column, name in self._picked():
            if name in self.cleaned_data:
                setattr(self.instance, column, [getattr(each, "pk", each) for each in self.cleaned_data[name]])
        super()._post_clean()  # type: ignore[misc]

    def _picked(self) -> Iterator[tuple[str, str]]:
        return ((column, name) for column, name in self.PICKED.items() if name in self.fields)
