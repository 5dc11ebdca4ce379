"""Invitations for tests, registered as the shop does it."""

from datetime import datetime

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from members.invitations.models import Invitation
from members.invitations.services import record_registration


def invite(inviter: Member, *, now: datetime, **invitee: object) -> Invitation:
    """A new member who came by `inviter`."""
    member = MemberFactory(inviter=inviter, joined_at=now, **invitee)
    invitation = record_registration(member_id=member.pk, now=now)
    assert invitation is not None
    return invitation
