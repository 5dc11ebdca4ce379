"""What the merchant types in: rules of expiry, and points by hand."""

from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from members.tiers.forms import OfMemberForm
from points.ledger.errors import ExpiryPolicyInvalid
from points.ledger.models import ExpiryPolicy, ExpiryVersion
from points.ledger.policies import newest_version
from points.ledger.services.expiring import check
from shop.core.shown import AsShownMixin

MOST_POINTS = 10**9
_WIDGETS: dict[str, Any] = {
    "kind": UnfoldAdminSelectWidget,
    **dict.fromkeys(
        ("month", "day", "cut_off_month", "cut_off_day", "months"),
        UnfoldAdminIntegerFieldWidget,
    ),
    "last_day": UnfoldAdminDateWidget,
    "note": UnfoldAdminTextInputWidget,
}


class ExpiryForm(AsShownMixin, forms.ModelForm):
    """A draft of the next version of a policy, filled with its present one; a new policy starts as the default one."""

    class Meta:
        model = ExpiryVersion
        fields = list(_WIDGETS)
        widgets = _WIDGETS

    def __init__(self, data: Any = None, *, policy: ExpiryPolicy | None = None) -> None:
        self.policy = policy
        present = newest_version(policy.pk if policy else None)
        initial = {name: getattr(present, name) for name in _WIDGETS} | {"note": ""}
        super().__init__(data, instance=ExpiryVersion(), initial=initial)
        for name, only in _HINTS.items():
            self.fields[name].help_text = only
        if policy is None:
            self.fields["name"] = forms.CharField(label=_("name"), max_length=60, widget=UnfoldAdminTextInputWidget)
            self.order_fields(["name", *_WIDGETS])

    @property
    def draft(self) -> ExpiryVersion:
        """The version that is to be saved."""
        version: ExpiryVersion = self.instance
        return version

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if ExpiryPolicy.objects.filter(name=name).exists():
            raise ValidationError(_("There is a policy of this name."))
        return name

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            try:
                check(self.draft, is_default=self.policy is not None and self.policy.is_default)
            except ExpiryPolicyInvalid as refusal:
                self.add_error(None, str(refusal))


_HINTS: dict[str, Any] = {
    "month": _("Where points are cleared once a year."),
    "day": _("Where points are cleared once a year; they are valid through this day."),
    "cut_off_month": _("What is earned from this day on lives a year longer. Blank: there is no cut-off."),
    "cut_off_day": "",
    "months": _("Where a number of months counts."),
    "last_day": _("Where a fixed date counts. Points granted after it expire as the default policy says."),
}


class PointsForm(OfMemberForm):
    """`reference` is made with the form, so that one that is sent twice counts once."""

    points = forms.IntegerField(
        label=_("points"),
        min_value=-MOST_POINTS,
        max_value=MOST_POINTS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Negative takes points away."),
    )
    reference = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    field_order = ["member", "points", "reason"]

    def clean_points(self) -> int:
        points: int = self.cleaned_data["points"]
        if points == 0:
            raise ValidationError(_("Nothing to give or take."))
        return points
