"""Numbers that the merchant may change."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

RETURN_GRACE_DAYS = whole_number(
    "coupons.return_grace_days",
    default=0,
    label=_("Days of grace for coupons that come back expired"),
    help_text=_("From an order that is given up or refunded. 0: they stay expired."),
    maximum=90,
)
REMIND_DAYS = whole_number(
    "coupons.remind_days",
    default=2,
    label=_("Days before a coupon expires to remind its member"),
    help_text=_("0: nobody is reminded."),
    maximum=30,
)
APPROVAL_MEMBERS = whole_number(
    "coupons.approval_members",
    default=1000,
    label=_("Members that one person may hand coupons out to"),
    help_text=_("Hand-outs to more of them wait for a second person."),
)
WRONG_CODES_PER_HOUR = whole_number(
    "coupons.wrong_codes_per_hour",
    default=5,
    label=_("Wrong redemption codes per member and hour"),
    help_text=_("Counted for the device too; ten times as many for a network address."),
    minimum=1,
    maximum=100,
)
STORE_PASS_MINUTES = whole_number(
    "coupons.store_pass_minutes",
    default=5,
    label=_("Minutes for which a coupon can be shown in a store"),
    minimum=1,
    maximum=60,
)
