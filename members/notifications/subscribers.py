"""What notifications do in their own time."""

from django.utils.translation import override

from members.identity.facts import MemberRegistered
from members.notifications.facts import DeliveriesQueued
from members.notifications.notices import MEMBER_REGISTERED, TIER_CHANGED
from members.notifications.queries import chosen_language
from members.notifications.services import deliver, notify
from members.tiers.facts import TierChanged
from members.tiers.models import Tier
from members.tiers.queries import name_of
from shop.core import clock
from shop.core.events import subscribe


@subscribe(DeliveriesQueued, in_transaction=False)
def send(fact: DeliveriesQueued) -> None:
    deliver(delivery_ids=fact.delivery_ids, now=clock.now())


@subscribe(MemberRegistered)
def welcome(fact: MemberRegistered) -> None:
    notify(event=MEMBER_REGISTERED, member_id=fact.member_id, context={}, dedupe_key="registered", now=fact.at)


@subscribe(TierChanged)
def tell_tier_changed(fact: TierChanged) -> None:
    with override(chosen_language(member_id=fact.member_id)):
        context = {"tier": name_of(Tier.objects.get(code=fact.to_tier)), "since": fact.at}
    notify(
        event=TIER_CHANGED,
        member_id=fact.member_id,
        context=context,
        dedupe_key=f"{fact.to_tier}@{fact.at.isoformat()}",
        now=fact.at,
    )
