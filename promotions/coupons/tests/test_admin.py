import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from promotions.coupons.models import Code, CodeBatch, Coupon, HandOut
from promotions.coupons.tests.making import make_coupon, make_live_template
from shop.core import clock, preferences
from shop.core.models import PreferenceValue, StaffUser

pytestmark = pytest.mark.django_db
COUPONS = "admin:coupons_coupon_changelist"


@pytest.fixture
def held(member):
    return make_coupon(member, template=make_live_template(use_in="anywhere", name="门店券"), now=clock.now())


def clerk(*codenames):
    user = StaffUser.objects.create_user("clerk", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames, content_type__app_label="coupons"))
    client = Client()
    client.force_login(user)
    return client


def page_of(answer):
    return answer.content.decode()


@pytest.mark.parametrize("screen", ["coupon", "codebatch", "handout"])
def test_screens_open_empty_and_are_shut_to_others(admin_client, screen):
    address = reverse(f"admin:coupons_{screen}_changelist")
    assert admin_client.get(address).status_code == 200
    assert clerk().get(address).status_code == 403


def test_the_list_shows_the_status_as_the_clock_has_it(admin_client, held, django_assert_max_num_queries):
    Coupon.objects.filter(pk=held.pk).update(valid_from=clock.now() - 2 * (held.valid_until - held.valid_from))
    Coupon.objects.filter(pk=held.pk).update(valid_until=clock.now())
    with django_assert_max_num_queries(8):
        page = page_of(admin_client.get(reverse(COUPONS), headers={"accept-language": "en"}))
    assert "Expired" in page
    assert held.number in page


@pytest.mark.parametrize("term", ["number", "phone", "tail"])
def test_coupons_are_found_by_number_and_phone(admin_client, held, term):
    make_coupon(MemberFactory(), template=held.template, now=clock.now())
    asked = {"number": held.number, "phone": held.member.phone, "tail": held.member.phone[-4:]}[term]
    page = page_of(admin_client.get(reverse(COUPONS), {"q": asked}))
    assert page.count('class="field-number') <= 1
    assert held.number in page


def test_a_coupon_is_made_void_with_a_reason_in_the_trail(admin_client, held):
    address = reverse("admin:coupons_coupon_make_void", args=[held.pk])
    assert "required" in page_of(admin_client.post(address, {"reason": ""}))
    held.refresh_from_db()
    assert held.status == "unused"
    admin_client.post(address, {"reason": "sent by mistake"})
    held.refresh_from_db()
    assert (held.status, held.void_reason) == ("void", "sent by mistake")
    assert "sent by mistake" in LogEntry.objects.get().get_change_message()
    again = page_of(admin_client.post(address, {"reason": "again"}, headers={"accept-language": "en"}))
    assert "Only unused coupons can be made void." in again


def test_without_the_permission_nothing_is_made_void(held):
    client = clerk("view_coupon")
    address = reverse("admin:coupons_coupon_make_void", args=[held.pk])
    assert client.get(address).status_code == 403
    assert client.post(address, {"reason": "x"}).status_code == 403
    held.refresh_from_db()
    assert held.status == "unused"


@pytest.mark.django_db(transaction=True)
def test_a_batch_is_made_and_exported_once(admin_client):
    template = make_live_template(way="codes")
    make = reverse("admin:coupons_codebatch_make")
    admin_client.post(make, {"template": template.pk, "name": "partner", "quantity": 3})
    batch = CodeBatch.objects.get()
    export = reverse("admin:coupons_codebatch_export", args=[batch.pk])
    assert admin_client.get(export).status_code == 200
    assert Code.objects.count() == 0
    answer = admin_client.post(export, {"reason": "for the partner"})
    lines = b"".join(answer.streaming_content).decode().split()
    assert len(set(lines)) == 3
    assert "no-store" in answer.headers["Cache-Control"]
    batch.refresh_from_db()
    assert (batch.status, batch.exported_by, Code.objects.count()) == ("live", "staff:admin", 3)
    assert admin_client.post(export, {"reason": "again"}).status_code == 302
    assert Code.objects.count() == 3
    admin_client.post(reverse("admin:coupons_codebatch_make_void", args=[batch.pk]), {"reason": "leaked"})
    batch.refresh_from_db()
    assert batch.status == "void"


def test_a_batch_needs_a_template_with_codes(admin_client):
    make_live_template()
    answer = admin_client.post(reverse("admin:coupons_codebatch_make"), {"template": 1, "name": "x", "quantity": 0})
    assert answer.status_code == 200
    assert CodeBatch.objects.count() == 0


def test_a_hand_out_is_counted_then_started_and_large_ones_approved_by_another(admin_client):
    PreferenceValue.objects.update_or_create(key="coupons.approval_members", defaults={"value": 1})
    preferences.forget_cached()
    template, members = make_live_template(), [MemberFactory(), MemberFactory()]
    address = reverse("admin:coupons_handout_hand_out")
    given = {"template": template.pk, "note": "regulars", "members": f"{members[0].phone}\n{members[1].pk}\n"}
    counted = page_of(admin_client.post(address, {**given, "do": "count"}, headers={"accept-language": "en"}))
    assert "a second person must approve it" in counted
    assert HandOut.objects.count() == 0
    admin_client.post(address, {**given, "do": "start"})
    made = HandOut.objects.get()
    assert (made.status, made.member_count) == ("awaiting", 2)
    approve = reverse("admin:coupons_handout_approve", args=[made.pk])
    admin_client.post(approve)
    made.refresh_from_db()
    assert made.status == "awaiting"
    other = clerk("view_handout", "change_handout")
    assert other.get(approve).status_code == 200
    other.post(approve)
    made.refresh_from_db()
    assert (made.status, made.approved_by) == ("running", "staff:clerk")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"members": "+8613999999999"}, "No such member"),
        ({"members": "x"}, "No such member"),
        ({}, "Either list members"),
        ({"members": "1", "tiers": "all"}, "No such member"),
    ],
)
def test_unknown_members_and_nobody_are_refused(admin_client, given, said):
    template = make_live_template()
    body = {"template": template.pk, "note": "x", "do": "start", **{k: v for k, v in given.items() if k != "tiers"}}
    page = page_of(
        admin_client.post(reverse("admin:coupons_handout_hand_out"), body, headers={"accept-language": "en"})
    )
    assert said in page
    assert HandOut.objects.count() == 0


def test_a_members_page_shows_their_coupons(admin_client, held):
    page = page_of(admin_client.get(reverse("admin:identity_member_change", args=[held.member_id])))
    assert "门店券" in page
