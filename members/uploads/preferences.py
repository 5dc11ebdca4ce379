"""What the merchant may change about members' pictures."""

from django.utils.translation import gettext_lazy as _

from shop.core.preferences import whole_number

MEGABYTES = whole_number(
    "uploads.megabytes", default=10, minimum=1, maximum=20, label=_("Largest picture of a member, in megabytes")
)
MEGAPIXELS = whole_number(
    "uploads.megapixels",
    default=16,
    minimum=1,
    maximum=48,
    label=_("Largest picture of a member, in megapixels"),
    help_text=_("Photographs (baseline JPEG) may have 50 megapixels: they are shrunk while they are read."),
)
PER_HOUR = whole_number(
    "uploads.per_hour", default=60, minimum=1, maximum=10_000, label=_("Pictures that a member sends in an hour")
)
MOST_WAITING = whole_number(
    "uploads.most_waiting",
    default=40,
    minimum=1,
    maximum=1_000,
    label=_("Pictures of a member that wait to be used"),
    help_text=_("In a review or an after-sale, for example. What is not used within a day is deleted."),
)
