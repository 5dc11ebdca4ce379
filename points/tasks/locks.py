"""Whoever earns is locked first, so that what one member does comes one after the other."""

from members.identity.locks import lock_members
from members.identity.models import Member


def lock_earner(*, member_id: int) -> Member | None:
    """The member to whom something belongs that was told later: the account that this one has become part of, if any.

    None for one that is blocked or gone, who earns nothing.
    """
    member = lock_members(member_id).get(member_id)
    if member is not None and member.merged_into_id is not None:
        member = lock_members(member.merged_into_id).get(member.merged_into_id)
    return member if member is not None and member.status == Member.Status.ACTIVE else None


def lock_doer(*, member_id: int) -> int:
    """The same for what is taken back: whatever the account may do now, or the one that it has become part of."""
    member = lock_members(member_id)[member_id]
    return lock_doer(member_id=member.merged_into_id) if member.merged_into_id is not None else member.pk
