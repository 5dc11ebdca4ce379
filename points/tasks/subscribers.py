"""Facts that count towards tasks, and what follows from what members did."""

from members.invitations.facts import InvitationRegistered, InvitationSettled
from points.tasks.facts import LinkVisited, MemberDid
from points.tasks.locks import lock_earner
from points.tasks.models import Kind
from points.tasks.services import record_task_event
from points.tasks.services.rewarding import tell_deed
from shop.core import clock
from shop.core.events import subscribe


@subscribe(InvitationRegistered)
def friend_registered(fact: InvitationRegistered) -> None:
    reference = f"invitation:{fact.invitation_id}"
    record_task_event(kind=Kind.INVITE, member_id=fact.inviter_id, reference=reference, at=fact.at, now=clock.now())


@subscribe(InvitationSettled)
def friend_bought(fact: InvitationSettled) -> None:
    reference = f"invitation:{fact.invitation_id}"
    record_task_event(
        kind=Kind.INVITE_ORDER, member_id=fact.inviter_id, reference=reference, at=fact.at, now=clock.now()
    )


@subscribe(LinkVisited)
def friend_visited(fact: LinkVisited) -> None:
    """A friend who comes again counts again for a task in its next period only."""
    record_task_event(
        kind=Kind.SHARE,
        member_id=fact.member_id,
        reference=f"visit:{fact.visit_id}",
        at=fact.at,
        now=clock.now(),
        by_whom=fact.visitor,
    )


@subscribe(MemberDid)
def reward_by_rules(fact: MemberDid) -> None:
    member = lock_earner(member_id=fact.member_id)
    if member is not None:
        tell_deed(kind=fact.kind, reference=fact.reference, member_id=member.pk, at=fact.at, now=clock.now())
