"""The courier's callback: only the genuine and recent is believed."""

import json
from datetime import timedelta

import pytest

from logistics.network.tests.factories import NOW
from logistics.shipments.models import ShipmentStatus, TrackingEvent
from logistics.shipments.signing import sign
from logistics.shipments.tests.factories import ready
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)
PATH, KEY = "/api/v1/couriers/notify", "courier-key"


@pytest.fixture(autouse=True)
def key(settings):
    settings.COURIER_KEY = KEY


def report(tracking_number: str, **fields) -> bytes:
    body = {
        "tracking_number": tracking_number,
        "event_id": "TE1",
        "sequence": 2,
        "state": "picked_up",
        "description": "快件已揽收",
        "location": "杭州",
        "at": "2026-11-20T13:00:00+08:00",
        "carrier": "ZTO",
        **fields,
    }
    return json.dumps(body, ensure_ascii=False).encode()


def push(api, body: bytes, *, at=NOW, key: str = KEY, signed: bytes | None = None, **headers):
    timestamp = str(int(at.timestamp()))
    signature = sign(key=key, timestamp=timestamp, body=body if signed is None else signed)
    given = {"X-Timestamp": timestamp, "X-Signature": signature, **headers}
    with clock.fixed(NOW):
        return api.post(PATH, body, content_type="application/json", headers=given)


def test_a_genuine_report_moves_the_parcel_and_a_replay_changes_nothing(api):
    shipment = ready()
    for _time in range(3):
        assert push(api, report(shipment.tracking_number)).status_code == 204
    shipment.refresh_from_db()
    assert (shipment.status, shipment.news) == (ShipmentStatus.SHIPPED, "快件已揽收")
    assert TrackingEvent.objects.count() == 1


@pytest.mark.parametrize(
    "forgery",
    [
        {"key": "another-key"},
        {"key": ""},
        {"signed": b"{}"},
        {"at": NOW - timedelta(seconds=301)},
        {"at": NOW + timedelta(seconds=301)},
        {"at": NOW - timedelta(days=30)},
        {"X-Signature": ""},
        {"X-Signature": "ß"},
        {"X-Timestamp": ""},
        {"X-Timestamp": "now"},
        {"X-Timestamp": "17954328000000"},
    ],
)
def test_a_forged_or_old_report_is_refused_and_changes_nothing(api, forgery):
    shipment = ready()
    answer = push(api, report(shipment.tracking_number), **forgery)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_signature")
    shipment.refresh_from_db()
    assert shipment.status == ShipmentStatus.READY
    assert not TrackingEvent.objects.exists()


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_off_is_still_believed(api, seconds):
    shipment = ready()
    answer = push(api, report(shipment.tracking_number), at=NOW + timedelta(seconds=seconds))
    assert answer.status_code == 204


def test_without_a_key_nothing_is_believed(api, settings):
    settings.COURIER_KEY = ""
    shipment = ready()
    assert push(api, report(shipment.tracking_number), key="").status_code == 401


def test_a_tracking_number_that_is_not_ours_is_404(api):
    answer = push(api, report("NOBODYS"))
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_shipment")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b'{"tracking_number": 5}',
        report("X", at="yesterday"),
        report("X", at="2026-11-20T13:00:00"),
        report("X", sequence="2"),
        report("X", event_id=None),
        report("X", sequence=10**12),
        report("X\0"),
        report("X", description="\0"),
        report("X", at="0001-01-01T00:00:00+14:00"),
    ],
)
def test_nonsense_that_is_well_signed_is_400(api, body):
    ready()
    answer = push(api, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")


def test_a_huge_body_is_refused(api):
    answer = push(api, report("X", description="x" * 2_000_000))
    assert answer.status_code == 413
