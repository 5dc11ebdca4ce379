"""The screens of stopping coupons: what it would meet, the deed, and the record of it."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from promotions.coupons.models import Coupon, Halt
from promotions.coupons.services.batches import create_batch
from promotions.coupons.services.halting import halt_coupons, run_halts
from promotions.coupons.services.handing_out import start_hand_out
from promotions.coupons.tests.making import CLERK, make_coupon, make_live_template
from shop.core import clock
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db(transaction=True)
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def template(member):
    template = make_live_template(per_member_limit=None, name="春茶券")
    for _ in range(3):
        make_coupon(member, template=template, now=clock.now())
    return template


def address(template, step):
    return reverse(f"admin:coupons_coupontemplate_{step}", args=[template.pk])


def page_of(response):
    assert response.status_code == 200
    return response.content.decode()


def offered(client, template):
    page = page_of(client.get(reverse("admin:coupons_coupontemplate_change", args=[template.pk])))
    return [step for step in ("suspend", "resume", "make_void") if address(template, step) in page]


def test_what_it_meets_is_shown_before_it_is_done(admin_client, template):
    page = page_of(admin_client.get(address(template, "make_void"), headers=ENGLISH))
    for said in ("unused coupons", "¥60.00", "This is final"):
        assert said in page
    assert not Halt.objects.exists()
    answer = admin_client.post(address(template, "make_void"), {"tells_members": "on"})
    assert answer.context["form"].errors.keys() == {"reason"}
    assert not Halt.objects.exists()


def test_coupons_are_suspended_resumed_and_made_void(admin_client, template, member):
    assert offered(admin_client, template) == ["suspend", "make_void"]
    admin_client.post(address(template, "suspend"), {"reason": "印错了", "tells_members": "on"})
    assert offered(admin_client, template) == ["resume", "make_void"]
    page = page_of(
        admin_client.get(reverse("admin:coupons_coupontemplate_change", args=[template.pk]), headers=ENGLISH)
    )
    assert "Coupons suspended" in page
    record = f"{reverse('admin:coupons_halt_changelist')}?template__id__exact={template.pk}"
    assert record in page
    assert "印错了" in page_of(admin_client.get(record))
    listed = page_of(admin_client.get(reverse("admin:coupons_coupontemplate_changelist"), headers=ENGLISH))
    assert "Coupons suspended" in listed
    coupon = Coupon.objects.first()
    held = page_of(admin_client.get(reverse("admin:coupons_coupon_change", args=[coupon.pk]), headers=ENGLISH))
    assert "Unused · Suspended" in held
    admin_client.post(address(template, "resume"), {"reason": "已更正"})
    admin_client.post(address(template, "make_void"), {"reason": "不再参加", "tells_members": "on"})
    assert offered(admin_client, template) == []
    run_halts(now=clock.now())
    rows = Halt.objects.order_by("pk").values_list("kind", "status", "reason", "tells_members", "created_by")
    assert list(rows) == [
        ("suspend", "overtaken", "印错了", True, "staff:admin"),
        ("resume", "overtaken", "已更正", False, "staff:admin"),
        ("void", "done", "不再参加", True, "staff:admin"),
    ]
    record = page_of(admin_client.get(reverse("admin:coupons_halt_changelist"), headers=ENGLISH))
    assert "3 of 3 coupons" in record
    assert set(Coupon.objects.values_list("status", "void_reason")) == {("void", "不再参加")}
    last = reverse("admin:coupons_halt_change", args=[Halt.objects.latest("pk").pk])
    assert "Made void for good" in page_of(admin_client.get(last, headers=ENGLISH))


def test_who_may_only_look_stops_nothing(client, template):
    staff = StaffUser.objects.create_user("service", is_staff=True)
    mine = Permission.objects.filter(content_type__app_label="coupons", codename__startswith="view")
    staff.user_permissions.add(*mine)
    client.force_login(staff)
    assert offered(client, template) == []
    assert client.post(address(template, "suspend"), {"reason": "x"}).status_code == 403
    assert not Halt.objects.exists()


def test_a_member_sees_that_a_coupon_is_suspended(admin_client, member_client, template):
    assert [item["suspended"] for item in member_client.get("/api/v1/me/coupons").json()["items"]] == [False] * 3
    admin_client.post(address(template, "suspend"), {"reason": "印错了"})
    answer = member_client.get("/api/v1/me/coupons").json()["items"]
    assert [(item["status"], item["suspended"]) for item in answer] == [("unused", True)] * 3


def test_pages_of_one_row_say_its_status_in_words(admin_client, template, member):
    """A label of a list, a code with its words, is not what a page shows."""
    now = clock.now()
    batch = create_batch(
        template_id=make_live_template(way="codes").pk, name="x", quantity=1, expires_at=None, actor=CLERK, now=now
    )
    hand_out = start_hand_out(
        template_id=template.pk, audience=None, member_ids=[member.pk], note="x", actor=CLERK, now=now
    )
    halt = halt_coupons(template_id=template.pk, kind="suspend", reason="x", tells_members=False, actor=CLERK, now=now)
    for row, words in (
        (batch, "Not exported"),
        (hand_out, "Running"),
        (halt, "Suspended for a while"),
        (Coupon.objects.first(), "Unused · Suspended"),
    ):
        address = reverse(f"admin:coupons_{row._meta.model_name}_change", args=[row.pk])
        page = page_of(admin_client.get(address, headers=ENGLISH))
        assert words in page
        assert "(&#x27;" not in page
