"""What notifications do in their own time."""

import structlog
from django.utils.translation import gettext as _
from django.utils.translation import override

from members.identity.facts import MemberRegistered, PhoneChanged
from members.identity.models import PhoneChange
from members.identity.phones import mask_phone
from members.identity.sms import Sms, SmsNotSent, send_sms
from members.notifications.facts import DeliveriesQueued
from members.notifications.notices import MEMBER_REGISTERED, PHONE_CHANGED, TIER_CHANGED
from members.notifications.queries import chosen_language
from members.notifications.services import deliver, notify
from members.tiers.facts import TierChanged
from members.tiers.models import Tier
from members.tiers.queries import name_of
from shop.core import clock
from shop.core.events import subscribe

log = structlog.get_logger(__name__)


@subscribe(DeliveriesQueued, in_transaction=False)
def send(fact: DeliveriesQueued) -> None:
    deliver(delivery_ids=fact.delivery_ids, now=clock.now())


@subscribe(MemberRegistered)
def welcome(fact: MemberRegistered) -> None:
    notify(event=MEMBER_REGISTERED, member_id=fact.member_id, context={}, dedupe_key="registered", now=fact.at)


@subscribe(PhoneChanged)
def tell_phone_changed(fact: PhoneChanged) -> None:
    phone = PhoneChange.objects.values_list("new_phone", flat=True).get(pk=fact.change_id)
    if phone:
        notify(
            event=PHONE_CHANGED,
            member_id=fact.member_id,
            context={"phone": mask_phone(phone), "at": fact.at},
            dedupe_key=str(fact.change_id),
            now=fact.at,
        )


@subscribe(PhoneChanged, in_transaction=False)
def warn_the_old_phone(fact: PhoneChanged) -> None:
    """Straight to the number, which is no longer one of the member's; it may be a stranger's, so it names nobody."""
    phone = PhoneChange.objects.values_list("old_phone", flat=True).get(pk=fact.change_id)
    if not phone:
        return
    with override(chosen_language(member_id=fact.member_id)):
        text = _(
            "This number no longer signs in to the account that it belonged to. If you did not ask for this, contact "
            "customer service at once."
        )
    try:
        send_sms(Sms(phone=phone, template="phone_changed", text=text, reference=f"phone-changed-{fact.change_id}"))
    except SmsNotSent as refusal:
        if refusal.retryable:
            raise
        log.warning("old_phone_not_warned", change=fact.change_id, code=refusal.code)


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
