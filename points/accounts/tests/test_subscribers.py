"""Every change of points is told once, as the member wishes; growth follows what was earned and what is taken back."""

from datetime import timedelta

import pytest
from django.db import transaction

from members.notifications.models import Delivery, Notification
from members.notifications.services import choose
from members.tiers.models import GrowthEntry
from members.tiers.tests.making import adopt
from orders.payments.tests.factories import deliver_outbox
from points.accounts.explaining import FILE
from points.ledger.services import adjust, capture, claw_back, grant, hold, release, settle_due
from points.ledger.tests import making
from points.ledger.tests.making import STAFF, at
from shop.core import clock, outbox
from shop.core.models import OutboxEntry

pytestmark = pytest.mark.django_db(transaction=True)
NOON = at(2026, 3, 10)


@pytest.fixture(autouse=True)
def _at_noon():
    with clock.fixed(NOON):
        yield


def give(member, points, **more):
    return making.give(member, points, **more)


def act(service, **content):
    with transaction.atomic():
        return service(now=NOON, **content)


def deliver_twice():
    deliver_outbox()
    OutboxEntry.objects.update(status="pending", leased_until=None)
    outbox.deliver(entry_ids=list(OutboxEntry.objects.order_by("pk").values_list("pk", flat=True)))


def told(member):
    rows = Notification.objects.filter(member=member, in_inbox=True).order_by("pk")
    return [(row.event, row.title) for row in rows]


def test_what_comes_and_goes_is_told_once_and_holds_are_silent(member):
    give(member, 300, reference="g")
    act(hold, reference="h1", member_id=member.pk, points=100)
    act(hold, reference="h2", member_id=member.pk, points=50)
    act(release, hold_reference="h2", reference="r")
    act(capture, hold_reference="h1", reference="c")
    act(claw_back, of="g", reference="b", points=20)
    deliver_twice()
    assert told(member) == [
        ("points_came", "300 积分到账"),
        ("points_went", "减少 100 积分"),
        ("points_went", "减少 20 积分"),
    ]
    body = Notification.objects.filter(member=member).order_by("pk")[1].body
    assert body == "使用：消费。当前可用 200 积分。"


def test_a_sweep_tells_each_member_once_however_many_lots_matured_or_expired(member):
    for _number in range(3):
        give(member, 10, matures_at=NOON + timedelta(hours=1))
        give(member, 7, expires_at=NOON + timedelta(hours=1))
    deliver_outbox()
    Notification.objects.all().delete()
    OutboxEntry.objects.all().delete()
    later = NOON + timedelta(hours=2)
    with clock.fixed(later):
        settle_due(now=later)
        deliver_twice()
    assert told(member) == [("points_ripe", "30 积分现在可以使用了"), ("points_expired", "21 积分已到期")]


def test_sms_is_for_those_who_asked_for_it(member):
    give(member, 1)
    deliver_outbox()
    assert list(Delivery.objects.filter(channel="sms").values_list("error_code", flat=True)) == ["preference"]
    choose(member_id=member.pk, preferences=[{"category": "points", "channel": "sms", "allowed": True}])
    give(member, 2)
    choose(member_id=member.pk, preferences=[{"category": "points", "channel": "in_app", "allowed": False}])
    outbox.deliver(entry_ids=list(OutboxEntry.objects.filter(fact="PointsChanged").values_list("pk", flat=True)))
    newest = Notification.objects.latest("pk")
    assert newest.deliveries.filter(channel="sms").exclude(error_code="preference").exists()
    assert not newest.in_inbox


def growth(member):
    return list(GrowthEntry.objects.filter(member=member).order_by("pk").values_list("kind", "amount"))


def test_growth_follows_what_was_earned_and_leaves_with_it(member):
    adopt(growth_per_100_points=25)
    give(member, 399, reference="g")
    act(claw_back, of="g", reference="b1", points=100)
    act(claw_back, of="g", reference="b2", points=299)
    deliver_twice()
    # 99 for 399; for the 299 left 99 × 299 // 399 = 74 stay, so 25 go, then the rest.
    assert growth(member) == [("points", 99), ("refund", -25), ("refund", -74)]


def test_what_the_shop_gives_is_no_merit_and_without_a_rate_nothing_grows(member):
    give(member, 100)
    deliver_twice()
    assert growth(member) == []
    adopt(growth_per_100_points=25)
    with transaction.atomic():
        adjust(reference="a", member_id=member.pk, points=100, actor=STAFF, note="", now=NOON)
        grant(reference="f", member_id=member.pk, points=100, source=FILE, now=NOON, matures_at=NOON)
    deliver_twice()
    assert growth(member) == [("points", 25)]
