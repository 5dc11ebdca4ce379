"""The system's own screens open for those who may see them, and show what needs attention."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from shop.core.alerts import clear_alert, raise_alert
from shop.core.models import OutboxEntry, StaffUser

NOW = datetime(2026, 5, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db
SCREENS = [
    "core_outboxentry",
    "core_jobrun",
    "core_preferencevalue",
    "core_staffuser",
    "auth_group",
    "django_celery_beat_periodictask",
    "admin_logentry",
]


def staff_client(client, *permissions):
    user = StaffUser.objects.create_user("mei", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


@pytest.fixture
def parked(db):
    return OutboxEntry.objects.create(
        event_id="00000000-0000-0000-0000-000000000001",
        fact="KettleBoiled",
        subscriber="nobody",
        payload={},
        status="parked",
        due_at=NOW,
        created_at=NOW,
    )


@pytest.mark.parametrize("screen", SCREENS)
def test_screens_open_for_the_owner_and_not_for_others(client, admin_client, screen):
    assert admin_client.get(reverse(f"admin:{screen}_changelist")).status_code == 200
    assert staff_client(client).get(reverse(f"admin:{screen}_changelist")).status_code == 403


def test_alerts_are_shown_to_those_who_may_act_until_the_cause_is_gone(client):
    raise_alert(cause="tea", message="Only {cups} cups left", data={"cups": 2}, permission="core.view_jobrun", now=NOW)
    raise_alert(cause="tea", message="Only {cups} cups left", data={"cups": 1}, permission="core.view_jobrun", now=NOW)
    staff = staff_client(client, "view_jobrun")
    assert "Only 1 cups left" in staff.get("/admin/").content.decode()
    clear_alert(cause="tea")
    assert "cups left" not in staff.get("/admin/").content.decode()


def test_an_alert_is_hidden_from_others(client):
    raise_alert(cause="tea", message="No cups left", permission="core.view_jobrun", now=NOW)
    assert "No cups left" not in staff_client(client).get("/admin/").content.decode()


def test_parked_facts_can_be_retried_by_those_who_may(client, parked):
    address = reverse("admin:core_outboxentry_changelist")
    form = {"action": "retry", "_selected_action": [parked.pk]}
    viewer = staff_client(client, "view_outboxentry")
    viewer.post(address, form)
    parked.refresh_from_db()
    assert parked.status == "parked"
    StaffUser.objects.get().user_permissions.add(Permission.objects.get(codename="change_outboxentry"))
    viewer.post(address, form)
    parked.refresh_from_db()
    assert parked.status == "pending"
