"""Facts of rooms below that customers are made of."""

from members.identity.facts import MemberRegistered
from promotions.distribution.services.binding import bind_registered
from shop.core.events import subscribe


@subscribe(MemberRegistered, only=lambda fact: fact.inviter_id is not None)
def member_registered(fact: MemberRegistered) -> None:
    if fact.inviter_id is not None:
        bind_registered(member_id=fact.member_id, inviter_id=fact.inviter_id, now=fact.at)
