"""Points by hand: booked at once up to the shop's limit, above it when a second person has agreed."""

from datetime import datetime, timedelta

from django.db.models import Q, Sum
from django.db.models.functions import Abs
from django.urls import reverse
from django.utils.translation import gettext_noop

from points.ledger.errors import NotWaitingForApproval, PointReferenceUsed, SecondPersonNeeded
from points.ledger.locks import lock_account, lock_giver
from points.ledger.models import ManualGrant
from points.ledger.preferences import APPROVAL_ABOVE, APPROVAL_ABOVE_A_DAY
from points.ledger.services.granting import adjust
from shop.core.actors import Actor
from shop.core.alerts import alert_while
from shop.core.transactions import use_case

Status = ManualGrant.Status
WAITING_CAUSE = "points.waiting"
_DAY = timedelta(days=1)


@use_case
def request_grant(
    *, reference: str, member_id: int, points: int, reason: str, actor: Actor, now: datetime
) -> ManualGrant:
    """Give points by hand, or take them where negative; waits for approval where a limit of the day is passed.

    Raises InsufficientPoints, and PointReferenceUsed when the reference was used for something else.
    """
    lock_giver(actor=actor)
    lock_account(member_id=member_id)
    before = ManualGrant.objects.filter(reference=reference).first()
    if before is not None:
        if (before.member_id, before.points) != (member_id, points):
            raise PointReferenceUsed
        return before
    asked = ManualGrant(
        reference=reference,
        member_id=member_id,
        points=points,
        reason=reason,
        requested_by=str(actor)[:80],
        requested_at=now,
    )
    if _is_within_limits(asked):
        _book(asked, actor=actor, now=now)
    asked.save(force_insert=True)
    _remind(now)
    return asked


@use_case
def approve_grant(*, grant_id: int, actor: Actor, now: datetime) -> ManualGrant:
    """Book what somebody else has requested. Raises NotWaitingForApproval, SecondPersonNeeded, InsufficientPoints."""
    asked = _waiting(grant_id)
    if asked.requested_by == str(actor)[:80]:
        raise SecondPersonNeeded
    asked.decided_by, asked.decided_at = str(actor)[:80], now
    _book(asked, actor=actor, now=now)
    asked.save(update_fields=["status", "decided_by", "decided_at"])
    _remind(now)
    return asked


@use_case
def decline_grant(*, grant_id: int, actor: Actor, now: datetime) -> ManualGrant:
    """Book nothing. Raises NotWaitingForApproval, SecondPersonNeeded."""
    asked = _waiting(grant_id)
    if asked.requested_by == str(actor)[:80]:
        raise SecondPersonNeeded
    asked.status, asked.decided_by, asked.decided_at = Status.DECLINED, str(actor)[:80], now
    asked.save(update_fields=["status", "decided_by", "decided_at"])
    _remind(now)
    return asked


def _waiting(grant_id: int) -> ManualGrant:
    asked = ManualGrant.objects.select_for_update(no_key=True, of=("self",)).get(pk=grant_id)
    if asked.status != Status.WAITING:
        raise NotWaitingForApproval
    return asked


def _is_within_limits(asked: ManualGrant) -> bool:
    """Whether the person may move that much alone: for this member, and for all members together, within a day."""
    today = ManualGrant.objects.filter(
        requested_by=asked.requested_by, requested_at__gt=asked.requested_at - _DAY
    ).exclude(status=Status.DECLINED)
    of_member, alone = Q(member_id=asked.member_id), Q(status=Status.BOOKED, decided_at=None)
    before = today.aggregate(
        of_member=Sum(Abs("points"), filter=of_member, default=0), alone=Sum(Abs("points"), filter=alone, default=0)
    )
    size = abs(asked.points)
    return (
        before["of_member"] + size <= APPROVAL_ABOVE.value() and before["alone"] + size <= APPROVAL_ABOVE_A_DAY.value()
    )


def _book(asked: ManualGrant, *, actor: Actor, now: datetime) -> None:
    adjust(
        reference=f"manual:{asked.reference}",
        member_id=asked.member_id,
        points=asked.points,
        actor=actor,
        note=asked.reason,
        now=now,
    )
    asked.status = Status.BOOKED


def _remind(now: datetime) -> None:
    """Who may approve sees on the home page how many are waiting."""
    count = ManualGrant.objects.filter(status=Status.WAITING).count()
    alert_while(
        count,
        cause=WAITING_CAUSE,
        message=gettext_noop("{count} requests for points by hand wait for approval"),
        link=reverse("admin:ledger_manualgrant_changelist") + "?status__exact=waiting",
        permission="ledger.change_manualgrant",
        now=now,
    )
