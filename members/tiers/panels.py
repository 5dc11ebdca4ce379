"""What a member's page in the admin shows of their tier: where they stand, and how they came there."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from members.identity.models import Member
from members.identity.panels import SHOWN, MemberPanel, when
from members.identity.queries import GONE
from members.tiers.models import MemberTier, TierChange
from members.tiers.queries import name_of


def tier_panel(request: HttpRequest, member: Member) -> MemberPanel | None:
    if not request.user.has_perm("tiers.view_membertier"):
        return None
    standing = MemberTier.objects.select_related("tier").filter(member=member).first()
    changes = TierChange.objects.filter(member=member).select_related("from_tier", "to_tier").order_by("-pk")[:SHOWN]
    rows = [
        [
            when(each.changed_at),
            f"{name_of(each.from_tier)} → {name_of(each.to_tier)}",
            each.get_reason_display(),
            each.note or "–",
        ]
        for each in changes
    ]
    return MemberPanel(
        _("Tier and growth"),
        [_("time"), _("tier"), _("reason"), _("note")],
        rows,
        summary=_standing(standing) if standing else "",
        links=_links(request, member),
    )


def _links(request: HttpRequest, member: Member) -> list[tuple[str, str]]:
    links = [(_("Growth"), f"{reverse('admin:tiers_growthentry_changelist')}?member__id__exact={member.pk}")]
    if request.user.has_perm("tiers.change_membertier") and member.status not in GONE:
        by_hand = (("adjust_growth", _("Give or take growth")), ("set_by_hand", _("Set a tier by hand")))
        links += [(label, f"{reverse(f'admin:tiers_membertier_{name}')}?member={member.pk}") for name, label in by_hand]
    return links


def _standing(standing: MemberTier) -> str:
    said = _("{tier}, growth {growth}").format(tier=name_of(standing.tier), growth=standing.growth)
    if standing.valid_until is None:
        return said
    return f"{said} · " + _("valid before {date}").format(date=standing.valid_until.isoformat())
