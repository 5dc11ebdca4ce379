"""What a member's page in the admin shows of what they were told, and how it went."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from members.identity.models import Member
from members.identity.panels import SHOWN, MemberPanel, when
from members.notifications.models import Notification


def notifications_panel(request: HttpRequest, member: Member) -> MemberPanel | None:
    if not request.user.has_perm("notifications.view_delivery"):
        return None
    told = Notification.objects.filter(member=member).prefetch_related("deliveries").order_by("-pk")[:SHOWN]
    return MemberPanel(
        _("Notifications"),
        [_("time"), _("title"), _("deliveries")],
        [[when(each.created_at), each.title or each.event, _deliveries(each)] for each in told],
    )


def _deliveries(told: Notification) -> str:
    ways = [f"{each.get_channel_display()} {each.get_status_display()}" for each in told.deliveries.all()]
    return " · ".join(ways) or "–"
