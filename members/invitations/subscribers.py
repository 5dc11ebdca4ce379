"""Facts of the room below that invitations are made of."""

from members.identity.facts import MemberRegistered
from members.invitations.services import record_registration
from shop.core.events import subscribe


@subscribe(MemberRegistered, only=lambda fact: fact.inviter_id is not None)
def member_registered(fact: MemberRegistered) -> None:
    record_registration(member_id=fact.member_id, now=fact.at)
