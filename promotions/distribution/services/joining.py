"""Members become distributors, by the way that the shop has chosen, and cease to be."""

from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from members.identity.models import Member
from members.identity.queries import active_member
from promotions.distribution.errors import (
    AlreadyJoined,
    ApplicationNotOpen,
    JoiningClosed,
    SpendMore,
    StandingNotChanged,
)
from promotions.distribution.locks import lock_distributor
from promotions.distribution.models import CommissionAccount, Distributor, DistributorGrade, Standing
from promotions.distribution.notices import tell_decided, tell_joined
from promotions.distribution.preferences import APPLICATION, CLOSED, JOINING, SPEND, SPEND_FEN
from promotions.distribution.services.binding import binding_at
from shop.core.actors import Actor
from shop.core.transactions import use_case

# They sold before, or asked to: a refused member may ask again.
_HAS_JOINED = (Standing.APPLIED, Standing.ACTIVE, Standing.PAUSED)


@use_case
def join(*, member_id: int, note: str, now: datetime) -> Distributor:
    """Raises JoiningClosed, SpendMore and AlreadyJoined."""
    member = _candidate(member_id)
    way = JOINING.value()
    if way == CLOSED:
        raise JoiningClosed
    if way == SPEND and (missing := SPEND_FEN.value() - _spent(member_id)) > 0:
        raise SpendMore(missing_fen=missing)
    standing = Standing.APPLIED if way == APPLICATION else Standing.ACTIVE
    return _take_on(member, standing, by=Actor.member(member_id), note=note, now=now)


def join_by_spending(*, member_id: int, now: datetime) -> Distributor | None:
    """Who has bought for enough joins without asking, where the shop has it so; inside the caller's transaction."""
    if JOINING.value() != SPEND or _spent(member_id) < SPEND_FEN.value():
        return None
    if Distributor.objects.filter(member_id=member_id).exists():
        return None
    member = Member.objects.select_for_update(no_key=True).get(pk=member_id)
    if member.status != Member.Status.ACTIVE:
        return None
    return _take_on(member, Standing.ACTIVE, by=Actor.system("distribution"), note="", now=now)


@use_case
def appoint(*, member_id: int, grade_id: int, actor: Actor, now: datetime) -> Distributor:
    """Staff make a member a distributor, whatever the settings say. Raises AlreadyJoined."""
    grade = DistributorGrade.objects.get(pk=grade_id)
    return _take_on(_candidate(member_id), Standing.ACTIVE, by=actor, note="", grade=grade, now=now)


@use_case
def approve(*, distributor_id: int, actor: Actor, now: datetime) -> Distributor:
    """Raises ApplicationNotOpen."""
    found = _applied(distributor_id)
    found.standing, found.joined_at, found.recruiter = Standing.ACTIVE, now, _recruiter(found.member, now)
    return _decided(found, actor=actor, reason="", now=now)


@use_case
def refuse(*, distributor_id: int, reason: str, actor: Actor, now: datetime) -> Distributor:
    """They may apply again. Raises ApplicationNotOpen."""
    found = _applied(distributor_id)
    found.standing = Standing.REFUSED
    return _decided(found, actor=actor, reason=reason, now=now)


@use_case
def pause(*, distributor_id: int, reason: str, actor: Actor, now: datetime) -> Distributor:
    """They earn nothing new and withdraw nothing; what they have stays theirs. Raises StandingNotChanged."""
    return _change(distributor_id, Standing.ACTIVE, Standing.PAUSED, actor=actor, reason=reason)


@use_case
def resume(*, distributor_id: int, reason: str, actor: Actor, now: datetime) -> Distributor:
    """Raises StandingNotChanged."""
    return _change(distributor_id, Standing.PAUSED, Standing.ACTIVE, actor=actor, reason=reason)


@use_case
def change_grade(*, distributor_id: int, grade_id: int, actor: Actor) -> Distributor:
    """Orders paid from now on are worth what the grade says."""
    found = lock_distributor(pk=distributor_id)
    found.grade, found.decided_by = DistributorGrade.objects.get(pk=grade_id), str(actor)[:80]
    found.save()
    return found


def _candidate(member_id: int) -> Member:
    """Locked, so that a member joins once. Raises MemberBlocked and NotSignedIn."""
    active_member(member_id=member_id)
    return Member.objects.select_for_update(no_key=True).get(pk=member_id)


def _take_on(
    member: Member, standing: Standing, *, by: Actor, note: str, now: datetime, grade: DistributorGrade | None = None
) -> Distributor:
    found = Distributor.objects.select_for_update(no_key=True, of=("self",)).filter(member=member).first()
    if found is not None and found.standing in _HAS_JOINED:
        raise AlreadyJoined
    first_grade = DistributorGrade.objects.order_by("position", "pk").first()
    assert first_grade is not None
    found = found or Distributor(member=member, recruiter=None)
    found.grade = grade or (found.grade if found.grade_id else first_grade)
    found.standing, found.note, found.applied_at = standing, note, now
    found.decided_by, found.reason = "", ""
    if standing == Standing.ACTIVE:
        # Whoever has sold before stays below whom they stood.
        if found.joined_at is None:
            found.recruiter = _recruiter(member, now)
        found.joined_at, found.decided_by = now, str(by)[:80]
    found.save()
    CommissionAccount.objects.get_or_create(distributor=found)
    if standing == Standing.ACTIVE:
        tell_joined(found, now=now)
    return found


def _recruiter(member: Member, now: datetime) -> Distributor | None:
    """Whose customer the newcomer is at this moment: whoever sells longer, so that nobody is brought by their own."""
    binding = binding_at(member_id=member.pk, at=now)
    found = binding.distributor if binding else None
    if found is None or found.standing != Standing.ACTIVE or found.member_id == member.pk:
        return None
    return None if _is_above(member, found) else found


def _is_above(member: Member, distributor: Distributor) -> bool:
    above: Distributor | None = distributor
    while above is not None:
        if above.member_id == member.pk:
            return True
        above = above.recruiter
    return False


def _applied(distributor_id: int) -> Distributor:
    found = lock_distributor(pk=distributor_id)
    if found.standing != Standing.APPLIED:
        raise ApplicationNotOpen
    return found


def _decided(found: Distributor, *, actor: Actor, reason: str, now: datetime) -> Distributor:
    found.decided_by, found.reason = str(actor)[:80], reason
    found.save()
    if found.standing == Standing.ACTIVE:
        tell_joined(found, now=now)
    else:
        tell_decided(found, now=now)
    return found


def _change(distributor_id: int, current: Standing, target: Standing, *, actor: Actor, reason: str) -> Distributor:
    found = lock_distributor(pk=distributor_id)
    if found.standing != current:
        raise StandingNotChanged
    found.standing, found.decided_by, found.reason = target, str(actor)[:80], reason
    found.save()
    return found


def _spent(member_id: int) -> int:
    spent: int = import_string(settings.MEMBER_SPENDING)(member_id=member_id)
    return spent
