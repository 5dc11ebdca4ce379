"""The panels of a member's page in the admin: what every room knows about them, on one page.

`settings.MEMBER_PANELS` lists functions `(request, member) -> MemberPanel | None` by dotted path, in order; None hides
a panel from those who may not see it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.module_loading import import_string
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from members.identity.models import Member, PhoneChange
from members.identity.phones import mask_phone, show_phone
from members.identity.queries import open_cancellations
from members.identity.recipients import mask_street
from shop.core.actors import actor_in_words
from shop.regions.queries import region

# Of what there may be much, the newest rows; the rest is behind the panel's link.
SHOWN = 10


@dataclass(frozen=True)
class MemberPanel:
    """A table with a title. `summary` says what counts in one line; `links` are (label, address) pairs."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Any]]
    summary: str = ""
    links: Sequence[tuple[str, str]] = ()

    @property
    def table(self) -> dict[str, Any]:
        return {"headers": list(self.headers), "rows": [list(row) for row in self.rows]}


Provider = Callable[[HttpRequest, Member], MemberPanel | None]


def member_panels(request: HttpRequest, member: Member) -> list[MemberPanel]:
    providers: list[Provider] = [import_string(path) for path in settings.MEMBER_PANELS]
    return [panel for provider in providers if (panel := provider(request, member)) is not None]


def may_reveal(request: HttpRequest) -> bool:
    """Whether whole phone numbers and streets are shown to this member of staff."""
    return request.user.has_perm("identity.reveal_member")


def shown_phone(request: HttpRequest, phone: str) -> str:
    return show_phone(phone) if may_reveal(request) else mask_phone(phone)


def shown_street(request: HttpRequest, street: str) -> str:
    return street if may_reveal(request) else mask_street(street)


def when(instant: datetime | None) -> str:
    return date_format(localtime(instant), "Y-m-d H:i") if instant else "–"


def addresses_panel(request: HttpRequest, member: Member) -> MemberPanel:
    rows = []
    for each in member.addresses.order_by("-is_default", "-pk")[:SHOWN]:
        where = region(each.region_id)
        street = shown_street(request, each.detail)
        place = where.path_name if where else each.region_id
        default = _("default") if each.is_default else ""
        rows.append([each.name, shown_phone(request, each.phone), f"{place} {street}", default])
    return MemberPanel(_("Addresses"), [_("recipient"), _("phone"), _("address"), ""], rows)


def sessions_panel(request: HttpRequest, member: Member) -> MemberPanel:
    rows = [
        [each.user_agent or "–", when(each.created_at), when(each.refreshed_at), when(each.revoked_at)]
        for each in member.sessions.order_by("-refreshed_at")[:SHOWN]
    ]
    return MemberPanel(_("Sessions"), [_("device"), _("created at"), _("refreshed at"), _("ended at")], rows)


def account_panel(request: HttpRequest, member: Member) -> MemberPanel | None:
    """What happened to the account itself: merges, changes of the phone, and a cancellation under way."""
    told = [
        (each.merged_at, _("Account {number} was merged into this one.").format(number=each.source_id))
        for each in member.merges.order_by("-pk")[:SHOWN]
    ]
    told += [(each.changed_at, _phone_change(request, each)) for each in member.phone_changes.order_by("-pk")[:SHOWN]]
    rows = [[when(at), text] for at, text in sorted(told, reverse=True)]
    asked = open_cancellations().filter(member=member).first()
    if asked is not None:
        text = _("The member wants to leave and is erased on {date}.").format(date=when(asked.due_at))
        rows.insert(0, [when(asked.requested_at), text])
    return MemberPanel(_("Account"), [_("time"), _("event")], rows) if rows else None


def _phone_change(request: HttpRequest, change: PhoneChange) -> str:
    old, new = (shown_phone(request, each) if each else "–" for each in (change.old_phone, change.new_phone))
    text = _("Phone changed from {old} to {new} by {actor}.").format(
        old=old, new=new, actor=actor_in_words(change.actor)
    )
    return f"{text} {change.reason}".rstrip()
