"""What members are told about their membership, by the facts that the rooms below publish."""

from datetime import UTC, datetime

import pytest
from django.db import transaction

from members.identity.services.sign_in import create_member
from members.notifications.models import Notification
from members.notifications.services import choose
from members.tiers.facts import TierChanged
from shop.core import clock, outbox
from shop.core.models import OutboxEntry
from shop.core.outbox import publish

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
UPGRADE = {"from_tier": "silver", "to_tier": "gold", "is_upgrade": True, "reason": "reached", "at": AT}


def deliver_facts():
    for again in ("pending", "done"):
        # Delivered twice, as may happen.
        OutboxEntry.objects.filter(status=again).update(status="pending", leased_until=None)
        outbox.deliver(entry_ids=list(OutboxEntry.objects.order_by("pk").values_list("pk", flat=True)))


def inbox(member):
    told = Notification.objects.filter(member=member, in_inbox=True).order_by("pk")
    return list(told.values_list("event", "title"))


def test_a_newcomer_is_welcomed_once():
    with transaction.atomic():
        member = create_member(phone="+8613900000007", now=clock.now())
    deliver_facts()
    assert inbox(member) == [("member_registered", "欢迎加入")]


@pytest.mark.parametrize(("language", "title"), [("zh-hans", "您现在是金卡会员"), ("en", "You are now Gold")])
def test_a_change_of_tier_is_told_once_in_the_members_language(member, language, title):
    choose(member_id=member.pk, language=language)
    with transaction.atomic():
        publish(TierChanged(member_id=member.pk, **UPGRADE))
    deliver_facts()
    assert inbox(member) == [("tier_changed", title)]
