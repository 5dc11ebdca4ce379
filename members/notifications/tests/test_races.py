"""Races over one dedupe key, one day's cap and one subscription, each with a control whose guard is off."""

from datetime import UTC, datetime
from threading import Barrier

import pytest
from django.db import IntegrityError, transaction

from members.identity.tests.factories import MemberFactory
from members.notifications.events import Channel
from members.notifications.models import Delivery, Notification, SubscribeCredit
from members.notifications.services import choose, credits, delivering, notifying, routing
from members.notifications.tests.factories import PARCEL, TEMPLATE, credit, offer, parcel, words
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
MANY = 8


@pytest.fixture
def member(outside):
    member = MemberFactory(openid=outside.user(), phone="+8613900000003")
    choose(member_id=member.pk, preferences=[{"category": "marketing", "channel": "sms", "allowed": True}])
    return member


def meeting():
    return Barrier(MANY, timeout=30)


def insert_unguarded(barrier):
    """Look, then write: everybody has looked before anybody writes."""

    def insert(notification, deliveries):
        known = Notification.objects.filter(dedupe_key=notification.dedupe_key).exists()
        barrier.wait()
        if known:
            return None
        notification.save()
        return notification.pk, [row.pk for row in Delivery.objects.bulk_create(deliveries)]

    return insert


@pytest.mark.parametrize("guarded", [True, False])
def test_many_who_tell_the_same_at_once_tell_it_once(member, guarded, monkeypatch):
    if not guarded:
        monkeypatch.setattr(notifying, "_insert", insert_unguarded(meeting()))
    results = run_together(*[lambda: parcel(member, now=NOON)] * MANY)
    failed = [each for each in results if isinstance(each, IntegrityError)]
    # With the guard the others stand back; without, the constraint breaks their transactions.
    assert len(failed) == (0 if guarded else MANY - 1)
    assert Notification.objects.count() == 1
    assert Delivery.objects.filter(channel="sms").count() == 1


@pytest.mark.parametrize("guarded", [True, False])
def test_marketing_at_once_stays_within_the_cap(member, outside, guarded, monkeypatch):
    for n in range(MANY):
        offer(member, key=str(n), now=NOON)
    before = len(outside.messages("13900000003"))
    if not guarded:
        barrier, take_place = meeting(), delivering.within_cap

        def within_cap(*args, **kwargs):
            answer = take_place(*args, **kwargs)
            barrier.wait()
            return answer

        monkeypatch.setattr(routing, "lock_daily_count", lambda **_: None)
        monkeypatch.setattr(delivering, "within_cap", within_cap)
    rows = list(Delivery.objects.filter(channel="sms").values_list("pk", flat=True))
    run_together(*[lambda pk=pk: delivering.deliver(delivery_ids=[pk], now=NOON) for pk in rows])
    assert len(outside.messages("13900000003")) - before == (1 if guarded else MANY)


def take_credit_unguarded(barrier):
    def take_credit(*, member_id, template):
        row = SubscribeCredit.objects.get(member_id=member_id, template=template)
        barrier.wait()
        if row.used >= row.accepted:
            return False
        row.used += 1
        row.save(update_fields=["used"])
        return True

    return take_credit


@pytest.mark.parametrize("guarded", [True, False])
def test_three_subscriptions_send_three_messages(member, guarded, monkeypatch, outside):
    words(PARCEL, Channel.SUBSCRIBE, "thing1: {number}", provider_template=TEMPLATE)
    credit(member, accepted=3)
    for n in range(MANY):
        parcel(member, key=str(n), now=NOON)
    before = len(outside.outbox("subscribe"))
    if not guarded:
        monkeypatch.setattr(delivering, "take_credit", take_credit_unguarded(meeting()))
    rows = list(Delivery.objects.filter(channel="subscribe", status="queued").values_list("pk", flat=True))
    assert len(rows) == MANY
    run_together(*[lambda pk=pk: delivering.deliver(delivery_ids=[pk], now=NOON) for pk in rows])
    assert len(outside.outbox("subscribe")) - before == (3 if guarded else MANY)
    if guarded:
        assert SubscribeCredit.objects.get().used == 3
        assert Delivery.objects.filter(channel="subscribe", error_code="no_credit").count() == MANY - 3


@pytest.mark.parametrize("guarded", [True, False])
def test_many_workers_send_one_delivery_once(member, outside, guarded, monkeypatch):
    parcel(member, now=NOON)
    pk = Delivery.objects.get(channel="sms").pk
    sent, send = [], delivering.SENDERS["sms"]
    monkeypatch.setattr(delivering, "SENDERS", {"sms": lambda message: sent.append(1) or send(message)})
    if not guarded:
        barrier = meeting()

        def take(delivery_id, now):
            row = Delivery.objects.select_related("notification__staff").get(pk=delivery_id)
            barrier.wait()
            with transaction.atomic():
                return delivering._lease(row, delivering._telling(row.notification), now)

        monkeypatch.setattr(delivering, "_take", take)
    run_together(*[lambda: delivering.deliver(delivery_ids=[pk], now=NOON)] * MANY)
    assert len(sent) == (1 if guarded else MANY)
    # Even then the gateway knows the reference and sends one message.
    assert len([m for m in outside.outbox("sms") if m["body"].get("reference") == f"delivery-{pk}"]) == 1


def test_acceptances_reported_at_once_all_count(member):
    words(PARCEL, Channel.SUBSCRIBE, "thing1: {number}", provider_template=TEMPLATE)
    report = {"member_id": member.pk, "template": TEMPLATE, "accepted": True}
    run_together(*[lambda: credits.record_answer(**report)] * MANY)
    assert SubscribeCredit.objects.get().accepted == MANY
