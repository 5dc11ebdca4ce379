"""What finance types in: a day to reconcile, and why a difference is closed or open again."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from orders.reconciliation.models import GATEWAYS, DifferenceState

CLOSED = (
    (DifferenceState.EXPLAINED.value, _("Explained: our books are right as they are")),
    (DifferenceState.RESOLVED.value, _("Resolved: something was put right")),
)


class DayForm(forms.Form):
    method = forms.ChoiceField(label=_("gateway"), choices=GATEWAYS, widget=UnfoldAdminSelectWidget)
    day = forms.DateField(
        label=_("bill date"),
        widget=UnfoldAdminDateWidget,
        help_text=_("A day that is over. Gateways keep bills for about three months."),
    )


class ReopenForm(forms.Form):
    reason = forms.CharField(
        label=_("reason"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Kept in the difference's history with your name."),
    )


class CloseForm(ReopenForm):
    state = forms.ChoiceField(label=_("state"), choices=CLOSED, widget=UnfoldAdminRadioSelectWidget)
    field_order = ["state", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["state"].initial = DifferenceState.EXPLAINED.value
