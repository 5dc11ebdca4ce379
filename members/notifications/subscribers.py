"""What notifications do in their own time."""

from members.identity.facts import MemberRegistered
from members.notifications.facts import DeliveriesQueued
from members.notifications.notices import MEMBER_REGISTERED
from members.notifications.services import deliver, notify
from shop.core import clock
from shop.core.events import subscribe


@subscribe(DeliveriesQueued, in_transaction=False)
def send(fact: DeliveriesQueued) -> None:
    deliver(delivery_ids=fact.delivery_ids, now=clock.now())


@subscribe(MemberRegistered)
def welcome(fact: MemberRegistered) -> None:
    notify(event=MEMBER_REGISTERED, member_id=fact.member_id, context={}, dedupe_key="registered", now=fact.at)
