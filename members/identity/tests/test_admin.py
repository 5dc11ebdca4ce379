import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from members.identity.models import Member
from members.identity.origin import Origin
from members.identity.services.sessions import open_session
from members.identity.tests.factories import AddressFactory, MemberFactory
from shop.core import clock
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db

LIST = "/admin/identity/member/"


@pytest.fixture
def clerk_client():
    """Customer service: may see members, nothing else."""
    clerk = StaffUser.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(
        *Permission.objects.filter(codename__in=["view_member", "view_address", "view_membersession"])
    )
    client = Client()
    client.force_login(clerk)
    return client


def listed(client, query=""):
    page = client.get(f"{LIST}?q={query}")
    return {member.pk for member in page.context["cl"].result_list}


def act(client, action, *members):
    form = {"action": action, "confirmed": "1", "_selected_action": [member.pk for member in members]}
    return client.post(LIST, form, follow=True)


def test_the_list_shows_members_with_masked_phones(admin_client):
    MemberFactory(phone="+8613812345678", nickname="小明")
    page = admin_client.get(LIST).content.decode()
    assert "小明" in page
    assert "138****5678" in page
    assert "12345678" not in page


def test_members_are_found_by_phone_tail_whole_phone_and_nickname(admin_client):
    ming = MemberFactory(phone="+8613812345678", nickname="小明")
    hong = MemberFactory(phone="+8613912345678", nickname="小红")
    MemberFactory(phone="+8613800000001", nickname="5678")
    assert listed(admin_client, "5678") == {ming.pk, hong.pk}
    assert listed(admin_client, "138 1234 5678") == {ming.pk}
    assert listed(admin_client, "小红") == {hong.pk}
    assert listed(admin_client, "nobody") == set()


def test_a_member_is_shown_with_addresses_and_sessions_and_cannot_be_edited(clerk_client):
    address = AddressFactory(phone="+8613812345678")
    open_session(member=address.member, origin=Origin(agent="WeChat 8.0"), now=clock.now())
    page = clerk_client.get(f"{LIST}{address.member_id}/change/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "广东省 深圳市 南山区" in text
    assert "138****5678" in text
    assert "12345678" not in text
    assert "WeChat 8.0" in text
    assert clerk_client.post(f"{LIST}{address.member_id}/change/", {"nickname": "x"}).status_code == 403
    assert clerk_client.get(f"{LIST}add/").status_code == 403
    assert clerk_client.post(f"{LIST}{address.member_id}/delete/", {"post": "yes"}).status_code == 403


def test_blocking_goes_through_the_service_and_into_the_audit_trail(admin_client, admin_user):
    member, other = MemberFactory(), MemberFactory()
    open_session(member=member, origin=Origin(), now=clock.now())
    act(admin_client, "block", member)
    member.refresh_from_db()
    other.refresh_from_db()
    assert (member.status, other.status) == (Member.Status.BLOCKED, Member.Status.ACTIVE)
    assert member.sessions.get().revoked_at is not None
    act(admin_client, "block", member)
    act(admin_client, "unblock", member, other)
    member.refresh_from_db()
    assert member.status == Member.Status.ACTIVE
    trail = LogEntry.objects.order_by("pk").values_list("user", "object_id")
    assert list(trail) == [(admin_user.pk, str(member.pk))] * 2


def test_who_may_only_look_cannot_block(clerk_client):
    member = MemberFactory()
    act(clerk_client, "block", member)
    member.refresh_from_db()
    assert member.status == Member.Status.ACTIVE
    assert not LogEntry.objects.exists()


def test_the_list_costs_the_same_for_many_members(admin_client, django_assert_max_num_queries):
    MemberFactory.create_batch(30)
    with django_assert_max_num_queries(8):
        admin_client.get(LIST)
