"""How far a prize has come that was won."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class WinStatus(models.TextChoices):
    WAITING = "waiting", _("To be claimed")
    ORDERED = "ordered", _("Ordered, unpaid")
    CLAIMED = "claimed", _("Claimed")
    DELIVERED = "delivered", _("Given at once")
    EXPIRED = "expired", _("Not claimed in time")
    RETURNED = "returned", _("Came back after it was sent")


# Those that nobody has any more: they are among the prizes again.
PUT_BACK = (WinStatus.EXPIRED, WinStatus.RETURNED)
TRANSITIONS: Mapping[str, frozenset[str]] = {
    WinStatus.WAITING: frozenset({WinStatus.ORDERED, WinStatus.EXPIRED}),
    WinStatus.ORDERED: frozenset({WinStatus.CLAIMED, WinStatus.WAITING}),
    WinStatus.CLAIMED: frozenset({WinStatus.WAITING, WinStatus.RETURNED}),
    WinStatus.DELIVERED: frozenset(),
    WinStatus.EXPIRED: frozenset(),
    WinStatus.RETURNED: frozenset(),
}
