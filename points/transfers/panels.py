"""What a member's page shows of points given and received."""

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from members.identity.admin import link_to_member
from members.identity.models import Member
from members.identity.panels import SHOWN, MemberPanel, shown_phone, when
from points.transfers.models import Transfer


def transfers_panel(request: HttpRequest, member: Member) -> MemberPanel | None:
    if not request.user.has_perm("transfers.view_transfer"):
        return None
    found = Transfer.objects.filter(Q(sender=member) | Q(recipient=member)).select_related("sender", "recipient")
    rows = [
        [
            when(row.created_at),
            _("given") if row.sender_id == member.pk else _("received"),
            _other_side(request, row, member),
            f"{row.points:,}",
            row.get_status_display(),
        ]
        for row in found.order_by("-pk")[:SHOWN]
    ]
    return MemberPanel(_("Transfers of points"), [_("time"), "", _("member"), _("points"), _("status")], rows)


def _other_side(request: HttpRequest, row: Transfer, member: Member) -> str:
    if row.sender_id != member.pk:
        return link_to_member(row.sender)
    if row.recipient is not None:
        return link_to_member(row.recipient)
    return shown_phone(request, row.phone) if row.phone else "–"
