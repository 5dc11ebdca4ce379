"""One page with everything that the rooms know about a member, as far as the reader may see it."""

from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from members.identity.models import Cancellation
from members.identity.origin import Origin
from members.identity.services.sessions import open_session
from members.identity.tests.factories import MemberFactory
from members.invitations.tests.factories import invite
from members.notifications.models import Notification
from members.segments.models import MemberNote, MemberTag, Segment, Tag
from members.segments.services import add_to_segment, set_tags, write_note
from orders.checkout.tests.making import buyer, ordered
from shop.catalog.tests.factories import SkuFactory
from shop.core.actors import Actor
from shop.core.models import StaffUser
from shop.core.roles import create_role_accounts, seed_roles

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
CLERK = Actor.staff("小陈")


@pytest.fixture
def shown(db):
    """A member of whom every room knows something."""
    member = MemberFactory(phone="+8613812345678", nickname="林小满")
    order = ordered(buyer(member), (SkuFactory(), 1))
    open_session(member=member, origin=Origin(agent="WeChat 8.0"), now=NOW)
    invite(member, now=NOW, nickname="小红")
    tag = Tag.objects.create(name="茶友")
    set_tags(member_id=member.pk, tag_ids=[tag.pk], actor=CLERK, now=NOW)
    segment = Segment.objects.create(code="vip", name="高价值")
    add_to_segment(segment_id=segment.pk, member_id=member.pk, until=None, now=NOW)
    write_note(member_id=member.pk, text="喜欢明前茶", actor=CLERK, now=NOW)
    Notification.objects.create(member=member, event="shipped", dedupe_key="D1", title="您的包裹已发出", created_at=NOW)
    Cancellation.objects.create(member=member, requested_at=NOW, due_at=NOW)
    return member, order


def page_of(client, member):
    answer = client.get(f"/admin/identity/member/{member.pk}/change/", headers={"accept-language": "zh-CN"})
    assert answer.status_code == 200
    return answer.content.decode()


def staff_client(role):
    seed_roles()
    accounts = {user.username: user for user in create_role_accounts(password="red-lantern-8")}
    client = Client()
    client.force_login(accounts[role])
    return client


def test_customer_service_sees_everything_on_one_page(shown):
    member, order = shown
    page = page_of(staff_client("service"), member)
    for fact in (
        "林小满",
        "13812345678",
        "科技园路 1 号",
        "WeChat 8.0",
        "小红",
        "茶友",
        "高价值",
        "喜欢明前茶",
        "小陈",
        "您的包裹已发出",
        "等级与成长值",
    ):
        assert fact in page
    assert f"/admin/checkout/order/{order.pk}/change/" in page
    assert "该会员申请注销" in page


def test_who_may_only_look_at_members_sees_them_masked_and_nothing_of_other_rooms(shown):
    member, order = shown
    clerk = StaffUser.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_member"))
    client = Client()
    client.force_login(clerk)
    page = page_of(client, member)
    assert "138****5678" in page
    for hidden in ("13812345678", "科技园路 1 号", order.number, "茶友", "喜欢明前茶", "小红", "您的包裹", "等级与"):
        assert hidden not in page


def test_the_page_costs_the_same_however_much_there_is(shown, admin_client, django_assert_max_num_queries):
    member, _order = shown
    for number in range(15):
        write_note(member_id=member.pk, text=f"第 {number} 条", actor=CLERK, now=NOW)
        invite(member, now=NOW)
    with django_assert_max_num_queries(31):
        page = page_of(admin_client, member)
    assert "第 14 条" in page
    assert "第 4 条" not in page


def test_staff_write_a_note_and_come_back_to_the_member(shown):
    member, _order = shown
    client = staff_client("service")
    form = client.get(f"/admin/segments/membernote/add/?member={member.pk}")
    assert form.status_code == 200
    answer = client.post("/admin/segments/membernote/add/", {"member": member.pk, "text": "生日想要礼盒"})
    assert answer["Location"] == f"/admin/identity/member/{member.pk}/change/"
    note = MemberNote.objects.latest("pk")
    assert (note.text, note.author, note.member) == ("生日想要礼盒", "service", member)
    assert client.post(f"/admin/segments/membernote/{note.pk}/change/", {"text": "x"}).status_code == 403


def test_staff_change_the_tags_of_a_member(shown):
    member, _order = shown
    client = staff_client("service")
    gift = Tag.objects.create(name="送礼")
    address = f"/admin/segments/tag/member/{member.pk}/"
    assert "茶友" in client.get(address).content.decode()
    assert client.post(address, {"tags": [gift.pk]}).status_code == 302
    assert MemberTag.objects.values_list("tag", "source").get() == (gift.pk, "staff:service")
    assert LogEntry.objects.values_list("object_id", "change_message").get() == (str(member.pk), "标签：送礼")
    other = Client()
    other.force_login(StaffUser.objects.get(username="operator"))
    assert other.post(address, {"tags": []}).status_code == 403
    assert MemberTag.objects.count() == 1


def test_a_member_is_found_by_invite_code(admin_client):
    member, _other = MemberFactory.create_batch(2)
    found = admin_client.get(f"/admin/identity/member/?q={member.invite_code.lower()}").context["cl"].result_list
    assert [each.pk for each in found] == [member.pk]
