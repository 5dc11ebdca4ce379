"""What the merchant may change: numbers, switches, choices, declared once in code with a default, edited in the admin.

A room declares `UNPAID_MINUTES = whole_number("orders.unpaid_minutes", default=30, ...)` in its `preferences.py` and
reads `UNPAID_MINUTES.value()`. Values are read from Postgres at most every few seconds per process.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.utils.translation import gettext_lazy as _

from shop.core.models import PreferenceValue

T = TypeVar("T", int, bool, str)

REFRESH_SECONDS = 5.0


@dataclass(frozen=True)
class Preference(Generic[T]):
    """`check` returns a translated complaint for a value that is not acceptable, or None; `choices` are its values with
    their labels, where there are only so many.
    """

    key: str
    default: T
    label: Any
    help_text: Any
    check: Callable[[Any], Any | None]
    choices: Mapping[str, Any] = field(default_factory=dict)

    def value(self) -> T:
        stored = _values().get(self.key)
        return self.default if stored is None or self.check(stored) is not None else stored


_declared: dict[str, Preference[Any]] = {}
_cache: tuple[float, dict[str, Any]] = (0.0, {})


def declared_preferences() -> dict[str, Preference[Any]]:
    return dict(sorted(_declared.items()))


def whole_number(
    key: str, *, default: int, label: Any, help_text: Any = "", minimum: int = 0, maximum: int = 2**31 - 1
) -> Preference[int]:
    def check(value: Any) -> Any | None:
        if isinstance(value, int) and not isinstance(value, bool) and minimum <= value <= maximum:
            return None
        return _("Enter a whole number from {minimum} to {maximum}.").format(minimum=minimum, maximum=maximum)

    return _declare(Preference(key, default, label, help_text, check))


def switch(key: str, *, default: bool, label: Any, help_text: Any = "") -> Preference[bool]:
    def check(value: Any) -> Any | None:
        return None if isinstance(value, bool) else _("Choose yes or no.")

    return _declare(Preference(key, default, label, help_text, check))


def text(key: str, *, default: str, label: Any, help_text: Any = "", max_length: int = 200) -> Preference[str]:
    def check(value: Any) -> Any | None:
        if isinstance(value, str) and len(value) <= max_length:
            return None
        return _("Enter at most {max_length} characters.").format(max_length=max_length)

    return _declare(Preference(key, default, label, help_text, check))


def choice(key: str, *, default: str, choices: Mapping[str, Any], label: Any, help_text: Any = "") -> Preference[str]:
    """One of the values that `choices` names and labels."""

    def check(value: Any) -> Any | None:
        return None if isinstance(value, str) and value in choices else _("Choose one of the answers.")

    return _declare(Preference(key, default, label, help_text, check, choices))


def set_preference(declared: Preference[T], value: T) -> bool:
    """Store what the merchant has decided; False when it was so before. Raises ValueError for what is refused."""
    complaint = declared.check(value)
    if complaint is not None:
        raise ValueError(str(complaint))
    row = PreferenceValue.objects.filter(key=declared.key).first() or PreferenceValue(key=declared.key)
    if row.pk is not None and row.value == value:
        return False
    row.value = value
    row.save()
    forget_cached()
    return True


def store_defaults() -> None:
    """Give every declared preference a row, so that the admin can list and edit them all."""
    rows = [PreferenceValue(key=each.key, value=each.default) for each in _declared.values()]
    PreferenceValue.objects.bulk_create(rows, ignore_conflicts=True)


def forget_cached() -> None:
    """Read from the database at the next use (after a change in this process, and in tests)."""
    global _cache
    _cache = (0.0, {})


def _declare(preference: Preference[T]) -> Preference[T]:
    if preference.key in _declared:
        raise ValueError(f"preference {preference.key} is declared twice")
    _declared[preference.key] = preference
    return preference


def _values() -> dict[str, Any]:
    global _cache
    read_at, values = _cache
    if time.monotonic() - read_at > REFRESH_SECONDS or not read_at:
        values = dict(PreferenceValue.objects.values_list("key", "value"))
        _cache = (time.monotonic(), values)
    return values
