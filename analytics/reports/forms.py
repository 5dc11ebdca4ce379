"""What the overview is narrowed by, and which reports somebody wants by mail."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from analytics.reports.models import Kind
from analytics.traffic.filters import SliceForm
from analytics.traffic.queries import Slice, campaigns_of


class OverviewForm(SliceForm):
    """`?…&activity=`: only what one activity did."""

    activity = forms.CharField(label=_("activity"), required=False, max_length=64)

    def offer(self, asked: Slice) -> None:
        """The activities that were seen in these days, and the one that is chosen."""
        seen = [(each.campaign, each.campaign) for each in campaigns_of(asked) if each.campaign]
        chosen = self.data.get("activity", "")
        if chosen and chosen not in dict(seen):
            seen.append((chosen, chosen))
        choices = [("", _("All activities")), *seen]
        self.fields["activity"].widget = UnfoldAdminSelectWidget(choices=choices)


class SubscriptionForm(forms.Form):
    kinds = forms.MultipleChoiceField(
        label=_("By mail"),
        required=False,
        choices=Kind.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Sent to your address when a report is made, with PDF and XLSX."),
    )

    def __init__(self, *args: Any, has_address: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._has_address = has_address

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("kinds") and not self._has_address:
            raise forms.ValidationError(_("Your account has no mail address."))
        return cleaned
