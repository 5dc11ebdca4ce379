"""What goes with a member who merges, leaves, or takes their data along."""

import pytest
from django.db import transaction

from members.identity.tests.factories import MemberFactory
from members.notifications.member_data import erase, export, move
from members.notifications.models import Delivery, Notification, NotificationPreference, SubscribeCredit
from members.notifications.services import choose
from members.notifications.tests.factories import credit, parcel
from shop.core import clock

pytestmark = pytest.mark.django_db

OFF = {"category": "marketing", "channel": "in_app", "allowed": False}
ON = {**OFF, "allowed": True}


def test_merged_accounts_have_one_inbox_one_set_of_choices_and_all_subscriptions():
    source, target = MemberFactory(phone=None), MemberFactory()
    for member in (source, target):
        parcel(member, key="same")
        credit(member, accepted=2)
    parcel(source, key="own")
    choose(member_id=source.pk, preferences=[OFF, {**OFF, "channel": "sms"}], language="en")
    choose(member_id=target.pk, preferences=[ON])
    with transaction.atomic():
        assert move(source_id=source.pk, target_id=target.pk, now=clock.now()) == {"notifications": 1}
        assert move(source_id=source.pk, target_id=target.pk, now=clock.now()) == {"notifications": 0}
    told = Notification.objects.order_by("dedupe_key").values_list("member", "dedupe_key")
    assert list(told) == [(target.pk, "own"), (target.pk, "same")]
    assert SubscribeCredit.objects.values_list("member", "accepted", "used").get() == (target.pk, 4, 0)
    chosen = NotificationPreference.objects.order_by("channel").values_list("member", "channel", "allowed")
    assert list(chosen) == [(target.pk, "in_app", True), (target.pk, "sms", False)]
    assert export(member_id=target.pk)["notification_preferences"]["language"] == "en"


def test_a_member_takes_along_what_they_were_told(member):
    parcel(member)
    [told] = export(member_id=member.pk)["notifications"]
    assert (told["event"], told["context"]) == ("test_parcel", {"number": "M1", "amount": 1250})


def test_nothing_is_left_of_a_member_who_was_erased(member):
    parcel(member)
    credit(member)
    choose(member_id=member.pk, preferences=[OFF], language="en")
    other = MemberFactory()
    parcel(other)
    assert erase(member_id=member.pk, now=clock.now()) == {"notifications": 1}
    assert set(Notification.objects.values_list("member", flat=True)) == {other.pk}
    assert set(Delivery.objects.values_list("notification__member", flat=True)) == {other.pk}
    assert not SubscribeCredit.objects.exists()
    assert not NotificationPreference.objects.exists()
