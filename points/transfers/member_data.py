"""What this room keeps about a member; see `members.identity.rooms`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from members.identity.models import Member
from members.identity.queries import former_phones
from points.transfers.models import Transfer
from points.transfers.services.ending import give_back_all


def move(*, source_id: int, target_id: int, now: datetime) -> Mapping[str, int]:
    """What the two accounts once gave to each other stays as it was."""
    made = Transfer.objects.filter(sender_id=source_id).exclude(recipient_id=target_id)
    received = Transfer.objects.filter(recipient_id=source_id).exclude(sender_id=target_id)
    return {"transfers": made.update(sender_id=target_id) + received.update(recipient_id=target_id)}


def erase(*, member_id: int, now: datetime) -> Mapping[str, int]:
    """What is open goes back; what was written goes, and the member's number with it. Comes before the phone goes."""
    member = Member.objects.get(pk=member_id)
    returned = give_back_all(member=member, now=now)
    theirs = Q(phone=member.phone) if member.phone else Q(recipient_id=member_id)
    for former, until in former_phones(member_id=member_id):
        theirs |= Q(phone=former, created_at__lte=until) & ~Q(status=Transfer.Status.PENDING)
    return {
        "open_transfers": returned,
        "transfer_messages": Transfer.objects.filter(sender_id=member_id).exclude(message="").update(message=""),
        "transfer_phones": Transfer.objects.filter(theirs | Q(recipient_id=member_id) | Q(sender_id=member_id))
        .exclude(phone="")
        .update(phone=""),
    }


def export(*, member_id: int) -> Mapping[str, Any]:
    columns = ("points", "status", "created_at", "ended_at")
    made = Transfer.objects.filter(sender_id=member_id).order_by("pk")
    received = Transfer.objects.filter(recipient_id=member_id).order_by("pk")
    return {
        "transfers_given": list(made.values("phone", "message", *columns)),
        "transfers_received": list(received.values("message", *columns)),
    }
