"""What the merchant types in: a task with its reward table, and what going live asks."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelect2MultipleWidget, UnfoldBooleanSwitchWidget

from members.segments.models import Segment
from members.tiers.models import Tier
from points.tasks.models import Task


class TaskForm(forms.ModelForm):
    tiers = forms.ModelMultipleChoiceField(
        Tier.objects.order_by("pk"), required=False, label=_("only for tiers"), widget=UnfoldAdminSelect2MultipleWidget
    )
    segments = forms.ModelMultipleChoiceField(
        Segment.objects.order_by("name"),
        required=False,
        label=_("only for segments"),
        widget=UnfoldAdminSelect2MultipleWidget,
    )

    class Meta:
        model = Task
        exclude: tuple[str, ...] = ()


class RewardStepFormSet(forms.BaseInlineFormSet):
    """The rows count from one without a gap."""

    def clean(self) -> None:
        super().clean()
        rows: list[dict[str, Any]] = [
            form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        numbers = sorted(row["number"] for row in rows if row.get("number") is not None)
        if numbers != list(range(1, len(numbers) + 1)):
            raise ValidationError(_("Number the rows from 1 without a gap."))


class PublishForm(forms.Form):
    """Nothing to be typed; what rewards the act of sharing must be confirmed."""


class PublishShareForm(PublishForm):
    acknowledged = forms.BooleanField(
        label=_("I know that this may get the mini-program blocked, and want it all the same"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )
