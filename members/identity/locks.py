"""Locks of this room. Names are locked before rows, rows of members before their addresses."""

from django.db import connection

from members.identity.errors import MemberBlocked
from members.identity.models import Member
from members.identity.queries import GONE
from shop.core.errors import NotSignedIn
from shop.core.prepared import Prepared

# Written out, because every cart asks.
_LOCK = Prepared("lock_member", "SELECT id FROM identity_member WHERE id = %s FOR NO KEY UPDATE")


def lock_names(*names: str) -> None:
    """Hold these names until the transaction ends, for what has no row to lock yet: a new phone, a new openid."""
    with connection.cursor() as cursor:
        # One name at a time in sorted order, whatever the planner would do with a set.
        for name in sorted(names):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"identity:{name}"])


def lock_member(*, member_id: int) -> None:
    """One at a time, for what has no row of its own that could be locked."""
    _LOCK.run([member_id])


def lock_members(*member_ids: int) -> dict[int, Member]:
    """The members' rows, in order of their keys."""
    rows = Member.objects.select_for_update(no_key=True).filter(pk__in=member_ids).order_by("pk")
    return {member.pk: member for member in rows}


def lock_active_member(*, member_id: int) -> Member:
    """The member's row, locked, while the profile or the list of addresses changes. Raises MemberBlocked."""
    member = Member.objects.select_for_update(no_key=True).filter(pk=member_id).first()
    if member is None or member.status in GONE:
        raise NotSignedIn
    if member.status != Member.Status.ACTIVE:
        raise MemberBlocked
    return member
