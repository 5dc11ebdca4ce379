from datetime import timedelta
from itertools import permutations

import pytest

from logistics.network.tests.factories import NOW
from logistics.shipments.models import ShipmentStatus
from logistics.shipments.tracking import Report, standing


def report(state: str, hours: int) -> Report:
    return Report(state, f"{state} words", NOW + timedelta(hours=hours), hours)


JOURNEY = [report("created", 0), report("picked_up", 1), report("exception", 2), report("delivered", 5)]


def test_the_order_of_arrival_does_not_matter():
    answers = {standing(arrived) for arrived in permutations(JOURNEY)}
    assert len(answers) == 1
    answer = answers.pop()
    assert (answer.status, answer.news) == (ShipmentStatus.DELIVERED, "delivered words")
    assert (answer.shipped_at, answer.delivered_at) == (NOW + timedelta(hours=1), NOW + timedelta(hours=5))


@pytest.mark.parametrize(
    ("states", "status"),
    [
        (["created"], None),
        (["created", "picked_up"], ShipmentStatus.SHIPPED),
        (["picked_up", "exception"], ShipmentStatus.EXCEPTION),
        (["picked_up", "exception", "in_transit"], ShipmentStatus.SHIPPED),
        (["picked_up", "exception", "returned"], ShipmentStatus.RETURNED),
        (["picked_up", "delivered", "in_transit"], ShipmentStatus.DELIVERED),
        ([], None),
    ],
)
def test_the_latest_report_decides_and_nothing_follows_the_end(states, status):
    assert standing(report(state, hours) for hours, state in enumerate(states)).status == status
