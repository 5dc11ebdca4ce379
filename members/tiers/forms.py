"""What the merchant types in: the rules with one line per tier, and tiers set by hand."""

from collections.abc import Iterator
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
    UnfoldBooleanSwitchWidget,
)

from members.identity.models import Member
from members.identity.phones import parse_phone
from members.identity.queries import GONE
from members.tiers.engine import Step
from members.tiers.errors import RulesInvalid
from members.tiers.models import Behaviour, Tier, TierPolicy, TierRequirement
from members.tiers.rules import is_ladder
from shop.core.shown import AsShownMixin

MOST_GROWTH = 10**12
_WIDGETS: dict[str, Any] = {
    "window": UnfoldAdminSelectWidget,
    "downgrade": UnfoldAdminSelectWidget,
    "refund_downgrades": UnfoldBooleanSwitchWidget,
    "reassess": UnfoldBooleanSwitchWidget,
    "note": UnfoldAdminTextInputWidget,
    **dict.fromkeys(
        ("months", "validity_months", "grace_days", "growth_per_100_yuan", "growth_per_100_points"),
        UnfoldAdminIntegerFieldWidget,
    ),
}


class RulesForm(AsShownMixin, forms.ModelForm):
    """A draft of the next version, filled with the present one. Tiers left blank are not in use."""

    class Meta:
        model = TierPolicy
        fields = list(_WIDGETS)
        widgets = _WIDGETS

    def __init__(self, data: Any = None) -> None:
        present = TierPolicy.objects.order_by("-pk")[0]
        needs = {row.tier_id: row for row in TierRequirement.objects.filter(policy=present)}
        self.tiers = sorted(Tier.objects.all(), key=lambda tier: _height(needs.get(tier.pk)))
        initial = {name: getattr(present, name) for name in _WIDGETS} | {"reassess": False, "note": ""}
        super().__init__(data, instance=TierPolicy(), initial=initial)
        for tier in self.tiers:
            need = needs.get(tier.pk)
            self._add(f"threshold_{tier.pk}", _("{tier}: growth to reach it"), tier, need.threshold if need else None)
            self._add(f"retention_{tier.pk}", _("{tier}: growth to keep it"), tier, need.retention if need else None)
        for behaviour in Behaviour:
            self.fields[f"behaviour_{behaviour}"] = _whole_number(
                _("Growth for: {behaviour}").format(behaviour=behaviour.label),
                initial=present.behaviours.get(behaviour, 0),
            )

    @property
    def ladder(self) -> list[Step]:
        return [Step(tier.pk, threshold, retention) for tier, threshold, retention in self._needs()]

    @property
    def draft(self) -> TierPolicy:
        """The version that is to be saved."""
        policy: TierPolicy = self.instance
        policy.behaviours = {each.value: self.cleaned_data.get(f"behaviour_{each}") or 0 for each in Behaviour}
        return policy

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("months", "validity_months"):
            if cleaned.get(name) == 0:
                self.add_error(name, _("At least one month."))
        if not self.errors and not is_ladder(self.ladder):
            raise ValidationError(str(RulesInvalid()))
        return cleaned

    def _needs(self) -> Iterator[tuple[Tier, int, int]]:
        for tier in self.tiers:
            threshold = self.cleaned_data.get(f"threshold_{tier.pk}")
            if threshold is not None:
                yield tier, threshold, self.cleaned_data.get(f"retention_{tier.pk}") or 0

    def _add(self, name: str, label: Any, tier: Tier, initial: int | None) -> None:
        self.fields[name] = _whole_number(label.format(tier=tier), initial=initial)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


class OfMemberForm(ReasonForm):
    """Something by hand about one member."""

    member = forms.CharField(
        label=_("member"),
        max_length=20,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The whole phone number, or the member's id."),
    )

    def clean_member(self) -> Member:
        given = self.cleaned_data["member"].strip()
        phone = parse_phone(given)
        known = Member.objects.filter(phone=phone).first() if phone else None
        if known is None and given.isascii() and given.isdecimal() and len(given) < 18:
            known = Member.objects.filter(pk=int(given)).first()
        if known is None or known.status in GONE:
            raise ValidationError(_("No such member."))
        return known


class GrowthForm(OfMemberForm):
    """`reference` is made with the form, so that one that is sent twice counts once."""

    growth = forms.IntegerField(
        label=_("growth"),
        min_value=-MOST_GROWTH,
        max_value=MOST_GROWTH,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("A minus takes growth away, the newest first."),
    )
    reference = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    field_order = ["member", "growth", "reason"]

    def clean_growth(self) -> int:
        growth: int = self.cleaned_data["growth"]
        if growth == 0:
            raise ValidationError(_("Nothing to give or take."))
        return growth


class ManualTierForm(OfMemberForm):
    tier = forms.ModelChoiceField(Tier.objects.none(), label=_("tier"), widget=UnfoldAdminSelectWidget)
    last_day = forms.DateField(
        label=_("last day"), required=False, widget=UnfoldAdminDateWidget, help_text=_("Blank: for good.")
    )
    holds_down = forms.BooleanField(
        label=_("do not rise above it by growth"), required=False, widget=UnfoldBooleanSwitchWidget
    )
    field_order = ["member", "tier", "last_day", "holds_down", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = TierPolicy.objects.order_by("-pk").values("pk")[:1]
        in_use = Tier.objects.filter(requirements__policy=newest).order_by("requirements__threshold")
        field = self.fields["tier"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = in_use


def _whole_number(label: Any, *, initial: int | None) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=0,
        max_value=MOST_GROWTH,
        initial=initial,
        widget=UnfoldAdminIntegerFieldWidget,
    )


def _height(need: TierRequirement | None) -> int:
    return need.threshold if need else MOST_GROWTH
