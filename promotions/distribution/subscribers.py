"""Facts of rooms below that customers are made of; and what is asked of the payment service after a commit."""

from members.identity.facts import MemberRegistered
from promotions.distribution.facts import PayoutApproved, PayoutStopAsked
from promotions.distribution.services.binding import bind_registered
from promotions.distribution.services.paying_out import refresh_payout, send_payout
from shop.core import clock
from shop.core.events import subscribe


@subscribe(MemberRegistered, only=lambda fact: fact.inviter_id is not None)
def member_registered(fact: MemberRegistered) -> None:
    if fact.inviter_id is not None:
        bind_registered(member_id=fact.member_id, inviter_id=fact.inviter_id, now=fact.at)


@subscribe(PayoutApproved, in_transaction=False)
def send_to_payment_service(fact: PayoutApproved) -> None:
    send_payout(number=fact.number, now=clock.now())


@subscribe(PayoutStopAsked, in_transaction=False)
def stop_at_payment_service(fact: PayoutStopAsked) -> None:
    refresh_payout(number=fact.number, now=clock.now())
