"""Waybills and tracks against the real sandbox process, pushes through a real server."""

import time
from datetime import timedelta
from typing import Any

import httpx
import pytest

from logistics.allocation.services import cancel_fulfilment
from logistics.network.tests.factories import NOW
from logistics.shipments.errors import CourierUnavailable
from logistics.shipments.models import Problem, Shipment, ShipmentStatus
from logistics.shipments.services import cancel_shipments, correct_tracking, ship
from logistics.shipments.tests.factories import make_carrier, plan
from logistics.shipments.waybills import poll_silent, request_waybill, subscribe_tracking
from shop.core import clock, outbox
from shop.core.actors import Actor
from shop.core.models import OutboxEntry

pytestmark = pytest.mark.django_db(transaction=True)
CLERK = Actor.staff("clerk")


@pytest.fixture
def shop_url(settings, live_server) -> str:
    settings.BASE_URL = live_server.url
    return live_server.url


@pytest.fixture
def planned(sandbox, shop_url) -> Shipment:
    # The sandbox remembers references for the whole session, and their numbers start with the second of planning.
    return plan()


def deliver(fact: str) -> None:
    outbox.deliver(entry_ids=list(OutboxEntry.objects.filter(fact=fact).values_list("pk", flat=True)))


def advance(sandbox: Any, tracking_number: str, to: str) -> list[int]:
    """Move the parcel in the courier's hands; returns what the shop answered to each push."""
    body = {"tracking_number": tracking_number, "to": to, "wait": True}
    answer = httpx.post(f"{sandbox.url}/couriers/advance", json=body, timeout=40)
    assert answer.is_success, answer.text
    return [push["status"] for push in answer.json()["pushed"]]


def test_a_planned_parcel_gets_its_waybill_by_the_outbox_and_travels_to_its_buyer(sandbox, planned):
    deliver("ShipmentPlanned")
    planned.refresh_from_db()
    assert planned.status == ShipmentStatus.READY
    assert planned.tracking_number.startswith("ZTO")
    assert advance(sandbox, planned.tracking_number, "delivered") == [204] * 4
    planned.refresh_from_db()
    assert planned.status == ShipmentStatus.DELIVERED
    assert list(planned.events.order_by("sequence").values_list("state", flat=True)) == [
        "picked_up",
        "in_transit",
        "out_for_delivery",
        "delivered",
    ]


def test_asking_twice_gives_one_waybill(planned):
    request_waybill(shipment_number=planned.number, now=NOW)
    planned.refresh_from_db()
    first = planned.tracking_number
    # As after a crash between the courier's answer and our transaction.
    Shipment.objects.update(status=ShipmentStatus.PLANNED, tracking_number="")
    request_waybill(shipment_number=planned.number, now=NOW)
    planned.refresh_from_db()
    assert (planned.tracking_number, planned.status) == (first, ShipmentStatus.READY)


def test_a_gateway_that_fails_is_asked_again(sandbox, planned):
    sandbox.fault("couriers", "500")
    deliver("ShipmentPlanned")
    planned.refresh_from_db()
    assert (planned.status, planned.problem) == (ShipmentStatus.PLANNED, "")
    entry = OutboxEntry.objects.get(fact="ShipmentPlanned")
    assert (entry.status, entry.attempts) == (OutboxEntry.Status.PENDING, 1)
    deliver("ShipmentPlanned")
    planned.refresh_from_db()
    assert planned.status == ShipmentStatus.READY


def test_a_gateway_that_is_away_is_asked_again(settings, planned):
    settings.COURIER_GATEWAY_URL = "http://127.0.0.1:9"
    with pytest.raises(CourierUnavailable):
        request_waybill(shipment_number=planned.number, now=NOW)
    planned.refresh_from_db()
    assert planned.status == ShipmentStatus.PLANNED


def test_a_refusal_is_shown_to_a_person(settings, planned):
    settings.COURIER_KEY = "not-the-key"
    request_waybill(shipment_number=planned.number, now=NOW)
    planned.refresh_from_db()
    assert (planned.status, planned.problem) == (ShipmentStatus.PLANNED, Problem.REFUSED)
    assert "401" in planned.news


def test_without_a_gateway_a_person_enters_the_number(settings, planned):
    settings.COURIER_GATEWAY_URL = ""
    request_waybill(shipment_number=planned.number, now=NOW)
    planned.refresh_from_db()
    assert (planned.status, planned.problem) == (ShipmentStatus.PLANNED, Problem.NO_GATEWAY)


def test_a_cancelled_parcel_is_called_off_at_the_courier(sandbox, planned):
    deliver("ShipmentPlanned")
    cancel_fulfilment(order_number=planned.order_number, now=NOW)
    cancel_shipments(order_number=planned.order_number, now=NOW)
    deliver("WaybillVoided")
    planned.refresh_from_db()
    moved = httpx.post(f"{sandbox.url}/couriers/advance", json={"tracking_number": planned.tracking_number}, timeout=10)
    assert (moved.status_code, planned.problem) == (409, "")


def test_silent_parcels_are_asked_after(sandbox, planned):
    now = clock.now()
    with clock.fixed(now):
        deliver("ShipmentPlanned")
    planned.refresh_from_db()
    sandbox.fault("courier_push", "lose", times=4)
    advance(sandbox, planned.tracking_number, "delivered")
    assert poll_silent(now=now + timedelta(minutes=29))["asked"] == 0
    assert poll_silent(now=now + timedelta(minutes=30)) == {"asked": 1, "answered": 1, "failed": 0}
    planned.refresh_from_db()
    assert (planned.status, planned.events.count()) == (ShipmentStatus.DELIVERED, 5)
    assert poll_silent(now=now + timedelta(hours=9))["asked"] == 0


def test_a_poll_that_fails_does_not_hold_up_others(settings, sandbox, planned):
    deliver("ShipmentPlanned")
    settings.COURIER_GATEWAY_URL = "http://127.0.0.1:9"
    later = clock.now() + timedelta(hours=1)
    assert poll_silent(now=later) == {"asked": 1, "answered": 0, "failed": 1}
    assert poll_silent(now=later)["asked"] == 0


def test_a_number_of_ones_own_is_reported_on_and_so_is_the_right_one_after_a_wrong_one(sandbox, planned):
    numbers = [f"OWN{planned.pk}{time.time_ns()}"[:24] + each for each in "ab"]
    carrier = planned.carrier_id
    ship(shipment_number=planned.number, carrier_id=carrier, tracking_number=numbers[0], actor=CLERK, now=NOW)
    deliver("TrackingNumberEntered")
    assert advance(sandbox, numbers[0], "in_transit") == [204] * 2
    for _again in range(2):
        correct_tracking(
            shipment_number=planned.number, carrier_id=carrier, tracking_number=numbers[1], actor=CLERK, now=NOW
        )
    asked = OutboxEntry.objects.filter(subscriber__endswith="ask_for_reports")
    assert sorted(asked.values_list("status", flat=True)) == ["done", "pending"]
    deliver("TrackingNumberEntered")
    assert advance(sandbox, numbers[1], "delivered") == [204] * 4
    planned.refresh_from_db()
    assert (planned.status, planned.tracking_number) == (ShipmentStatus.DELIVERED, numbers[1])


def test_a_courier_that_does_not_carry_the_number_is_told_to_people(sandbox, planned):
    deliver("ShipmentPlanned")
    planned.refresh_from_db()
    other = make_carrier("SF")
    number = planned.tracking_number
    ship(shipment_number=planned.number, carrier_id=other.pk, actor=CLERK, now=NOW)
    subscribe_tracking(shipment_number=planned.number)
    planned.refresh_from_db()
    assert (planned.problem, planned.tracking_number) == (Problem.REFUSED, number)
    assert "ZTO carries this parcel" in planned.news
