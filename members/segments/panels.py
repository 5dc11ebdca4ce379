"""What a member's page shows of the member's file: tags and segments, notes."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from members.identity.models import Member
from members.identity.panels import SHOWN, MemberPanel, when
from members.segments.models import BY_HAND
from members.segments.queries import current
from shop.core import clock
from shop.core.actors import ActorKind


def tags_panel(request: HttpRequest, member: Member) -> MemberPanel | None:
    if not request.user.has_perm("segments.view_tag"):
        return None
    tags = member.tags.select_related("tag").order_by("pk")
    held = member.segments.filter(current(now=clock.now())).select_related("segment").order_by("pk")
    rows = [[_("tag"), each.tag.name, _source(each.source), when(each.tagged_at), "–"] for each in tags]
    rows += [
        [_("segment"), each.segment.name, _source(each.source), when(each.since), when(each.until)] for each in held
    ]
    change = [(_("Change tags"), reverse("admin:segments_tag_member", args=[member.pk]))]
    return MemberPanel(
        _("Tags and segments"),
        [_("kind"), _("name"), _("source"), _("since"), _("until")],
        rows,
        links=change if request.user.has_perm("identity.change_member") else [],
    )


def _source(source: str) -> str:
    """Who or what put it there; of staff the account that did, where it is known."""
    return _("By hand") if source == BY_HAND else source.removeprefix(f"{ActorKind.STAFF}:")


def notes_panel(request: HttpRequest, member: Member) -> MemberPanel | None:
    if not request.user.has_perm("segments.view_membernote"):
        return None
    rows = [[each.text, each.author, when(each.written_at)] for each in member.notes.order_by("-pk")[:SHOWN]]
    write = [(_("Write a note"), f"{reverse('admin:segments_membernote_add')}?member={member.pk}")]
    return MemberPanel(
        _("Notes"),
        [_("note"), _("author"), _("written at")],
        rows,
        links=write if request.user.has_perm("segments.add_membernote") else [],
    )
