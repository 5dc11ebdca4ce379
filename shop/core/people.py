"""Columns of who did something, told in words on every screen.

A column of text named `actor` or `…_by` keeps an `Actor` as audit trails write it: `staff:li`, `member:12`,
`system:sweep`.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django.db import models
from django.http import HttpRequest

from shop.core.actors import actor_in_words


def actor_columns(model: type[models.Model]) -> frozenset[str]:
    return frozenset(
        field.name
        for field in model._meta.fields
        if isinstance(field, models.CharField)
        and not field.choices
        and (field.name == "actor" or field.name.endswith("_by"))
    )


@cache
def told(model: type[models.Model], name: str) -> Callable[[Any], str]:
    """What a screen shows of a column of actors; called and sorted as the column is."""

    def shown(row: Any) -> str:
        return actor_in_words(getattr(row, name)) or "–"

    shown.__name__ = name
    shown.short_description = model._meta.get_field(name).verbose_name  # type: ignore[attr-defined,union-attr]
    shown.admin_order_field = name  # type: ignore[attr-defined]
    return shown


class PeopleMixin:
    """For a screen, or rows on one, where such columns are looked at."""

    def get_list_display(self, request: HttpRequest) -> Any:
        return self._with_people(super().get_list_display(request))  # type: ignore[misc]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sections = super().get_fieldsets(request, obj)  # type: ignore[misc]
        return [
            (title, {**options, "fields": self._with_people(options.get("fields", ()))}) for title, options in sections
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self._with_people(super().get_readonly_fields(request, obj))  # type: ignore[misc]

    def _with_people(self, names: Iterable[Any]) -> list[Any]:
        """Names in a tuple stand side by side."""
        model = self.model  # type: ignore[attr-defined]
        columns = actor_columns(model)
        shown: list[Any] = []
        for name in names:
            if isinstance(name, (list, tuple)):
                shown.append(tuple(self._with_people(name)))
            else:
                shown.append(told(model, name) if name in columns else name)
        return shown
