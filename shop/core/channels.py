"""The fronts that members come by."""

from enum import StrEnum

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

CHANNEL_HEADER = "X-Channel"
_IN_META = f"HTTP_{CHANNEL_HEADER.upper().replace('-', '_')}"


class Channel(StrEnum):
    MINI_PROGRAM = "mini_program"
    H5 = "h5"
    APP = "app"


_KNOWN = frozenset(each.value for each in Channel)
CHANNEL_CHOICES = (
    (Channel.MINI_PROGRAM.value, _("Mini-program")),
    (Channel.H5.value, _("H5 page")),
    (Channel.APP.value, _("App")),
)


def channel_of(request: HttpRequest) -> str:
    """What the front says it is; empty when it says nothing that is known."""
    named = request.META.get(_IN_META, "").strip().lower()
    return named if named in _KNOWN else ""
