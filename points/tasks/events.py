"""What members do, as the earning rules of the merchant and the growth of tiers know it."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from members.tiers.models import Behaviour
from points.rules.events import EventKind, declare
from points.tasks.models import Kind

CHECK_IN = declare(EventKind("check_in", _("Check-in"), has_streak=True))
_NAMES: Mapping[str, object] = {
    Kind.SHARE: _("Friend opens a shared link"),
    Kind.SHARE_ACT: _("Sharing"),
    Kind.INVITE: _("Invited friend registers"),
    Kind.INVITE_ORDER: _("Invited friend's first order is completed"),
    Kind.REVIEW: _("Review"),
    Kind.PROFILE: _("Profile completed"),
    Kind.BROWSE: _("Browsing"),
    Kind.BIRTHDAY: _("Birthday"),
    Kind.ANNIVERSARY: _("Anniversary of joining"),
    Kind.MEMBER_DAY: _("Member day"),
}
EVENTS = {kind: declare(EventKind(str(kind), name)) for kind, name in _NAMES.items()}

# What also makes a member grow, at the rates of the tier rules.
BEHAVIOURS: Mapping[str, Behaviour] = {
    Kind.CHECK_IN: Behaviour.CHECK_IN,
    Kind.INVITE: Behaviour.INVITATION,
    Kind.REVIEW: Behaviour.REVIEW,
    Kind.PROFILE: Behaviour.PROFILE,
}
