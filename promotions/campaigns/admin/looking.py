"""Columns as people read them where a campaign is only looked at: money in yuan, shares in percent."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django.db import models

from shop.core.forms import UNIT
from shop.core.money import yuan

Fieldsets = Iterable[tuple[Any, dict[str, Any]]]


def readable(fieldsets: Fieldsets, model: type[models.Model], *, without: Iterable[str] = ()) -> list[Any]:
    """The same sections with readable columns, but for those named in `without`."""
    left_out = frozenset(without)
    return [
        (title, {**options, "fields": _readable(options["fields"], model, left_out)}) for title, options in fieldsets
    ]


def _readable(names: Iterable[Any], model: type[models.Model], left_out: frozenset[str]) -> list[Any]:
    """Names in a tuple stand side by side."""
    shown: list[Any] = []
    for name in names:
        if callable(name):
            shown.append(name)
        elif not isinstance(name, str):
            beside = _readable(name, model, left_out)
            shown += [tuple(beside)] if beside else []
        elif name not in left_out:
            shown.append(column(model, name) if name.endswith(("_fen", "_bp")) else name)
    return shown


@cache
def column(model: type[models.Model], name: str) -> Callable[[Any], str]:
    """What a screen shows of a column of money or of a share; called as the column is."""

    def shown(row: Any) -> str:
        value = getattr(row, name)
        if value is None:
            return "–"
        return yuan(value) if name.endswith("_fen") else f"{value / 100:g}%"

    shown.__name__ = name
    field: Any = model._meta.get_field(name)
    shown.short_description = UNIT.sub("", str(field.verbose_name)).capitalize()  # type: ignore[attr-defined]
    return shown
