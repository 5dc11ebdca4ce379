"""Facts of the rooms below for which coupons are given; hand-outs and halts that have begun."""

from members.identity.facts import MemberRegistered
from members.invitations.facts import InvitationSettled
from members.tiers.facts import TierChanged
from promotions.coupons.facts import CouponsHalted, HandOutStarted
from promotions.coupons.services.automatic import give_for_invitation, give_for_tier, give_newcomer
from promotions.coupons.services.halting import run_halt
from promotions.coupons.services.handing_out import run_hand_out
from shop.core import clock
from shop.core.events import subscribe
from shop.settings.queues import LONG_QUEUE


@subscribe(MemberRegistered)
def member_registered(fact: MemberRegistered) -> None:
    give_newcomer(member_id=fact.member_id, now=fact.at)


@subscribe(TierChanged, only=lambda fact: fact.is_upgrade)
def tier_changed(fact: TierChanged) -> None:
    give_for_tier(member_id=fact.member_id, tier_code=fact.to_tier, now=fact.at)


@subscribe(InvitationSettled)
def invitation_settled(fact: InvitationSettled) -> None:
    give_for_invitation(member_id=fact.inviter_id, invitation_id=fact.invitation_id, now=fact.at)


@subscribe(HandOutStarted, in_transaction=False, queue=LONG_QUEUE)
def hand_out_started(fact: HandOutStarted) -> None:
    run_hand_out(hand_out_id=fact.hand_out_id, now=clock.now(), batches=200)


@subscribe(CouponsHalted, in_transaction=False, queue=LONG_QUEUE)
def coupons_halted(fact: CouponsHalted) -> None:
    run_halt(halt_id=fact.halt_id, now=clock.now(), batches=200)
