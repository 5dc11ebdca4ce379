"""What the merchant may change about signing in and addresses."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

CODES_PER_PHONE_HOUR = whole_number(
    "identity.codes_per_phone_hour", default=5, minimum=1, label=_("Sign-in codes per phone and hour")
)
CODES_PER_PHONE_DAY = whole_number(
    "identity.codes_per_phone_day", default=10, minimum=1, label=_("Sign-in codes per phone and day")
)
CODES_PER_ADDRESS_HOUR = whole_number(
    "identity.codes_per_address_hour",
    default=60,
    minimum=1,
    label=_("Sign-in codes per network address and hour"),
    help_text=_("Many members may share one address behind an office or a mobile operator."),
)
CODES_PER_ADDRESS_DAY = whole_number(
    "identity.codes_per_address_day", default=300, minimum=1, label=_("Sign-in codes per network address and day")
)
CODES_PER_DEVICE_HOUR = whole_number(
    "identity.codes_per_device_hour", default=10, minimum=1, label=_("Sign-in codes per device and hour")
)
CODES_PER_DEVICE_DAY = whole_number(
    "identity.codes_per_device_day", default=30, minimum=1, label=_("Sign-in codes per device and day")
)
COOL_OFF_DAYS = whole_number(
    "identity.cool_off_days",
    default=7,
    minimum=1,
    maximum=15,
    label=_("Days until a cancelled account is erased"),
    help_text=_("Until then the member may change their mind. The law allows at most fifteen working days."),
)
ADDRESSES_PER_MEMBER = whole_number(
    "identity.addresses_per_member", default=50, minimum=1, maximum=500, label=_("Addresses per member")
)
