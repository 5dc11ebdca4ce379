from datetime import date, time, timedelta

import pytest
from django.urls import reverse

from logistics.carriers.models import CarrierChoice, LaneTally, QualityDay
from logistics.network.tests.factories import NOW
from logistics.shipments.models import Shipment
from logistics.shipments.outcomes import due_on, learn_matured
from logistics.shipments.tests.factories import make_carrier, plan
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)
ZHEJIANG = "330000"


def sent(*, hours: int | None, shipped_at=NOW) -> Shipment:
    """A parcel that its carrier, who promises 48 hours, took and delivered after so many."""
    shipment = plan()
    shipment.shipped_at = shipped_at
    shipment.delivered_at = None if hours is None else shipped_at + timedelta(hours=hours)
    shipment.save()
    return shipment


def test_a_parcel_counts_on_the_day_it_was_due_and_is_late_without_a_delivery():
    carrier = make_carrier()
    for hours in (40, 48, 49, None):
        sent(hours=hours)
    sent(hours=1, shipped_at=NOW + timedelta(days=1))
    assert CarrierChoice.objects.count() == 5
    due = clock.business_day(NOW + timedelta(hours=48))
    assert due_on(due) == {(carrier.pk, (ZHEJIANG, ZHEJIANG)): (2, 4)}
    assert due_on(due - timedelta(days=1)) == {}


def test_only_days_that_have_matured_are_learned_from_and_each_once():
    make_carrier()
    sent(hours=40)
    sent(hours=90)
    due = clock.business_day(NOW + timedelta(hours=48))
    # The first night starts with yesterday's yesterday.
    assert learn_matured(today=due + timedelta(days=1)) == {"evaluated": 0, "late": 0}
    assert learn_matured(today=due + timedelta(days=2)) == {"evaluated": 2, "late": 1}
    assert learn_matured(today=due + timedelta(days=2)) == {"evaluated": 0, "late": 0}
    assert LaneTally.objects.get().due == 2
    # Nights that were missed are made up for.
    assert learn_matured(today=due + timedelta(days=6)) == {"evaluated": 0, "late": 0}
    days = QualityDay.objects.filter(carrier=None).order_by("day").values_list("day", flat=True)
    assert list(days) == [due + timedelta(days=offset) for offset in range(-1, 5)]
    assert isinstance(days[0], date)


@pytest.mark.parametrize(
    ("minutes", "hours", "kept"),
    [
        # Taken over at noon; it comes six hours later, and 48 hours count from then.
        (0, 54, True),
        (0, 55, False),
        # Reported an hour after it was there: it has it since.
        (7 * 60, 48, True),
        (7 * 60, 49, False),
        # Three hours after: it takes it on the next day, 21 hours later.
        (9 * 60, 69, True),
        (9 * 60, 70, False),
    ],
)
def test_the_clock_of_a_carrier_runs_from_its_pick_up(minutes, hours, kept):
    carrier = make_carrier()
    shipped_at = NOW + timedelta(minutes=minutes)
    sent(hours=hours, shipped_at=shipped_at)
    type(carrier).objects.update(pick_up_at=time(18))
    days = {day: due_on(day) for day in (clock.business_day(NOW) + timedelta(days=more) for more in range(6))}
    (found,) = [each for each in days.values() if each]
    assert found == {(carrier.pk, (ZHEJIANG, ZHEJIANG)): (int(kept), 1)}


def test_how_long_parcels_took_is_known_by_lane_what_never_came_included(admin_client):
    make_carrier()
    for hours in (20, 21, 22, 23, 24, 30, 31, 32, 60, None):
        sent(hours=hours)
    due = clock.business_day(NOW + timedelta(hours=48))
    learn_matured(today=due + timedelta(days=2))
    lane = LaneTally.objects.get()
    assert (lane.due, lane.on_time, lane.p50_hours, lane.p90_hours) == (10, 8, 24, 60)
    page = admin_client.get(reverse("admin:carriers_carrier_scorecard")).content.decode()
    for words in ("浙江省 → 浙江省", "48 小时", "24 小时", "60 小时"):
        assert words in page
