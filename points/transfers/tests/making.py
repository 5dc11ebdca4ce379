"""Members with points, and transfers between them."""

from datetime import datetime

from django.db import transaction

from members.identity.models import Member
from points.ledger.tests.making import give as grant_mature
from points.transfers.models import Transfer
from points.transfers.services import offer_points
from shop.core import clock


def give(member: Member, points: int, *, now: datetime, expires_at: datetime | None = None) -> None:
    """Points that can be spent at once; they never expire unless told."""
    with transaction.atomic():
        grant_mature(member, points, now=now, matures_at=now, expires_at=expires_at)


def offered(sender: Member, recipient: Member, *, points: int = 100, now: datetime | None = None) -> Transfer:
    now = now or clock.now()
    give(sender, points, now=now)
    return offer_points(member_id=sender.pk, phone=str(recipient.phone), points=points, now=now)
