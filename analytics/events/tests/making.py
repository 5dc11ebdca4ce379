"""Events as fronts send them, and what is in the table afterwards."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from rest_framework.test import APIClient

from analytics.events.models import Event
from analytics.events.services.loading import load_events
from members.identity.models import Member
from members.identity.tests.factories import client_for
from shop.core import clock

URL = "/api/v1/events"


def event(name: str = "page_view", *, at: datetime, **fields: Any) -> dict[str, Any]:
    given = {"id": str(uuid4()), "name": name, "at": at.isoformat(), "visitor_id": "anna", "session_id": "s1"}
    return {key: value for key, value in {**given, **fields}.items() if value is not None}


def send(client: APIClient, *events: dict[str, Any], sent_at: datetime | None = None, **headers: Any) -> Any:
    body = {"sent_at": (sent_at or clock.now()).isoformat(), "events": list(events)}
    return client.post(URL, body, format="json", headers=headers)


def signed_in(member: Member) -> APIClient:
    """Tokens are for now, whatever the test's clock says."""
    with clock.fixed(datetime.now(UTC)):
        return client_for(member)


def load() -> dict[str, int]:
    return load_events(seconds=60)


def loaded() -> list[Event]:
    """Everything, in the order in which it happened; of the same instant and place by visitor and session."""
    load()
    return list(Event.objects.order_by("at", "sequence", "visitor_id", "session_id"))
