"""Reads of transfers."""

from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet, Sum

from members.identity.models import Member
from members.identity.phones import mask_phone
from points.transfers.models import Transfer
from points.transfers.preferences import MOST_AT_ONCE, MOST_PER_DAY, MOST_PER_MONTH
from shop.core.clock import SHANGHAI, business_day, day_bounds

# What the sender has given away, or will have if it is accepted.
GIVEN = (Transfer.Status.PENDING, Transfer.Status.ACCEPTED)


def addressed_to(member: Member, *, now: datetime) -> Q:
    """What the member has answered, and what waits for whoever has the member's phone.

    Not what waited for the phone before: a number may have been somebody else's.
    """
    mine = Q(recipient=member)
    if member.phone:
        mine |= Q(phone=member.phone, status=Transfer.Status.PENDING, due_at__gt=now)
    return mine


def transfers_of(*, member: Member, now: datetime) -> QuerySet[Transfer]:
    """Given and received."""
    return Transfer.objects.filter(Q(sender=member) | addressed_to(member, now=now)).select_related(
        "sender", "recipient"
    )


def given_since(*, member_id: int, start: datetime) -> int:
    given = Transfer.objects.filter(sender_id=member_id, created_at__gte=start, status__in=GIVEN)
    return given.aggregate(points=Sum("points", default=0))["points"]


def received_this_month(*, member_id: int, now: datetime) -> int:
    received = Transfer.objects.filter(
        recipient_id=member_id, status=Transfer.Status.ACCEPTED, ended_at__gte=month_start(business_day(now))
    )
    return received.aggregate(points=Sum("points", default=0))["points"]


def room_to_give(*, member_id: int, now: datetime) -> tuple[int, str]:
    """How many points the member may give now, and which cap says so."""
    today = business_day(now)
    day = given_since(member_id=member_id, start=day_bounds(today)[0])
    month = given_since(member_id=member_id, start=month_start(today))
    rooms = (
        (MOST_AT_ONCE.value(), "transfer"),
        (max(MOST_PER_DAY.value() - day, 0), "day"),
        (max(MOST_PER_MONTH.value() - month, 0), "month"),
    )
    return min(rooms, key=lambda room: room[0])


def month_start(day: date) -> datetime:
    return datetime(day.year, day.month, 1, tzinfo=SHANGHAI)


def present(row: Transfer, *, member: Member) -> dict[str, Any]:
    """As one of the two sees it: of the other a shortened name and a masked phone, no more."""
    outgoing = row.sender_id == member.pk
    name = "" if outgoing else row.sender.nickname
    phone = row.phone if outgoing else row.sender.phone
    return {
        "id": row.pk,
        "direction": "out" if outgoing else "in",
        "phone": mask_phone(phone) if phone else "",
        "name": f"{name[0]}***" if name else "",
        "points": row.points,
        "message": row.message,
        "status": row.status,
        "created_at": row.created_at,
        "accept_before": row.due_at,
        "ended_at": row.ended_at,
    }
