"""Form fields of the admin: money is typed in yuan and stored in fen, shares in percent and in basis points."""

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextInputWidget

from shop.core.money import parse_yuan, plain_yuan, yuan

UNIT = re.compile(r"\s*[(\uff08](fen|分|bp|基点)[)\uff09]$")
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?\s*[%％]?")


class DayField(forms.DateField):
    """A day with room around it: before and after each there are others to count with."""

    default_validators = [MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(9000, 12, 31))]


class YuanWidget(UnfoldAdminTextInputWidget):
    """A text input with ¥ before it, wide enough for a price and no wider."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {
                "inputmode": "decimal",
                "prefix": "¥",
                "style": "min-width: 6.5rem; padding-left: 1.75rem",
                **(attrs or {}),
            }
        )


class PercentWidget(UnfoldAdminTextInputWidget):
    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "suffix": "%", "style": "min-width: 6.5rem", **(attrs or {})})


class YuanField(forms.CharField):
    """Typed as `12.50`, cleaned to 1250 fen; blank is `empty`."""

    widget = YuanWidget

    def __init__(self, *, max_fen: int = 2_147_483_647, empty: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_fen = max_fen
        self.empty = empty

    def prepare_value(self, value: Any) -> Any:
        return plain_yuan(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return self.empty
        if isinstance(value, int):
            return value
        try:
            fen = parse_yuan(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        if fen > self.max_fen:
            raise ValidationError(_("At most %(amount)s.") % {"amount": yuan(self.max_fen)})
        return fen

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return initial != self.to_python(data)
        except ValidationError:
            return True


class YuanFormMixin:
    """For a ModelAdmin or an inline: every `*_fen` column is typed in yuan."""

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        if not (db_field.name.endswith("_fen") and isinstance(db_field, models.IntegerField)):
            return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        return YuanField(
            label=UNIT.sub("", str(db_field.verbose_name)).capitalize(),
            required=not db_field.blank,
            help_text=db_field.help_text,
            empty=0 if db_field.blank and not db_field.null else None,
            initial=db_field.get_default() if db_field.has_default() else None,
        )


class PercentField(forms.CharField):
    """Typed as `12.5`, cleaned to 1250 basis points; blank is None."""

    widget = PercentWidget

    def __init__(self, *, empty: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.empty = empty

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, int):
            return value
        return "" if value == self.empty else f"{value / 100:g}"

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return self.empty
        if isinstance(value, int):
            return value
        found = _PERCENT.fullmatch(value.strip())
        if found is None:
            raise ValidationError(_("Enter a percentage between 0 and 100 with at most two decimals, such as 12.5."))
        bp = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))
        if bp > 10_000:
            raise ValidationError(_("Enter a percentage between 0 and 100 with at most two decimals, such as 12.5."))
        return bp

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return (initial or self.empty) != self.to_python(data)
        except ValidationError:
            return True


class PercentFormMixin:
    """For a ModelAdmin or an inline: every `*_bp` column is typed in percent."""

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        if not (db_field.name.endswith("_bp") and isinstance(db_field, models.IntegerField)):
            return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        return PercentField(
            label=UNIT.sub("", str(db_field.verbose_name)).capitalize(),
            required=not db_field.blank,
            help_text=db_field.help_text,
            empty=0 if db_field.blank and not db_field.null else None,
            initial=db_field.get_default() if db_field.has_default() else None,
        )
