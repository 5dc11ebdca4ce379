"""What the merchant may change about invitations."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

INVITEES_PER_DAY = whole_number(
    "invitations.invitees_per_day",
    default=20,
    minimum=1,
    label=_("Invited members per inviter and day"),
    help_text=_("More than these are held until a person has looked at them."),
)
