"""Whose customer a member is: by the first visit, the last one, or the registration, and for good once they buy."""

from datetime import datetime, timedelta

from django.db.models import Q

from members.invitations.targets import find_target
from promotions.distribution.errors import BindingEnded, DistributorNotFound
from promotions.distribution.models import Binding, Distributor, Standing, Touch, Visit
from promotions.distribution.notices import tell_new_customer
from promotions.distribution.preferences import BINDING, BINDING_DAYS, LAST_TOUCH, REGISTRATION
from shop.core.actors import Actor
from shop.core.clock import business_day
from shop.core.transactions import use_case


def binding_at(*, member_id: int, at: datetime) -> Binding | None:
    """The one that counted at that instant."""
    rows = Binding.objects.filter(Q(ended_at=None) | Q(ended_at__gt=at), member_id=member_id, bound_at__lte=at)
    rows = rows.select_related("distributor__member", "distributor__grade").order_by("-pk")
    return next((row for row in rows if row.holds(at=at)), None)


@use_case
def record_visit(*, member_id: int, invite_code: str, target: str, now: datetime) -> bool:
    """A member came by a distributor's link; returns whether they are that distributor's customer now.

    Raises DistributorNotFound, and ShareTargetNotFound for what cannot be shared.
    """
    seller = Distributor.objects.filter(member__invite_code=invite_code.upper(), standing=Standing.ACTIVE).first()
    if seller is None:
        raise DistributorNotFound
    find_target(target, now=now)
    if seller.member_id == member_id:
        return False
    visit = Visit(distributor=seller, member_id=member_id, target=target, day=business_day(now), visited_at=now)
    Visit.objects.bulk_create([visit], ignore_conflicts=True)
    if BINDING.value() != REGISTRATION:
        _touch(seller, member_id, Touch.VISIT, target, now)
    binding = binding_at(member_id=member_id, at=now)
    return binding is not None and binding.distributor_id == seller.pk


@use_case
def bind_registered(*, member_id: int, inviter_id: int, now: datetime) -> None:
    """Whoever a distributor has invited to register is their customer, however the shop binds."""
    seller = Distributor.objects.filter(member_id=inviter_id, standing=Standing.ACTIVE).first()
    if seller is not None:
        _touch(seller, member_id, Touch.REGISTRATION, "", now)


@use_case
def unbind(*, binding_id: int, reason: str, actor: Actor, now: datetime) -> Binding:
    """Staff let a customer go; orders that were paid stay as they are. Raises BindingEnded."""
    row = Binding.objects.select_for_update(no_key=True, of=("self",)).get(pk=binding_id)
    if row.ended_at is not None:
        raise BindingEnded
    _end(row, at=now, by=str(actor), reason=reason)
    return row


def lock_for_good(*, binding: Binding, at: datetime) -> None:
    """The first paid order: nobody else's visit changes it any more. Inside the caller's transaction."""
    Binding.objects.filter(pk=binding.pk, locked_at=None).update(locked_at=at)


def _touch(seller: Distributor, member_id: int, touch: Touch, target: str, now: datetime) -> None:
    if Distributor.objects.filter(member_id=member_id, standing__in=[Standing.ACTIVE, Standing.PAUSED]).exists():
        return
    open_rows = Binding.objects.select_for_update(no_key=True, of=("self",)).filter(member_id=member_id, ended_at=None)
    current = open_rows.first()
    if current is not None and current.holds(at=now):
        if current.locked_at is not None or BINDING.value() != LAST_TOUCH:
            return
        if current.distributor_id == seller.pk:
            _prolong(current, now)
            return
    if current is not None:
        lapsed = current.until is not None and current.until <= now
        _end(current, at=current.until if lapsed and current.until else now, by="system:distribution", reason="")
    row = Binding(
        member_id=member_id,
        distributor=seller,
        came_by=touch,
        target=target,
        bound_at=now,
        until=_until(now),
    )
    # Of two links opened at the same moment the one that is written first counts.
    Binding.objects.bulk_create([row], ignore_conflicts=True)
    if Binding.objects.filter(member_id=member_id, distributor=seller, ended_at=None, bound_at=now).exists():
        tell_new_customer(seller, customer_id=member_id, now=now)


def _until(now: datetime) -> datetime | None:
    days = BINDING_DAYS.value()
    return now + timedelta(days=days) if days else None


def _prolong(row: Binding, now: datetime) -> None:
    """The last visit counts, be it by the same link: never for a shorter time than before."""
    until = _until(now)
    if row.until is not None and (until is None or until > row.until):
        row.until = until
        row.save(update_fields=["until"])


def _end(row: Binding, *, at: datetime, by: str, reason: str) -> None:
    row.ended_at, row.ended_by, row.reason = at, by[:80], reason
    row.save(update_fields=["ended_at", "ended_by", "reason"])
