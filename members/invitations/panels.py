"""What a member's page shows of invitations."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from members.identity.admin import link_to_member
from members.identity.models import Member
from members.identity.panels import SHOWN, MemberPanel, when
from members.invitations.models import Invitation
from members.invitations.queries import counts_of


def invitations_panel(request: HttpRequest, member: Member) -> MemberPanel | None:
    if not request.user.has_perm("invitations.view_invitation"):
        return None
    made = Invitation.objects.filter(inviter=member).select_related("invitee").order_by("-pk")[:SHOWN]
    rows = [
        [link_to_member(each.invitee), when(each.registered_at), when(each.settled_at), each.get_review_display()]
        for each in made
    ]
    counts = counts_of(member_id=member.pk)
    page = reverse("admin:invitations_invitation_changelist")
    return MemberPanel(
        _("Invitations"),
        [_("invited member"), _("registered at"), _("first order settled at"), _("review")],
        rows,
        summary=_("{invited} invited, {settled} with a settled order").format(**counts),
        links=[(_("All"), f"{page}?q={member.invite_code}")],
    )
