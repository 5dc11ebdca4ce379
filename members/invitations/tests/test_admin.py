import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from members.invitations.models import Invitation
from members.invitations.tests.factories import invite
from shop.core import clock
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db

LIST = "/admin/invitations/invitation/"


@pytest.fixture
def held(member):
    invitation = invite(member, now=clock.now(), nickname="小红")
    Invitation.objects.filter(pk=invitation.pk).update(review="held", suspicions=["device", "pace"])
    return invitation


def act(client, action, invitation):
    form = {"action": action, "confirmed": "1", "_selected_action": [invitation.pk]}
    return client.post(LIST, form, follow=True)


def test_the_list_says_why_an_invitation_is_held(admin_client, held):
    text = admin_client.get(f"{LIST}?review__exact=held").content.decode()
    assert "小红" in text
    assert "同一台设备" in text


def test_staff_clear_or_refuse_and_the_trail_says_who(admin_client, admin_user, held):
    act(admin_client, "clear", held)
    held.refresh_from_db()
    assert (held.review, held.reviewed_by) == ("clear", f"staff:{admin_user.username}")
    assert LogEntry.objects.get().object_id == str(held.pk)
    again = act(admin_client, "refuse", held)
    held.refresh_from_db()
    assert held.review == "clear"
    assert "只有暂扣的邀请" in again.content.decode()


def test_who_may_only_look_cannot_decide(held):
    clerk = StaffUser.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_invitation"))
    client = Client()
    client.force_login(clerk)
    act(client, "clear", held)
    held.refresh_from_db()
    assert held.review == "held"


def test_it_is_found_by_the_inviter(admin_client, member, held):
    found = admin_client.get(f"{LIST}?q={member.invite_code}").context["cl"].result_list
    assert [each.pk for each in found] == [held.pk]
    assert not admin_client.get(f"{LIST}?q=nobody").context["cl"].result_list
