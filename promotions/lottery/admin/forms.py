"""What the staff types in about a lottery that is published already: more of a prize, codes, chances."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from members.identity.models import Member
from members.identity.phones import parse_phone
from promotions.lottery.models import Lottery, Prize
from promotions.lottery.services.chances import MOST_GIVEN
from promotions.lottery.services.stocking import MOST_CODES

LONGEST_CODE = 200


class _PrizeForm(forms.Form):
    """`offered` are the prizes of the lottery that it is about."""

    offered: ClassVar[Q]

    prize = forms.ModelChoiceField(Prize.objects.none(), label=gettext_lazy("prize"), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, lottery: Lottery, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["prize"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = lottery.prizes.filter(self.offered).order_by("pk")


class StockForm(_PrizeForm):
    offered = Q(stock__isnull=False) & ~Q(kind=Prize.Kind.CODE)

    units = forms.IntegerField(
        label=gettext_lazy("how many more"),
        min_value=1,
        max_value=1_000_000,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=gettext_lazy("The odds stay as they are published; what is added is never taken away again."),
    )


class CodesForm(_PrizeForm):
    offered = Q(kind=Prize.Kind.CODE)

    codes = forms.CharField(
        label=gettext_lazy("codes"),
        widget=UnfoldAdminExpandableTextareaWidget,
        help_text=gettext_lazy("One a line. They are kept sealed; those that are there already are left out."),
    )

    def clean_codes(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["codes"].splitlines() if line.strip()]
        if len(lines) > MOST_CODES:
            raise ValidationError(_("At most {limit} lines.").format(limit=MOST_CODES))
        if any(len(line) > LONGEST_CODE for line in lines):
            raise ValidationError(_("A code has at most {limit} characters.").format(limit=LONGEST_CODE))
        return lines


class ChancesForm(forms.Form):
    """`reference` travels with the form, so that what is sent twice is given once."""

    member = forms.CharField(
        label=gettext_lazy("member"),
        max_length=20,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("The whole phone number, or the member's id."),
    )
    amount = forms.IntegerField(
        label=gettext_lazy("chances"), min_value=1, max_value=MOST_GIVEN, widget=UnfoldAdminIntegerFieldWidget
    )
    note = forms.CharField(label=gettext_lazy("reason"), max_length=200, widget=UnfoldAdminTextInputWidget)
    reference = forms.CharField(widget=forms.HiddenInput, max_length=40)

    def __init__(self, data: Any) -> None:
        super().__init__(data, initial={"reference": get_random_string(20)})

    def clean_member(self) -> Member:
        given = self.cleaned_data["member"].strip()
        active = Member.objects.filter(status=Member.Status.ACTIVE)
        phone = parse_phone(given)
        known = active.filter(phone=phone).first() if phone else None
        if known is None and given.isascii() and given.isdecimal() and len(given) < 18:
            known = active.filter(pk=int(given)).first()
        if known is None:
            raise ValidationError(_("No such member."))
        return known
