"""Preferences as people set and read them: yuan, percent, yes and no, one of several answers; never JSON."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from shop.core.forms import UNIT, PercentField, YuanField
from shop.core.money import yuan
from shop.core.preferences import Preference

_FEN, _BP = "_fen", "_bp"


def preference_field(declared: Preference[Any], *, label: Any = None, help_text: Any = "") -> forms.Field:
    """Its own check stays the preference's: `Preference.check`."""
    said = {"label": label or gettext_lazy("value"), "help_text": help_text}
    if declared.choices:
        return forms.ChoiceField(choices=list(declared.choices.items()), widget=UnfoldAdminSelectWidget, **said)
    if isinstance(declared.default, bool):
        return forms.BooleanField(required=False, widget=UnfoldBooleanSwitchWidget, **said)
    if isinstance(declared.default, str):
        return forms.CharField(required=False, widget=UnfoldAdminTextInputWidget, **said)
    if declared.key.endswith(_FEN):
        return YuanField(**said)
    if declared.key.endswith(_BP):
        return PercentField(**said)
    return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget, **said)


def preference_label(declared: Preference[Any]) -> str:
    """Without the unit that it is stored in."""
    return UNIT.sub("", str(declared.label))


def shown_preference(declared: Preference[Any], value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, str):
        return str(declared.choices.get(value, value))
    if declared.key.endswith(_FEN):
        return yuan(value)
    return f"{value / 100:g}%" if declared.key.endswith(_BP) else str(value)
