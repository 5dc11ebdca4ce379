"""What the staff types in, besides the template itself."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from members.identity.models import Member
from members.identity.phones import parse_phone
from members.segments.models import Segment
from members.tiers.models import Tier
from promotions.campaigns.audience import Audience
from promotions.coupons.models import CouponTemplate
from promotions.coupons.models.codes import MOST_CODES
from shop.core import clock
from shop.core.shown import AsShownMixin

MOST_LINES = 20_000
NAMED = 5


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


class TotalForm(AsShownMixin, forms.Form):
    total_limit = forms.IntegerField(
        label=gettext_lazy("in all"),
        min_value=1,
        max_value=2**31 - 1,
        required=False,
        help_text=gettext_lazy("Blank: without limit."),
        widget=UnfoldAdminIntegerFieldWidget,
    )


class BatchForm(forms.Form):
    template = forms.ModelChoiceField(
        CouponTemplate.objects.filter(way=CouponTemplate.Way.CODES).order_by("-pk"),
        label=gettext_lazy("coupon template"),
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Templates that are redeemed with codes."),
    )
    name = forms.CharField(
        label=gettext_lazy("name"),
        max_length=60,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Where the codes go, for example a partner."),
    )
    quantity = forms.IntegerField(
        label=gettext_lazy("codes"), min_value=1, max_value=MOST_CODES, widget=UnfoldAdminIntegerFieldWidget
    )
    expires_at = forms.SplitDateTimeField(
        label=gettext_lazy("codes are good until"),
        required=False,
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text=gettext_lazy("Blank: as long as the template is running."),
    )

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= clock.now():
            raise ValidationError(_("The end must lie in the future."))
        return expires_at


class HandOutForm(forms.Form):
    """Either a list of members, or everybody of some tiers and segments."""

    template = forms.ModelChoiceField(
        CouponTemplate.objects.none(), label=gettext_lazy("coupon template"), widget=UnfoldAdminSelectWidget
    )
    tiers = forms.ModelMultipleChoiceField(
        Tier.objects.all(), required=False, label=gettext_lazy("tiers"), widget=UnfoldAdminSelect2MultipleWidget
    )
    segments = forms.ModelMultipleChoiceField(
        Segment.objects.order_by("name"),
        required=False,
        label=gettext_lazy("segments"),
        widget=UnfoldAdminSelect2MultipleWidget,
    )
    members = forms.CharField(
        label=gettext_lazy("or these members"),
        required=False,
        widget=UnfoldAdminExpandableTextareaWidget,
        help_text=gettext_lazy("Whole phone numbers or member ids, one a line."),
    )
    note = forms.CharField(label=gettext_lazy("note for colleagues"), max_length=200, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, templates: QuerySet[CouponTemplate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["template"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = templates

    @property
    def audience(self) -> Audience | None:
        """None where members are listed."""
        if self.cleaned_data["members"] is not None:
            return None
        return Audience(
            tier_ids=frozenset(tier.pk for tier in self.cleaned_data["tiers"]),
            segment_ids=frozenset(segment.pk for segment in self.cleaned_data["segments"]),
        )

    def clean_members(self) -> list[int] | None:
        """Ids; None when no list is given. Two queries, however many lines."""
        lines = [line.strip() for line in self.cleaned_data["members"].splitlines() if line.strip()]
        if not lines:
            return None
        if len(lines) > MOST_LINES:
            raise ValidationError(_("At most {limit} lines.").format(limit=MOST_LINES))
        known = _members(lines)
        unknown = [line for line in lines if line not in known]
        if unknown:
            raise ValidationError(_("No such member: {names}").format(names=", ".join(unknown[:NAMED])))
        return sorted(set(known.values()))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        listed, chosen = values.get("members") is not None, bool(values.get("tiers") or values.get("segments"))
        if "members" not in self.errors and listed == chosen:
            raise ValidationError(_("Either list members, or choose tiers or segments."))
        return values


def _members(lines: list[str]) -> dict[str, int]:
    """Member ids by what was typed: a whole phone number, or an id."""
    phones = {line: parse_phone(line) for line in lines}
    by_phone = dict(
        Member.objects.filter(phone__in={phone for phone in phones.values() if phone}).values_list("phone", "pk")
    )
    ids = {line: int(line) for line in lines if line.isascii() and line.isdecimal() and len(line) < 18}
    by_id = set(Member.objects.filter(pk__in=ids.values()).values_list("pk", flat=True))
    found = {line: pk for line, pk in ids.items() if pk in by_id}
    return found | {line: by_phone[phone] for line, phone in phones.items() if phone in by_phone}
