"""Who is told of a transfer: here, and not while points are offered, so that offering takes as long for any phone."""

from datetime import datetime

from django.utils.translation import override

from members.identity.facts import MemberRegistered
from members.identity.models import Member
from members.identity.phones import mask_phone
from members.notifications.queries import chosen_language
from members.notifications.services import notify
from points.transfers.facts import TransferAccepted, TransferGivenBack, TransferOffered
from points.transfers.models import Transfer
from points.transfers.notices import ACCEPTED, GIVEN_BACK, OFFERED
from shop.core.events import subscribe


@subscribe(TransferOffered)
def tell_recipient(fact: TransferOffered) -> None:
    transfer = Transfer.objects.select_related("sender").get(pk=fact.transfer_id)
    recipient = Member.objects.filter(phone=transfer.phone).exclude(pk=transfer.sender_id).first()
    if recipient is not None:
        _offer(transfer, recipient, now=fact.at)


@subscribe(MemberRegistered)
def tell_newcomer(fact: MemberRegistered) -> None:
    """Who registers with a phone to which points were sent hears of what still waits."""
    newcomer = Member.objects.get(pk=fact.member_id)
    if newcomer.phone:
        waiting = Transfer.objects.filter(phone=newcomer.phone, status=Transfer.Status.PENDING, due_at__gt=fact.at)
        for transfer in waiting.select_related("sender").order_by("pk"):
            _offer(transfer, newcomer, now=fact.at)


@subscribe(TransferAccepted)
def tell_sender_of_acceptance(fact: TransferAccepted) -> None:
    notify(
        event=ACCEPTED,
        member_id=fact.sender_id,
        context={"recipient": _recipient(fact.transfer_id), "points": fact.points},
        dedupe_key=f"transfer:{fact.transfer_id}",
        now=fact.at,
    )


@subscribe(TransferGivenBack)
def tell_sender_of_return(fact: TransferGivenBack) -> None:
    with override(chosen_language(member_id=fact.sender_id)):
        reason = str(Transfer.Status(fact.status).label)
    notify(
        event=GIVEN_BACK,
        member_id=fact.sender_id,
        context={"recipient": _recipient(fact.transfer_id), "points": fact.points, "reason": reason},
        dedupe_key=f"transfer:{fact.transfer_id}",
        now=fact.at,
    )


def _offer(transfer: Transfer, recipient: Member, *, now: datetime) -> None:
    sender = transfer.sender
    name = f"{sender.nickname[0]}*** " if sender.nickname else ""
    notify(
        event=OFFERED,
        member_id=recipient.pk,
        context={
            "sender": f"{name}({mask_phone(sender.phone or '')})",
            "points": transfer.points,
            "accept_before": transfer.due_at,
        },
        dedupe_key=f"transfer:{transfer.pk}",
        now=now,
    )


def _recipient(transfer_id: int) -> str:
    return mask_phone(Transfer.objects.values_list("phone", flat=True).get(pk=transfer_id))
