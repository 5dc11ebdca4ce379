"""The demo shop's members have given each other points: one gift was accepted, one waits."""

from datetime import datetime, timedelta

from members.identity.models import Member
from points.ledger.queries import balance_of
from points.transfers.models import Transfer
from points.transfers.services import accept_transfer, offer_points

GIFT = 20


def load(*, size: str, now: datetime) -> str:
    members = list(Member.objects.filter(status=Member.Status.ACTIVE, phone__isnull=False).order_by("pk")[:3])
    if len(members) < 3 or Transfer.objects.exists():
        return "0 transfers"
    giver, friend, other = members
    if balance_of(member_id=giver.pk, now=now).available < 2 * GIFT:
        return "0 transfers"
    then = now - timedelta(hours=3)
    gift = offer_points(member_id=giver.pk, phone=str(friend.phone), points=GIFT, message="请你喝茶", now=then)
    accept_transfer(transfer_id=gift.pk, member_id=friend.pk, now=then + timedelta(minutes=10))
    offer_points(member_id=giver.pk, phone=str(other.phone), points=GIFT, message="生日快乐", now=now)
    return "2 transfers"
