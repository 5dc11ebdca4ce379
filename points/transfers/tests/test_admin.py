"""Transfers for staff: found, given back with a reason, and shown without whole phones."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from members.identity.tests.factories import MemberFactory
from points.ledger.queries import balance_of
from points.transfers.models import Transfer
from points.transfers.tests.making import offered
from shop.core import clock
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db

LIST = "/admin/transfers/transfer/"


@pytest.fixture
def transfer(db):
    sender = MemberFactory(nickname="林小满", phone="+8613800138000")
    return offered(sender, MemberFactory(phone="+8613900139000"))


def clerk(*permissions):
    user = StaffUser.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def test_staff_give_an_open_transfer_back_and_the_trail_says_why(admin_client, admin_user, transfer):
    page = f"{LIST}{transfer.pk}/cancel/"
    assert "原因" in admin_client.get(page, headers={"accept-language": "zh-CN"}).content.decode()
    assert admin_client.post(page, {"reason": ""}).status_code == 200
    admin_client.post(page, {"reason": "骗取积分"})
    transfer.refresh_from_db()
    assert (transfer.status, transfer.reason, transfer.ended_by) == (
        "cancelled",
        "骗取积分",
        f"staff:{admin_user.username}",
    )
    assert balance_of(member_id=transfer.sender_id, now=clock.now()).available == 100
    assert "骗取积分" in LogEntry.objects.get().change_message
    again = admin_client.post(page, {"reason": "再来"}, headers={"accept-language": "zh-CN"})
    assert "已经结束" in again.content.decode()
    assert Transfer.objects.get().reason == "骗取积分"


def test_who_may_only_look_cannot_give_back_and_sees_no_whole_phone(transfer):
    client = clerk("view_transfer", "view_member")
    shown = client.get(f"{LIST}{transfer.pk}/change/").content.decode()
    assert "139****9000" in shown
    assert "13900139000" not in shown
    assert client.post(f"{LIST}{transfer.pk}/cancel/", {"reason": "x"}).status_code == 403
    transfer.refresh_from_db()
    assert transfer.status == "pending"


def test_a_transfer_is_found_by_either_phone_and_by_the_sender(admin_client, transfer):
    offered(MemberFactory(), MemberFactory())
    for term in ("13800138000", "13900139000", "林小"):
        found = admin_client.get(f"{LIST}?q={term}").context["cl"].result_list
        assert [each.pk for each in found] == [transfer.pk], term


def test_the_page_of_either_member_shows_it(admin_client, transfer):
    page = admin_client.get(f"/admin/identity/member/{transfer.sender_id}/change/", headers={"accept-language": "zh"})
    assert "等待对方接收" in page.content.decode()
    stranger = clerk("view_member").get(f"/admin/identity/member/{transfer.sender_id}/change/")
    assert "等待对方接收" not in stranger.content.decode()
