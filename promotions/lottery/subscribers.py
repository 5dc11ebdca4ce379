"""Facts of the rooms below that give chances; orders and reviews call from above.

They come to the account that the member has become part of, if any, under its lock: what moves with an account does
not miss them.
"""

from members.invitations.facts import InvitationRegistered
from points.tasks.facts import CheckedIn
from points.tasks.locks import lock_earner
from promotions.lottery.models import Source
from promotions.lottery.services import give_chances
from shop.core.events import subscribe


@subscribe(CheckedIn)
def chances_for_check_in(fact: CheckedIn) -> None:
    member = lock_earner(member_id=fact.member_id)
    if member is not None:
        reference = f"check_in:{fact.member_id}:{fact.day.isoformat()}"
        give_chances(source=Source.CHECK_IN, member_id=member.pk, reference=reference, now=fact.at)


@subscribe(InvitationRegistered)
def chances_for_invitation(fact: InvitationRegistered) -> None:
    member = lock_earner(member_id=fact.inviter_id)
    if member is not None:
        reference = f"invitation:{fact.invitation_id}"
        give_chances(source=Source.INVITATION, member_id=member.pk, reference=reference, now=fact.at)
