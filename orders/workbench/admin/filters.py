"""The criteria of the workbench as filters of the admin's list."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib.admin import ListFilter
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.contrib.filters.forms import DropdownForm, RangeDateForm, SearchForm
from unfold.widgets import INPUT_CLASSES

from orders.workbench.criteria import BEFORE, CRITERIA, Criterion, Orders, Shape, narrowed

_TEMPLATES = {
    Shape.CHOICE: "unfold/filters/filters_field.html",
    Shape.TYPED: "unfold/filters/filters_field.html",
    Shape.DAYS: "unfold/filters/filters_date_range.html",
    Shape.AMOUNTS: "unfold/filters/filters_numeric_range.html",
}


class AmountsForm(forms.Form):
    def __init__(self, name: str, data: dict[str, Any]) -> None:
        super().__init__(data=data)
        for end, label in (("from", _("From")), ("to", _("To"))):
            attributes = {"placeholder": label, "inputmode": "decimal", "class": " ".join(INPUT_CLASSES)}
            self.fields[f"{name}_{end}"] = forms.CharField(
                label="", required=False, widget=forms.TextInput(attrs=attributes)
            )


class CriterionFilter(ListFilter):
    """One criterion in the sheet of filters; what it does to the list is the criterion's alone."""

    criterion: Criterion

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.request = request
        for name in self.criterion.parameters:
            if name in params:
                self.used_parameters[name] = params.pop(name)[-1]

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.criterion.parameters)

    def queryset(self, request: HttpRequest, queryset: Orders) -> Orders:
        return narrowed(queryset, self.criterion, {name: str(value) for name, value in self.used_parameters.items()})

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        yield {"request": self.request, "parameter_name": self.criterion.name, "form": self._form()}

    def _form(self) -> forms.Form:
        name, data = self.criterion.name, self.used_parameters
        if self.criterion.shape is Shape.DAYS:
            return RangeDateForm(name=name, data=data)
        if self.criterion.shape is Shape.AMOUNTS:
            return AmountsForm(name=name, data=data)
        label = str(self.criterion.label)
        if self.criterion.shape is Shape.TYPED:
            return SearchForm(name=name, label=label, data=data)
        choices = (("", _("All")), *self.criterion.choices())
        return DropdownForm(name=name, label=label, choices=choices, data=data)


class EarlierFilter(ListFilter):
    """Older than an order: how the list goes on where its pages end."""

    title = ""
    template = "admin/orders/earlier.html"

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.before = params.pop(BEFORE, [""])[-1]

    def has_output(self) -> bool:
        return bool(self.before)

    def expected_parameters(self) -> list[str | None]:
        return [BEFORE]

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        yield {"link": changelist.get_query_string(remove=[BEFORE, "p"])}

    def queryset(self, request: HttpRequest, queryset: Orders) -> Orders:
        known = self.before.isascii() and self.before.isdecimal() and len(self.before) < 19
        return queryset.filter(pk__lt=int(self.before)) if known else queryset.none()


FILTERS: list[Any] = [
    *(
        type(
            f"{criterion.name}_filter",
            (CriterionFilter,),
            {"criterion": criterion, "title": criterion.label, "template": _TEMPLATES[criterion.shape]},
        )
        for criterion in CRITERIA
    ),
    EarlierFilter,
]
