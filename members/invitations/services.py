"""An invitation's life: registered, held if it looks dishonest, settled by the first order, announced for rewards."""

from datetime import datetime, timedelta

import structlog

from members.identity.models import Address, Member
from members.identity.queries import shared_origins
from members.invitations.errors import InvitationNotHeld
from members.invitations.facts import InvitationRegistered, InvitationSettled
from members.invitations.models import Invitation, Suspicion
from members.invitations.preferences import INVITEES_PER_DAY
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.transactions import use_case

log = structlog.get_logger(__name__)

Review = Invitation.Review


@use_case
def record_registration(*, member_id: int, now: datetime) -> Invitation | None:
    """Write down the invitation of a newly registered member; None for who came by themselves. Again, it stays so."""
    member = Member.objects.select_related("inviter").get(pk=member_id)
    if member.inviter is None or Invitation.objects.filter(invitee=member).exists():
        return None
    found = suspicions(inviter=member.inviter, invitee=member, now=now)
    invitation = Invitation.objects.create(
        inviter=member.inviter,
        invitee=member,
        registered_at=now,
        review=Review.HELD if found else Review.CLEAR,
        suspicions=found,
    )
    _announce_registration(invitation, now)
    return invitation


def settle_first_order(*, member_id: int, order_number: str, now: datetime) -> bool:
    """The member's order is settled: the first one settles the invitation that brought them.

    Inside the caller's transaction; returns whether it was the first. Orders call it when they complete.
    """
    invitation = _locked(invitee_id=member_id)
    if invitation is None or invitation.settled_at is not None:
        return False
    invitation.settled_at, invitation.order_number = now, order_number
    invitation.save(update_fields=["settled_at", "order_number"])
    _announce_settlement(invitation, now)
    return True


@use_case
def clear_invitation(*, invitation_id: int, actor: Actor, now: datetime) -> Invitation:
    """A person has looked at it and found nothing wrong: what was held back is announced. Raises InvitationNotHeld."""
    invitation = _decide(invitation_id, Review.CLEAR, actor, now)
    _announce_registration(invitation, now)
    if invitation.settled_at is not None:
        _announce_settlement(invitation, now)
    return invitation


@use_case
def refuse_invitation(*, invitation_id: int, actor: Actor, now: datetime) -> Invitation:
    """It brings no rewards, for good. Raises InvitationNotHeld."""
    return _decide(invitation_id, Review.REFUSED, actor, now)


def suspicions(*, inviter: Member, invitee: Member, now: datetime) -> list[str]:
    """What speaks against an honest invitation, as far as this shop can see."""
    origins = shared_origins(invitee.pk, inviter.pk)
    recent = Invitation.objects.filter(inviter=inviter, registered_at__gt=now - timedelta(days=1))
    signs = {
        Suspicion.SELF: bool(invitee.phone) and Address.objects.filter(member=inviter, phone=invitee.phone).exists(),
        Suspicion.LOOP: invitee.pk in _inviters_above(inviter),
        Suspicion.DEVICE: "device" in origins,
        Suspicion.ADDRESS: "network" in origins,
        Suspicion.PACE: recent.count() >= INVITEES_PER_DAY.value(),
    }
    return [sign.value for sign, seen in signs.items() if seen]


def _inviters_above(member: Member) -> set[int]:
    above: set[int] = set()
    current = member.inviter_id
    while current is not None and current not in above:
        above.add(current)
        current = Member.objects.values_list("inviter_id", flat=True).get(pk=current)
    return above


def _decide(invitation_id: int, review: Review, actor: Actor, now: datetime) -> Invitation:
    invitation = _locked(pk=invitation_id)
    if invitation is None or invitation.review != Review.HELD:
        raise InvitationNotHeld
    invitation.review, invitation.reviewed_by, invitation.reviewed_at = review, str(actor)[:80], now
    invitation.save(update_fields=["review", "reviewed_by", "reviewed_at"])
    log.info("invitation_reviewed", invitation=invitation_id, review=review.value, actor=str(actor))
    return invitation


def _locked(**which: int) -> Invitation | None:
    return Invitation.objects.select_for_update(no_key=True, of=("self",)).filter(**which).first()


def _announce_registration(invitation: Invitation, now: datetime) -> None:
    if invitation.review == Review.CLEAR:
        publish(
            InvitationRegistered(
                invitation_id=invitation.pk,
                inviter_id=invitation.inviter_id,
                invitee_id=invitation.invitee_id,
                at=now,
            )
        )


def _announce_settlement(invitation: Invitation, now: datetime) -> None:
    if invitation.review == Review.CLEAR:
        publish(
            InvitationSettled(
                invitation_id=invitation.pk,
                inviter_id=invitation.inviter_id,
                invitee_id=invitation.invitee_id,
                order_number=invitation.order_number,
                at=now,
            )
        )
