"""What a member's page in the admin shows of their points, and where to do them a favour."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from members.identity.models import Member
from members.identity.panels import SHOWN, MemberPanel, when
from members.identity.queries import GONE
from points.accounts.explaining import explain_all
from points.ledger.models import PointAccount
from points.ledger.queries import balance_of, history_of, points_worth_fen
from shop.core import clock
from shop.core.money import yuan


def points_panel(request: HttpRequest, member: Member) -> MemberPanel | None:
    if not request.user.has_perm("ledger.view_pointaccount"):
        return None
    balance = balance_of(member_id=member.pk, now=clock.now())
    said = _("{available} available (worth {worth}), {pending} pending, {held} held, {debt} owed")
    return MemberPanel(
        _("Points"),
        [_("time"), _("why"), _("points")],
        [
            [when(each.movement.at), each.reason, f"{each.movement.points:+,}"]
            for each in explain_all(list(history_of(member_id=member.pk)[:SHOWN]))
        ],
        summary=said.format(
            available=f"{balance.available:,}",
            worth=yuan(points_worth_fen(balance.available)),
            pending=f"{balance.pending:,}",
            held=f"{balance.held:,}",
            debt=f"{balance.debt:,}",
        ),
        links=_links(request, member),
    )


def _links(request: HttpRequest, member: Member) -> list[tuple[str, str]]:
    links = []
    if PointAccount.objects.filter(pk=member.pk).exists():
        links.append((_("Points ledger"), reverse("admin:ledger_pointaccount_change", args=[member.pk])))
    if request.user.has_perm("ledger.add_manualgrant") and member.status not in GONE:
        page = reverse("admin:ledger_manualgrant_give_or_take")
        links.append((_("Give or take points"), f"{page}?member={member.pk}"))
    return links
