from datetime import UTC, datetime

from analytics.outreach.models import Plan
from tests.access import Door, Thing, Who

READERS = ("owner", "operator", "analyst")


def _plan(member):
    plan = Plan.objects.create(name="p", created_by="staff:mei", created_at=datetime(2026, 5, 4, tzinfo=UTC))
    return Thing({"plan_id": plan.pk}, plan)


DOORS = (
    Door("GET", "staff/analytics/outreach", Who.STAFF, roles=READERS),
    Door("GET", "staff/analytics/outreach/<int:plan_id>", Who.STAFF, thing=_plan, roles=READERS),
)
