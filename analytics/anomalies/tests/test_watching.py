"""Hours are read once, alarms open once and close after calm."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from analytics.anomalies.errors import AnomalyIsOver
from analytics.anomalies.models import Anomaly, Measure, Reading
from analytics.anomalies.preferences import IS_ON
from analytics.anomalies.reading import HOUR, SOURCES, WEEK, forget_readings, read_hours
from analytics.anomalies.services import acknowledge, watch
from analytics.traffic.models import SessionFact
from logistics.allocation.tests.factories import recipient
from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from members.notifications.services.alerts import mail_alerts
from orders.checkout.models import Order
from orders.payments.models import Payment, PaymentMethod, PaymentStatus
from shop.catalog.tests.factories import ProductFactory
from shop.core.actors import Actor
from shop.core.models import Alert, StaffUser
from shop.core.preferences import set_preference

pytestmark = pytest.mark.django_db
# Friday, 2026-11-20, 15:00 in Shanghai; the hour from 14 is over.
NOW = datetime(2026, 11, 20, 7, 6, tzinfo=UTC)
LAST = datetime(2026, 11, 20, 6, tzinfo=UTC)
MEI = Actor.staff("mei")


def usual(measure, part, whole=None, *, hours=12, weeks=8):
    """The same in the hours to come of each of the past weeks, and in the hour before."""
    rows = [
        Reading(measure=measure, hour=LAST + hour * HOUR - week * WEEK, part=part, whole=whole or part)
        for week in range(1, weeks + 1)
        for hour in range(-2, hours)
    ]
    Reading.objects.bulk_create([*rows, Reading(measure=measure, hour=LAST - HOUR, part=part, whole=whole or part)])


def order(at=LAST):
    return Order.objects.create(
        number=f"O{Order.objects.count()}",
        member=Member.objects.first() or MemberFactory(),
        goods_fen=100,
        freight_fen=0,
        payable_fen=100,
        placed_at=at,
        expires_at=at,
        recipient=recipient(),
    )


def ordered(count, at=LAST):
    for number in range(count):
        order(at + timedelta(minutes=number))


def later(hours):
    return NOW + hours * HOUR


def test_an_hour_without_orders_wakes_once_and_is_over_after_two_calm_hours():
    usual(Measure.ORDERS, 20)
    StaffUser.objects.create_superuser("mei", email="mei@example.com")
    watch(now=NOW)
    [anomaly] = Anomaly.objects.all()
    assert (anomaly.measure, anomaly.hour, anomaly.part, anomaly.usual) == ("orders", LAST, 0, 20)
    alert = Alert.objects.get(cause="anomaly:orders")
    assert alert.data == {"hour": "11-20 14:00", "part": 0, "whole": 0, "usual": "20"}
    assert mail_alerts(now=NOW) == 1
    # Twice in the hour, and the hour after, which is as bad: nobody is woken again.
    watch(now=NOW + timedelta(minutes=10))
    watch(now=later(1))
    assert mail_alerts(now=later(1)) == 0
    assert Anomaly.objects.count() == 1
    ordered(20, LAST + 2 * HOUR)
    watch(now=later(2))
    assert Anomaly.objects.get().closed_at is None
    ordered(20, LAST + 3 * HOUR)
    watch(now=later(3))
    assert Anomaly.objects.get().closed_at == later(3)
    assert not Alert.objects.exists()
    # It comes back: that is news.
    watch(now=later(4))
    assert Anomaly.objects.filter(closed_at=None).count() == 1
    assert mail_alerts(now=later(4)) == 1


def test_one_calm_hour_between_two_bad_ones_closes_nothing():
    usual(Measure.ORDERS, 20)
    watch(now=NOW)
    ordered(20, LAST + HOUR)
    for hours in (1, 2, 3):
        watch(now=later(hours))
    [anomaly] = Anomaly.objects.all()
    assert (anomaly.closed_at, anomaly.calm_hours) == (None, 0)


def test_a_usual_hour_a_quiet_shop_and_a_new_one_raise_nothing():
    usual(Measure.ORDERS, 20)
    ordered(18)
    assert watch(now=NOW)["started"] == 0
    Reading.objects.all().delete()
    usual(Measure.ORDERS, 2)
    Order.objects.all().delete()
    assert watch(now=NOW)["started"] == 0
    Reading.objects.all().delete()
    usual(Measure.ORDERS, 20, weeks=3)
    assert watch(now=NOW)["started"] == 0
    assert not Anomaly.objects.exists()
    assert not Alert.objects.exists()


def test_payments_that_fail_and_sessions_that_bounce():
    usual(Measure.PAYMENT_FAILURES, 2, 40)
    usual(Measure.BOUNCES, 40, 100)
    at = LAST - HOUR + timedelta(minutes=1)
    Reading.objects.filter(hour=LAST - HOUR).update(hour=LAST - 2 * HOUR)
    for number in range(30):
        paid = number >= 15
        Payment.objects.create(
            number=f"P{number}",
            order=order(),
            method=PaymentMethod.WECHAT,
            status=PaymentStatus.SUCCEEDED if paid else PaymentStatus.CLOSED,
            succeeded_at=at if paid else None,
            amount_fen=100,
            created_at=at,
        )
    for number in range(60):
        SessionFact.objects.create(
            day=at.date(),
            visitor_id=f"v{number}",
            session_id="s",
            started_at=at,
            ended_at=at,
            views=1,
            interactions=0,
            dwell_ms=0,
            carts=0,
            orders=0,
            paid_orders=0,
            is_bounce=number < 45,
            is_idle=False,
        )
    watch(now=NOW)
    found = {each.measure: (each.part, each.whole, each.usual) for each in Anomaly.objects.all()}
    assert found == {"payment_failures": (15, 30, 0.05), "bounces": (45, 60, 0.4)}
    assert Alert.objects.get(cause="anomaly:payment_failures").data["usual"] == "5.0%"


def test_products_that_are_sold_out_all_at_once():
    usual(Measure.STOCK_OUTS, 0)
    for _number in range(6):
        ProductFactory(on_shelf=True)
    watch(now=NOW)
    [anomaly] = Anomaly.objects.all()
    assert (anomaly.measure, anomaly.part) == ("stock_outs", 6)
    assert read_hours(Measure.STOCK_OUTS, now=NOW) == []


def test_the_first_time_all_past_hours_are_read_from_what_other_rooms_keep():
    ordered(3, LAST - 2 * WEEK)
    ordered(2, LAST - 9 * WEEK)
    hours = read_hours(Measure.ORDERS, now=NOW)
    assert (hours[0], hours[-1], len(hours)) == (LAST - 2 * WEEK, LAST, 337)
    assert list(Reading.objects.filter(part__gt=0).values_list("hour", "part")) == [(LAST - 2 * WEEK, 3)]
    assert read_hours(Measure.ORDERS, now=NOW) == []
    # Five minutes after the hour it is settled, and no earlier.
    assert read_hours(Measure.ORDERS, now=later(1) - timedelta(minutes=2)) == []
    assert read_hours(Measure.ORDERS, now=later(1)) == [LAST + HOUR]


def test_hours_missed_long_ago_are_read_but_wake_nobody():
    usual(Measure.ORDERS, 20, hours=36)
    watch(now=later(30))
    [anomaly] = Anomaly.objects.all()
    assert anomaly.hour == LAST + 26 * HOUR
    assert Reading.objects.filter(measure=Measure.ORDERS, hour=LAST).exists()


def test_who_has_seen_it_is_written_down_and_it_is_told_no_more(admin_client):
    usual(Measure.ORDERS, 20)
    watch(now=NOW)
    anomaly = Anomaly.objects.get()
    page = admin_client.get(reverse("admin:anomalies_anomaly_changelist")).content.decode()
    assert "11-20 14:00" in page
    admin_client.get(reverse("admin:anomalies_anomaly_seen", args=[anomaly.pk]))
    anomaly.refresh_from_db()
    assert anomaly.acknowledged_by == "staff:admin"
    assert not Alert.objects.exists()
    watch(now=later(1))
    assert (Anomaly.objects.count(), Alert.objects.count()) == (1, 0)
    Anomaly.objects.update(closed_at=NOW)
    with pytest.raises(AnomalyIsOver):
        acknowledge(anomaly_id=anomaly.pk, actor=MEI, now=later(2))
    anomaly.refresh_from_db()
    assert anomaly.acknowledged_by == "staff:admin"


def test_switched_off_nothing_is_watched_and_old_readings_go():
    usual(Measure.ORDERS, 20)
    set_preference(IS_ON, False)
    watch(now=NOW)
    assert not Anomaly.objects.exists()
    before = Reading.objects.count()
    Reading.objects.create(measure=Measure.ORDERS, hour=LAST - 10 * WEEK, part=1, whole=1)
    assert forget_readings(now=NOW) == 1
    assert Reading.objects.count() == before
    assert set(SOURCES) | {Measure.STOCK_OUTS} == set(Measure)
