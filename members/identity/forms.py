"""What staff type in about members."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from members.identity.phones import parse_mobile


class NewPhoneForm(forms.Form):
    phone = forms.CharField(
        label=_("New phone"), max_length=32, widget=UnfoldAdminTextInputWidget({"inputmode": "tel"})
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=_(
            "How you know that the member asks and has this number. Whoever is signed in is signed out; the member and "
            "the old number are told."
        ),
    )

    def clean_phone(self) -> str:
        phone = parse_mobile(self.cleaned_data["phone"])
        if phone is None:
            raise ValidationError(_("This is not a mobile number that can sign in here."))
        return phone
