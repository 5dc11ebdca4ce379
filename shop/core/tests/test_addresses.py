"""What answers outside the rooms: the front door, and refusals that Django makes before any view."""

import pytest
from django.test import Client


@pytest.mark.parametrize(("address", "target"), [("/", "/admin/"), ("/api/v1/", "/api/docs/")])
def test_the_front_doors_lead_somewhere(address, target):
    answer = Client().get(address)
    assert (answer.status_code, answer.headers["Location"]) == (302, target)


def test_a_host_that_is_not_ours_is_refused_in_the_envelope():
    answer = Client().get("/api/v1/ping", headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


def test_a_host_that_is_not_ours_is_refused_on_pages_too():
    answer = Client().get("/admin/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "text/html" in answer.headers["Content-Type"]
