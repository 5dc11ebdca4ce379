"""One page finds who did what, when, to which object, with what it was before, what it became, and why."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.html import strip_tags

from members.identity.tests.factories import MemberFactory
from points.ledger.models import ManualGrant
from points.ledger.services.approving import approve_grant, request_grant
from shop.core import clock, preferences
from shop.core.actors import Actor
from shop.core.audit import Search, search, trails
from shop.core.models import PreferenceValue
from shop.core.roles import create_role_accounts, seed_roles

pytestmark = pytest.mark.django_db
PAGE = "/admin/admin/logentry/search/"


@pytest.fixture
def staff():
    seed_roles()
    return {user.username: user for user in create_role_accounts(password="red-lantern-8")}


def client_of(user):
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def lines(client, **asked):
    page = client.get(PAGE, asked)
    assert page.status_code == 200
    listed = re.search(r'<ul id="deeds".*?</ul>', page.content.decode(), re.DOTALL)[0]
    return [" ".join(strip_tags(each).split()) for each in re.findall(r"<li.*?</li>", listed, re.DOTALL)]


def rename_shop(client, name):
    preferences.store_defaults()
    row = PreferenceValue.objects.get(key="shop.name")
    client.post(f"/admin/core/preferencevalue/{row.pk}/change/", {"value": name})
    return row


def test_a_changed_setting_is_found_with_both_values_and_who_it_was(staff):
    owner = client_of(staff["owner"])
    rename_shop(owner, "Lantern 1")
    rename_shop(owner, "Lantern 2")
    found = lines(owner, actor="owner", kind="version.core.preferencevalue")
    assert "Lantern 1 → Lantern 2" in found[0]
    assert "owner" in found[0]
    assert lines(owner, actor="finance") == ["Nobody did anything like that."]


def test_a_grant_over_the_limit_names_both_persons_and_the_reason(staff):
    now, member = clock.now(), MemberFactory()
    grant = request_grant(
        member_id=member.pk,
        points=50_000,
        reason="lost parcel",
        reference="lost-1",
        actor=Actor.staff("service"),
        now=now,
    )
    approve_grant(grant_id=grant.pk, actor=Actor.staff("finance"), now=now + timedelta(minutes=5))
    decided, asked = lines(client_of(staff["finance"]), number="lost-1")
    assert "finance" in decided
    assert "Waiting for approval → Booked" in decided
    assert "Reason: lost parcel" in decided
    assert "service" in asked
    assert lines(client_of(staff["finance"]), number="lost-1", actor="service") == [asked]


def test_each_finds_what_they_may_look_at(staff):
    owner, finance, analyst = (client_of(staff[name]) for name in ("owner", "finance", "analyst"))
    rename_shop(owner, "Lantern 1")
    assert any("Lantern 1" in line for line in lines(owner))
    assert lines(finance) == lines(analyst) == ["Nobody did anything like that."]
    for role in ("operator", "warehouse", "service", "store"):
        assert client_of(staff[role]).get(PAGE).status_code == 403


def test_days_narrow_and_older_goes_on(staff):
    now, owner = clock.now(), staff["owner"]
    for day in range(60):
        ManualGrant.objects.create(
            reference=f"grant-{day}",
            member=MemberFactory(),
            points=1,
            reason="gift",
            requested_by="staff:service",
            requested_at=now - timedelta(days=day),
        )
    client = client_of(owner)
    newest = lines(client, kind="grant")
    assert len(newest) == 50
    older = re.search(r'id="older"[^>]*href="([^"]*)"', client.get(PAGE, {"kind": "grant"}).content.decode())[1]
    rest = client.get(PAGE + older.replace("&amp;", "&")).context["found"]
    assert [each.deed.at for each in rest] == [now - timedelta(days=day) for day in range(50, 60)]
    today = f"{clock.business_day(now):%Y-%m-%d}"
    assert len(lines(client, kind="grant", since=today, until=today)) == 1


def test_a_member_is_not_of_the_staff(staff):
    ManualGrant.objects.create(
        reference="by-system",
        member=MemberFactory(),
        points=1,
        reason="gift",
        requested_by="system:job",
        requested_at=clock.now(),
    )
    assert lines(client_of(staff["owner"]), kind="grant") == ["Nobody did anything like that."]


def test_a_page_takes_few_queries_however_many_deeds_it_shows(staff, django_assert_max_num_queries):
    for each in range(3):
        rename_shop(client_of(staff["owner"]), f"Lantern {each}")
    with django_assert_max_num_queries(2 + 3 + 4):
        found = search(user=staff["owner"], asked=Search(), limit=50)
    assert len(found) >= 3


def test_every_trail_is_found_by_the_owner(staff):
    known = [trail.name for trail in trails()]
    assert len(set(known)) == len(known)
    assert {trail.permission for trail in trails()} <= staff["owner"].get_all_permissions()
    assert "version.catalog.product" in known
