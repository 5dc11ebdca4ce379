from datetime import timedelta

import pytest
from django.core.management import call_command

from logistics.shipments.models import Shipment
from orders.checkout.models import Order
from orders.fulfilment.tests.test_parcels import deliver_facts
from orders.payments.models import Payment
from promotions.group_buy.models import Team
from shop.core import clock
from shop.core.invariants import violations
from shop.core.models import OutboxEntry

HISTORY, REDEMPTIONS = 24, 6


@pytest.mark.django_db(transaction=True)
def test_the_demo_shop_has_a_history_that_adds_up(sandbox):
    call_command("load_demo", "--size", "small")
    assert Order.objects.count() == HISTORY + REDEMPTIONS
    statuses = set(Order.objects.values_list("status", flat=True))
    assert {"completed", "delivered", "cancelled"} <= statuses
    assert Order.objects.earliest("placed_at").placed_at < clock.now() - timedelta(days=30)
    assert Payment.objects.filter(settles_order=True).count() == Order.objects.exclude(paid_at=None).count()
    assert sorted(Team.objects.values_list("status", flat=True)) == ["open", "succeeded"]
    delivered = Shipment.objects.filter(status="delivered").first()
    assert delivered.shipped_at < delivered.delivered_at < clock.now()
    deliver_facts()
    assert not OutboxEntry.objects.exclude(status="done").exists()
    assert violations() == {}
    call_command("load_demo", "--size", "small")
    assert Order.objects.count() == HISTORY + REDEMPTIONS
