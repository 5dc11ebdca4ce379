from datetime import date, timedelta

import pytest

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
