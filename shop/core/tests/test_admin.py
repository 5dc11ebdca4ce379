"""The system's own screens open for those who may see them, and show what needs attention."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from shop.core.alerts import clear_alert, raise_alert
from shop.core.models import OutboxEntry, StaffUser
from shop.core.tests.pages import sent_form

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


def test_a_staff_account_is_made_with_a_name_and_a_password(admin_client):
    address = reverse("admin:core_staffuser_add")
    page = admin_client.get(address).content.decode()
    assert 'name="username"' in page
    assert 'name="password1"' in page
    assert admin_client.post(address, {"username": "", "password1": "", "password2": ""}).status_code == 200
    made = {"username": "mei", "usable_password": "true", "password1": "lantern-9-Mei!", "password2": "lantern-9-Mei!"}
    assert admin_client.post(address, made).status_code == 302
    assert StaffUser.objects.get(username="mei").check_password("lantern-9-Mei!")
    assert not StaffUser.objects.filter(username="").exists()


def test_an_account_is_given_a_role_on_its_page(admin_client):
    mei = StaffUser.objects.create_user("mei", password="x")
    role = Group.objects.create(name="Packers")
    address = reverse("admin:core_staffuser_change", args=[mei.pk])
    shown = sent_form(admin_client.get(address).content.decode())
    answer = admin_client.post(address, {**shown, "is_staff": "on", "groups": [role.pk]})
    assert answer.status_code == 302
    assert [*mei.groups.all()] == [role]


def test_superusers_are_out_of_reach_of_those_who_only_manage_accounts(client):
    owner = StaffUser.objects.create_superuser("owner", password="x")
    manager = staff_client(client, "view_staffuser", "change_staffuser", "delete_staffuser")
    own = StaffUser.objects.get(username="mei")
    manager.post(reverse("admin:core_staffuser_change", args=[owner.pk]), {"username": "taken", "is_active": "on"})
    greedy = {"username": "mei", "is_active": "on", "is_staff": "on", "is_superuser": "on", "first_name": "Mei"}
    assert manager.post(reverse("admin:core_staffuser_change", args=[own.pk]), greedy).status_code == 302
    assert manager.post(reverse("admin:core_staffuser_delete", args=[owner.pk]), {"post": "yes"}).status_code == 403
    assert manager.get(reverse("admin:auth_user_password_change", args=[owner.pk])).status_code == 403
    assert StaffUser.objects.get(username="mei").first_name == "Mei"
    assert set(StaffUser.objects.values_list("username", "is_superuser")) == {("owner", True), ("mei", False)}
