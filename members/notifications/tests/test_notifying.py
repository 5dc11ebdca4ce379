"""Telling: once, in the right words, by the right channels."""

from datetime import UTC, datetime

import pytest

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from members.notifications.events import Channel, declared_events
from members.notifications.invariants import LAWS
from members.notifications.models import Delivery, Notification, NotificationTemplate
from members.notifications.services import choose, notify
from members.notifications.tests.factories import PARCEL, TEMPLATE, credit, log, offer, parcel, words
from shop.core import clock

pytestmark = pytest.mark.django_db


def test_every_event_has_templates_on_each_channel_in_both_languages():
    there = set(NotificationTemplate.objects.values_list("event", "channel", "language"))
    wanted = {
        (event.code, str(channel), language)
        for event in declared_events().values()
        for channel in event.channels
        for language in ("zh-hans", "en")
    }
    assert wanted <= there
    paid = NotificationTemplate.objects.get(event="order_paid", channel="in_app", language="zh-hans")
    assert paid.title == "订单支付成功"


@pytest.fixture
def member(db):
    """Has a phone and WeChat."""
    return MemberFactory(openid="openid-1")


def test_the_inbox_has_it_at_once_and_the_rest_of_the_routes_is_queued(member, wechat_template):
    words(PARCEL, Channel.IN_APP, "包裹 {number}，{amount}", title="包裹 {number}")
    credit(member)
    parcel(member)
    inbox = Notification.objects.get()
    assert (inbox.title, inbox.body, inbox.link) == ("包裹 M1", "包裹 M1，¥12.50", "pages/order?number=M1")
    assert (inbox.in_inbox, inbox.read_at) == (True, None)
    assert log() == [("in_app", "sent", ""), ("subscribe", "queued", "")]


def test_the_same_key_tells_once(member):
    assert parcel(member) is not None
    assert parcel(member) is None
    assert parcel(member, key="2") is not None
    assert Notification.objects.count() == 2
    assert Delivery.objects.filter(channel="sms").count() == 2


def test_what_wechat_cannot_take_falls_to_sms(member, wechat_template):
    parcel(member)
    assert log() == [("in_app", "sent", ""), ("subscribe", "skipped", "no_credit"), ("sms", "queued", "")]


def test_a_member_without_any_address_is_told_in_the_inbox():
    parcel(MemberFactory(phone=None))
    assert log() == [
        ("in_app", "sent", ""),
        ("subscribe", "skipped", "no_address"),
        ("sms", "skipped", "no_address"),
    ]


def test_a_template_that_is_off_is_no_way(member):
    NotificationTemplate.objects.filter(event=PARCEL.code).update(enabled=False)
    parcel(member)
    assert {code for _channel, _status, code in log()} == {"no_template"}
    assert not Notification.objects.get().in_inbox


def test_a_template_of_another_version_holds_up_nothing_and_is_named(member, wechat_template):
    row = words(PARCEL, Channel.SUBSCRIBE, "thing1: {number}\nthing2: {weight}", provider_template=TEMPLATE)
    credit(member)
    assert parcel(member) is not None
    assert log() == [("in_app", "sent", ""), ("subscribe", "skipped", "no_template"), ("sms", "queued", "")]
    assert [told for law in LAWS for told in law()] == [
        f"template {row.pk} of test_parcel on subscribe asks for what the event does not have"
    ]


def test_a_member_is_told_in_their_language_or_else_in_the_shops(member):
    words(PARCEL, Channel.IN_APP, "包裹", title="包裹")
    words(PARCEL, Channel.IN_APP, "parcel", title="Parcel", language="en")
    choose(member_id=member.pk, language="en")
    parcel(member, key="1")
    NotificationTemplate.objects.filter(event=PARCEL.code, language="en").update(enabled=False)
    parcel(member, key="2")
    assert list(Notification.objects.order_by("pk").values_list("title", flat=True)) == ["Parcel", "包裹"]


def test_preferences_are_kept_to_and_marketing_by_sms_needs_leave(member):
    offer(member, key="1")
    choose(member_id=member.pk, preferences=[{"category": "marketing", "channel": "sms", "allowed": True}])
    offer(member, key="2")
    assert log(notification__dedupe_key="1") == [("sms", "skipped", "preference"), ("in_app", "sent", "")]
    assert log(notification__dedupe_key="2") == [("sms", "queued", "")]
    choose(member_id=member.pk, preferences=[{"category": "transactional", "channel": "sms", "allowed": False}])
    parcel(member)
    assert log(notification__event=PARCEL.code)[-1] == ("sms", "skipped", "preference")


def test_a_blocked_member_gets_no_marketing_but_hears_of_the_parcel(member):
    Member.objects.update(status=Member.Status.BLOCKED)
    offer(member)
    parcel(member)
    assert log(notification__event="test_offer") == [("sms", "skipped", "preference"), ("in_app", "skipped", "blocked")]
    assert log(notification__event=PARCEL.code)[0] == ("in_app", "sent", "")


def test_marketing_in_the_inbox_is_capped_by_the_shanghai_day(member):
    evening, midnight = datetime(2026, 11, 21, 15, 59, tzinfo=UTC), datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
    for n in range(11):
        offer(member, key=f"a{n}", now=evening)
    offer(member, key="b", now=midnight)
    ends = [status for channel, status, _code in log() if channel == "in_app"]
    assert ends == ["sent"] * 10 + ["skipped", "sent"]


@pytest.mark.parametrize(
    "context",
    [{}, {"number": "1"}, {"number": 1, "amount": 1}, {"number": "1", "amount": True}, {"number": "1", "amount": "1"}],
)
def test_a_context_that_is_not_as_declared_is_a_mistake_of_the_caller(member, context):
    with pytest.raises(TypeError):
        notify(event=PARCEL, member_id=member.pk, context=context, dedupe_key="1", now=clock.now())
    assert not Notification.objects.exists()


def test_nobody_is_told_who_is_not_there():
    gone = MemberFactory(phone=None, status="closed")
    assert parcel(gone) is None
    target = MemberFactory()
    merged = MemberFactory(phone=None, status="merged", merged_into=target)
    assert parcel(merged) is not None
    assert Notification.objects.get().member == target


def test_telling_costs_four_statements(member, django_assert_num_queries):
    parcel(member, key="0")
    # Reach, words, the notification with its deliveries, one outbox entry; savepoint and release around.
    with django_assert_num_queries(6):
        parcel(member)
