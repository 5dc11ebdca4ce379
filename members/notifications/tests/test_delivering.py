"""Sending, against the sandbox and its faults."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from members.identity.tests.factories import MemberFactory
from members.notifications.events import Channel
from members.notifications.invariants import LAWS
from members.notifications.models import Delivery, Notification, NotificationTemplate, SubscribeCredit
from members.notifications.notices import STAFF_ALERT
from members.notifications.services import choose, deliver, deliver_due, notify_staff
from members.notifications.services.alerts import mail_alerts
from members.notifications.services.delivering import LEASE, MAX_ATTEMPTS, _take
from members.notifications.tests.factories import PARCEL, TEMPLATE, credit, log, offer, parcel, words
from shop.core import clock, outbox
from shop.core.alerts import raise_alert
from shop.core.models import OutboxEntry, StaffUser

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)


@pytest.fixture
def member(outside, wechat_template):
    """A WeChat user with a phone, whose subscription is good for two messages."""
    words(PARCEL, Channel.SMS, "包裹 {number}，{amount}", provider_template="parcel")
    member = MemberFactory(openid=outside.user(), phone="+8613900000001")
    credit(member, accepted=2)
    return member


@pytest.fixture(autouse=True)
def _laws_hold_afterwards():
    yield
    assert [violation for law in LAWS for violation in law()] == []


def by_channel(channel):
    return Delivery.objects.get(channel=channel)


def sweep(now):
    return dict(deliver_due(now=now))


def credits_left():
    row = SubscribeCredit.objects.get()
    return row.accepted - row.used


def allow_marketing_sms(member):
    choose(member_id=member.pk, preferences=[{"category": "marketing", "channel": "sms", "allowed": True}])


def test_a_subscribe_message_goes_out_by_the_outbox_and_uses_one_credit(member, outside):
    parcel(member)
    [entry] = OutboxEntry.objects.values_list("pk", flat=True)
    outbox.deliver(entry_ids=[entry])
    sent = outside.outbox("subscribe")[0]
    assert sent["recipient"] == member.openid
    assert sent["body"]["template_id"] == TEMPLATE
    assert sent["body"]["page"] == "pages/order?number=M1"
    assert sent["body"]["data"] == {"thing1": {"value": "M1"}, "amount2": {"value": "¥12.50"}}
    row = by_channel("subscribe")
    assert (row.status, row.provider_id, row.attempts) == ("sent", str(sent["id"]), 1)
    assert credits_left() == 1
    assert sweep(clock.now() + timedelta(hours=1)) == {}


def test_43101_is_never_tried_again_uses_up_the_subscription_and_falls_to_sms(member, outside):
    outside.fault("subscribe", "43101", times=1)
    before = len(outside.outbox("subscribe"))
    parcel(member, now=NOON)
    assert sweep(NOON) == {"failed": 1}
    assert sweep(NOON) == {"sent": 1}
    assert log() == [("in_app", "sent", ""), ("subscribe", "failed", "43101"), ("sms", "sent", "")]
    assert by_channel("subscribe").attempts == 1
    assert credits_left() == 0
    assert outside.messages("13900000001")[0]["text"] == "包裹 M1，¥12.50"
    assert sweep(NOON + timedelta(days=1)) == {}
    assert len(outside.outbox("subscribe")) == before


def test_a_gateway_that_fails_is_tried_again_with_growing_pauses_on_one_credit(member, outside):
    outside.fault("subscribe", "500", times=2)
    parcel(member, now=NOON)
    assert sweep(NOON) == {"retried": 1}
    row = by_channel("subscribe")
    assert (row.status, row.error_code, row.due_at) == ("queued", "http_500", NOON + timedelta(seconds=30))
    assert sweep(NOON + timedelta(seconds=29)) == {}
    assert sweep(NOON + timedelta(seconds=30)) == {"retried": 1}
    assert by_channel("subscribe").due_at == NOON + timedelta(seconds=150)
    assert sweep(NOON + timedelta(seconds=150)) == {"sent": 1}
    row = by_channel("subscribe")
    assert (row.status, row.error_code, row.attempts) == ("sent", "", 3)
    assert credits_left() == 1


def test_a_gateway_that_stays_down_is_given_up_and_the_credit_comes_back(member, outside):
    outside.fault("subscribe", "500", times=MAX_ATTEMPTS)
    parcel(member, now=NOON)
    for attempt in range(MAX_ATTEMPTS):
        sweep(NOON + timedelta(days=attempt))
    assert log()[1] == ("subscribe", "failed", "http_500")
    assert credits_left() == 2
    assert sweep(NOON + timedelta(days=MAX_ATTEMPTS)) == {"sent": 1}
    assert log()[2] == ("sms", "sent", "")


def test_an_answer_that_never_comes_ends_in_one_sms(outside, settings):
    settings.OUTBOUND_TIMEOUT_SECONDS = 0.5
    member = MemberFactory(phone="+8613900000002")
    outside.fault("sms", "hang", times=1, seconds=2, after=True)
    parcel(member, now=NOON)
    assert sweep(NOON) == {"retried": 1}
    assert by_channel("sms").error_code == "timeout"
    assert sweep(NOON + timedelta(seconds=30)) == {"sent": 1}
    assert len(outside.messages("13900000002")) == 1


def test_a_wrong_number_is_not_tried_again(outside):
    parcel(MemberFactory(phone="+86"), now=NOON)
    assert sweep(NOON) == {"failed": 1}
    assert log()[2] == ("sms", "failed", "INVALID_PHONE")
    assert sweep(NOON + timedelta(days=1)) == {}


def test_who_takes_a_delivery_keeps_others_off_until_the_lease_ends(member, outside):
    parcel(member, now=NOON)
    row = by_channel("subscribe")
    killed = _take(row.pk, NOON)
    assert deliver(delivery_ids=[row.pk], now=NOON) == {}
    assert deliver(delivery_ids=[row.pk], now=NOON + LEASE - timedelta(seconds=1)) == {}
    assert deliver(delivery_ids=[row.pk], now=NOON + LEASE) == {"sent": 1}
    assert killed.attempt == 1
    assert (by_channel("subscribe").attempts, credits_left()) == (2, 1)


def test_what_kills_its_worker_each_time_comes_to_an_end_and_falls_to_the_next_channel(member, outside):
    parcel(member, now=NOON)
    row = by_channel("subscribe")
    for attempt in range(MAX_ATTEMPTS):
        assert _take(row.pk, NOON + attempt * LEASE).attempt == attempt + 1
    assert deliver(delivery_ids=[row.pk], now=NOON + MAX_ATTEMPTS * LEASE) == {"failed": 1}
    assert log()[1] == ("subscribe", "failed", "lost")
    assert sweep(NOON + MAX_ATTEMPTS * LEASE) == {"sent": 1}
    assert (log()[2], credits_left()) == (("sms", "sent", ""), 2)
    assert [each for each in outside.outbox("subscribe") if each["recipient"] == member.openid] == []


def test_a_message_that_an_older_version_stored_holds_up_nobody(outside):
    older, newer = MemberFactory(phone="+8613900000083"), MemberFactory(phone="+8613900000084")
    words(PARCEL, Channel.SMS, "包裹 {number}，{amount}", provider_template="parcel")
    parcel(older, key="older", now=NOON)
    parcel(newer, key="newer", number="M2", now=NOON + timedelta(seconds=1))
    Notification.objects.filter(dedupe_key="older").update(context={"number": "M1"})
    assert sweep(NOON + timedelta(minutes=1)) == {"skipped": 1, "sent": 1}
    [sent] = outside.messages("13900000084")
    assert "M2" in sent["text"]
    assert log(notification__dedupe_key="older")[-1] == ("sms", "skipped", "no_template")


def test_marketing_waits_for_the_morning_and_news_of_the_order_do_not(member, outside):
    allow_marketing_sms(member)
    offer(member, now=MIDNIGHT)
    parcel(member, now=MIDNIGHT)
    assert sweep(MIDNIGHT) == {"deferred": 1, "sent": 1}
    row = by_channel("sms")
    assert (row.status, row.due_at) == ("deferred", datetime(2026, 11, 22, 0, 0, tzinfo=UTC))
    assert sweep(row.due_at - timedelta(seconds=1)) == {}
    assert sweep(row.due_at) == {"sent": 1}


def test_a_second_marketing_sms_of_the_day_goes_to_the_inbox_instead(member, outside):
    allow_marketing_sms(member)
    offer(member, key="1", now=NOON)
    offer(member, key="2", now=NOON)
    offer(member, key="3", now=NOON + timedelta(days=1))
    assert sweep(NOON) == {"sent": 1, "skipped": 1}
    assert log(notification__dedupe_key="2") == [("sms", "skipped", "cap"), ("in_app", "sent", "")]
    assert Notification.objects.get(dedupe_key="2").in_inbox
    assert sweep(NOON + timedelta(days=1)) == {"sent": 1}


def test_what_the_member_chose_meanwhile_holds_and_the_credit_is_kept(member, outside):
    outside.fault("subscribe", "500", times=1)
    parcel(member, now=NOON)
    sweep(NOON)
    choose(member_id=member.pk, preferences=[{"category": "transactional", "channel": "subscribe", "allowed": False}])
    assert sweep(NOON + timedelta(minutes=1)) == {"skipped": 1}
    assert log()[1:] == [("subscribe", "skipped", "preference"), ("sms", "queued", "")]
    assert credits_left() == 2


def test_a_broken_gateway_does_not_keep_a_sweep_busy(outside):
    outside.fault("sms", "500", times=100)
    for n in range(8):
        parcel(MemberFactory(), key=str(n), now=NOON)
    assert sweep(NOON) == {"retried": 5}


def staff(username, **fields):
    return StaffUser.objects.create_user(username, is_staff=True, email=f"{username}@lantern.example", **fields)


def test_alerts_are_mailed_once_to_the_staff_whom_they_concern(outside):
    staff("boss", is_superuser=True)
    staff("packer")
    StaffUser.objects.create_user("silent", is_staff=True, is_superuser=True)
    raise_alert(
        cause="payments.refund.R1",
        message="Refund {number} did not reach the payer: {note}",
        data={"number": "R1", "note": "ABNORMAL"},
        link="/admin/payments/refund/1/change/",
        permission="payments.view_refund",
        now=NOON,
    )
    assert mail_alerts(now=NOON) == 1
    assert mail_alerts(now=NOON) == 0
    assert sweep(NOON) == {"sent": 1}
    mail = outside.outbox("email")[0]
    assert mail["recipient"] == "boss@lantern.example"
    assert mail["body"]["subject"].startswith("请处理：")
    assert "/admin/payments/refund/1/change/" in mail["body"]["text"]


def test_a_mailbox_that_is_not_there_is_not_tried_again(outside):
    staff("gone")
    with transaction.atomic():
        notify_staff(event=STAFF_ALERT, permission="", context={"message": "m", "link": "l"}, dedupe_key="1", now=NOON)
    outside.fault("email", "refuse", times=1)
    assert sweep(NOON) == {"failed": 1}
    assert log() == [("email", "failed", "smtp_550")]


def test_a_mail_server_that_fails_is_tried_again(outside):
    staff("boss")
    with transaction.atomic():
        notify_staff(event=STAFF_ALERT, permission="", context={"message": "m", "link": "l"}, dedupe_key="1", now=NOON)
    outside.fault("email", "500", times=1)
    assert sweep(NOON) == {"retried": 1}
    assert by_channel("email").error_code == "smtp_451"
    assert sweep(NOON + timedelta(minutes=1)) == {"sent": 1}


def test_a_template_that_went_off_meanwhile_ends_the_delivery(member):
    parcel(member, now=NOON)
    NotificationTemplate.objects.filter(event=PARCEL.code, channel="subscribe").update(enabled=False)
    assert sweep(NOON) == {"skipped": 1}
    assert log()[1:] == [("subscribe", "skipped", "no_template"), ("sms", "queued", "")]
