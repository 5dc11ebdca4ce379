"""What the demo shop shows on the page of alarms, and that the running shop adds nothing of its own to it."""

import pytest
from django.urls import reverse

from analytics.anomalies import demo
from analytics.anomalies.models import Anomaly, Reading
from analytics.anomalies.services import watch
from analytics.anomalies.tests.test_watching import NOW
from shop.core.models import Alert

pytestmark = pytest.mark.django_db


def test_the_demo_shop_has_alarms_of_every_kind_and_state(admin_client):
    demo.load(size="small", now=NOW)
    found = {each.measure: each for each in Anomaly.objects.all()}
    assert {measure: (each.part, each.whole) for measure, each in found.items()} == {
        "payment_failures": (15, 43),
        "orders": (6, 6),
        "bounces": (88, 120),
        "stock_outs": (9, 9),
    }
    assert {measure for measure, each in found.items() if each.closed_at} == {"payment_failures", "orders"}
    assert {measure for measure, each in found.items() if each.acknowledged_at} == {"bounces"}
    assert [alert.cause for alert in Alert.objects.all()] == ["anomaly:stock_outs"]
    page = admin_client.get(reverse("admin:anomalies_anomaly_changelist")).content.decode()
    assert page.count("已结束") == 2
    assert "9 件" in page
    assert not Reading.objects.exists()
    assert demo.load(size="small", now=NOW) == "anomalies are there"
    watch(now=NOW)
    assert Anomaly.objects.count() == 4
