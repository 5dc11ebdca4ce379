"""Templates are written, previewed and tried; the log shows what went out and hides the numbers."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from members.identity.tests.factories import MemberFactory
from members.notifications.events import Channel
from members.notifications.models import Delivery, Notification, NotificationTemplate
from members.notifications.notices import STAFF_ALERT
from members.notifications.tests.factories import PARCEL, TEMPLATE, parcel, words
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db

TEMPLATES = "/admin/notifications/notificationtemplate/"
LOG = "/admin/notifications/delivery/"


@pytest.fixture
def template(db):
    return words(PARCEL, Channel.SMS, "包裹 {number}", provider_template="parcel")


@pytest.fixture
def viewer():
    user = StaffUser.objects.create_user("viewer", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["view_notificationtemplate", "view_delivery"]))
    client = Client()
    client.force_login(user)
    return client


def save(client, template, **fields):
    body = {"title": template.title, "body": template.body, "provider_template": template.provider_template}
    return client.post(f"{TEMPLATES}{template.pk}/change/", {**body, "enabled": "on", **fields})


def test_the_editor_shows_placeholders_and_a_preview_with_sample_data(admin_client, template):
    page = admin_client.get(f"{TEMPLATES}{template.pk}/change/").content.decode()
    assert "{number}" in page
    assert "包裹 M1" in page


@pytest.mark.parametrize(
    ("channel", "shown", "hidden"),
    [
        (Channel.IN_APP, "title", "provider_template"),
        (Channel.EMAIL, "title", "provider_template"),
        (Channel.SMS, "provider_template", "title"),
        (Channel.SUBSCRIBE, "provider_template", "title"),
    ],
)
def test_the_editor_asks_only_for_what_the_channel_has(admin_client, channel, shown, hidden):
    page = admin_client.get(f"{TEMPLATES}{words(PARCEL, channel, 'thing1: x', title='y').pk}/change/")
    form = page.context["adminform"].form
    assert shown in form.fields
    assert hidden not in form.fields


def test_a_text_is_saved_with_its_version_and_its_author(admin_client, admin_user, template):
    assert save(admin_client, template, body="{number} 已发出").status_code == 302
    template.refresh_from_db()
    assert template.body == "{number} 已发出"
    version = template.history.latest()
    assert (version.body, version.history_user) == ("{number} 已发出", admin_user)


@pytest.mark.parametrize("body", ["{number.pk}", "{secret}", "{number", "字" * 501])
def test_a_text_that_cannot_be_rendered_is_refused(admin_client, template, body):
    page = save(admin_client, template, body=body)
    assert page.status_code == 200
    assert page.context["adminform"].form.errors["body"]
    template.refresh_from_db()
    assert template.body == "包裹 {number}"


def test_an_inbox_message_needs_a_title_and_a_subscribe_message_its_fields(admin_client):
    inbox = words(PARCEL, Channel.IN_APP, "x", title="y")
    wechat = words(PARCEL, Channel.SUBSCRIBE, "thing1: x")
    assert save(admin_client, inbox, title=" ").context["adminform"].form.errors["title"]
    assert save(admin_client, wechat, body="just text").context["adminform"].form.errors["body"]


def test_a_test_by_sms_goes_out_with_sample_data(admin_client, template, sandbox):
    page = admin_client.post(f"{TEMPLATES}{template.pk}/send-test/", {"to": "139 0000 0004"}, follow=True)
    assert "测试消息已发送" in page.content.decode()
    assert sandbox.messages("13900000004")[0]["text"] == "包裹 M1"
    assert not Delivery.objects.exists()
    assert "13900000004" not in LogEntry.objects.get().change_message


def test_a_test_by_wechat_goes_to_a_member_and_tells_what_wechat_said(admin_client, outside):
    wechat = words(PARCEL, Channel.SUBSCRIBE, "thing1: {number}", provider_template=TEMPLATE)
    member = MemberFactory(openid=outside.user(), phone="+8613900000005")
    url = f"{TEMPLATES}{wechat.pk}/send-test/"
    assert admin_client.post(url, {"to": "13900000005"}).status_code == 302
    assert outside.outbox("subscribe")[0]["recipient"] == member.openid
    outside.fault("subscribe", "43101", times=1)
    assert "43101" in admin_client.post(url, {"to": "13900000005"}).content.decode()
    assert "没有使用该手机号的会员" in admin_client.post(url, {"to": "13900000006"}).content.decode()


def test_a_test_to_the_inbox_and_by_mail(admin_client, outside):
    inbox = words(PARCEL, Channel.IN_APP, "{number}", title="包裹 {number}")
    member = MemberFactory(phone="+8613900000005")
    admin_client.post(f"{TEMPLATES}{inbox.pk}/send-test/", {"to": "13900000005"})
    assert Notification.objects.get(in_inbox=True, member=member).title == "包裹 M1"
    mail = NotificationTemplate.objects.get(event=STAFF_ALERT.code, language="en")
    url = f"{TEMPLATES}{mail.pk}/send-test/"
    assert admin_client.post(url, {"to": "nobody"}).status_code == 200
    assert admin_client.post(url, {"to": "test@lantern.example"}).status_code == 302
    assert outside.outbox("email")[0]["recipient"] == "test@lantern.example"


def test_who_may_only_look_neither_writes_nor_sends(viewer, template, sandbox):
    assert viewer.get(f"{TEMPLATES}{template.pk}/change/").status_code == 200
    assert save(viewer, template, body="x").status_code == 403
    before = len(sandbox.outbox("sms"))
    assert viewer.post(f"{TEMPLATES}{template.pk}/send-test/", {"to": "13900000004"}).status_code == 403
    assert len(sandbox.outbox("sms")) == before
    assert viewer.post(f"{TEMPLATES}add/", {}).status_code == 403


def test_the_log_shows_channels_codes_and_counts_and_masks_phones(admin_client, viewer):
    member = MemberFactory(phone="+8613812345678", nickname="小明")
    parcel(member, key="P1")
    for client in (admin_client, viewer):
        page = client.get(LOG).content.decode()
        assert "138****5678" in page
        assert "12345678" not in page
        assert "no_address · 会员没有该渠道的联系方式" in page
        assert "今日各渠道" in page


def test_the_log_is_filtered_and_searched(admin_client):
    first, second = MemberFactory(phone="+8613812345678"), MemberFactory(phone=None)
    parcel(first, key="P1")
    parcel(second, key="P2")

    def found(query):
        rows = admin_client.get(f"{LOG}?{query}").context["cl"].result_list
        return sorted((row.notification.dedupe_key, row.channel) for row in rows)

    assert found("q=P1") == [("P1", "in_app"), ("P1", "sms"), ("P1", "subscribe")]
    assert found("q=13812345678") == found("q=P1")
    assert found("channel__exact=sms") == [("P1", "sms"), ("P2", "sms")]
    assert found("status__exact=queued") == [("P1", "sms")]
    assert found("error=no_address") == [("P1", "subscribe"), ("P2", "sms"), ("P2", "subscribe")]
    assert len(found("event=test_parcel")) == 6
    assert found("event=order_paid") == []


def test_the_log_costs_the_same_for_many(admin_client, django_assert_max_num_queries):
    for n in range(20):
        parcel(MemberFactory(), key=str(n))
    with django_assert_max_num_queries(10):
        admin_client.get(LOG)
