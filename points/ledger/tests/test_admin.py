"""What staff see and do: everything of the ledger to look at, points by hand with a second person, rules of expiry."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client
from django.urls import reverse

from members.identity.tests.factories import MemberFactory
from points.ledger.models import ExpiryPolicy, ExpiryVersion, ManualGrant, PointAccount, PointTransaction
from points.ledger.queries import expiring
from points.ledger.services import grant, spend
from points.ledger.tests.making import NOON, at, balance
from shop.core import clock
from shop.core.models import StaffUser

pytestmark = pytest.mark.django_db
SCREENS = ["pointaccount", "pointlot", "pointtransaction", "pointentry", "manualgrant", "expirypolicy"]
GIVE = "admin:ledger_manualgrant_give_or_take"


@pytest.fixture(autouse=True)
def _on_10_march():
    with clock.fixed(NOON):
        yield


@pytest.fixture
def rich():
    member = MemberFactory(nickname="小满", phone="+8613800138000")
    with transaction.atomic():
        grant(
            reference="order:1",
            member_id=member.pk,
            points=500,
            source="order",
            now=NOON,
            matures_at=NOON,
            trace={"rule": "双倍"},
        )
        spend(reference="order:2", member_id=member.pk, points=30, source="order", now=NOON)
    return member


def client_of(username, *permissions):
    user = StaffUser.objects.create_user(username, password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="ledger", codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def by_hand(member, points, **changes):
    return {
        "member": "13800138000",
        "points": points,
        "reason": "赔礼",
        "reference": "7b1a1a52-4a5c-4f7b-9a44-3d2b6a3f4c10",
        **changes,
    }


@pytest.mark.parametrize("screen", SCREENS)
def test_lists_and_details_open_and_nothing_is_typed_in(admin_client, rich, screen):
    admin_client.post(reverse(GIVE), by_hand(rich, 10))
    assert admin_client.get(reverse(f"admin:ledger_{screen}_changelist")).status_code == 200
    model = {model._meta.model_name: model for model in (PointAccount, PointTransaction, ManualGrant, ExpiryPolicy)}
    if screen in model:
        first = model[screen].objects.order_by("pk").first()
        page = admin_client.get(reverse(f"admin:ledger_{screen}_change", args=[first.pk]))
        assert page.status_code == 200
    assert admin_client.get(reverse(f"admin:ledger_{screen}_add")).status_code == 403


@pytest.mark.parametrize("screen", ["pointaccount", "pointlot", "pointtransaction", "pointentry"])
def test_lists_ask_a_constant_number_of_questions(admin_client, rich, screen, django_assert_max_num_queries):
    for _ in range(5):
        other = MemberFactory.create()
        with transaction.atomic():
            grant(reference=f"x:{other.pk}", member_id=other.pk, points=5, source="x", now=NOON, matures_at=NOON)
    with django_assert_max_num_queries(9):
        admin_client.get(reverse(f"admin:ledger_{screen}_changelist"))


@pytest.mark.parametrize("term", ["小满", "8000", "13800138000"])
def test_a_member_is_found_by_name_and_phone(admin_client, rich, term):
    other = MemberFactory(nickname="别人", phone="+8613911112222")
    with transaction.atomic():
        grant(reference="other", member_id=other.pk, points=1, source="x", now=NOON, matures_at=NOON)
    page = admin_client.get(reverse("admin:ledger_pointaccount_changelist"), {"q": term}).content.decode()
    assert "小满" in page
    assert "别人" not in page


def test_a_transaction_is_found_by_its_reference(admin_client, rich):
    page = admin_client.get(reverse("admin:ledger_pointtransaction_changelist"), {"q": "order:1"}).content.decode()
    assert ("order:1" in page, "order:2" in page) == (True, False)


def test_an_account_is_shown_by_the_clock(admin_client, rich):
    address = reverse("admin:ledger_pointaccount_change", args=[rich.pk])
    assert "可用 470" in admin_client.get(address).content.decode()
    with clock.fixed(at(2027, 1, 1, hour=0)):
        assert "可用 0，" in admin_client.get(address).content.decode()


def test_a_few_points_by_hand_are_booked_at_once_and_once(admin_client, rich):
    for _ in range(2):
        answer = admin_client.post(reverse(GIVE), by_hand(rich, 100), follow=True)
    assert "积分已入账" in answer.content.decode()
    assert balance(rich) == (570, 0, 0, 0)
    assert ManualGrant.objects.get().status == "booked"
    assert LogEntry.objects.filter(object_repr__contains="+100").exists()


def test_more_than_there_is_is_not_taken(admin_client, rich):
    answer = admin_client.post(reverse(GIVE), by_hand(rich, -471))
    assert "可用积分 470，需要 471" in answer.content.decode()
    assert (balance(rich), ManualGrant.objects.count()) == ((470, 0, 0, 0), 0)


def test_many_points_wait_for_a_second_person(admin_client, rich):
    admin_client.post(reverse(GIVE), by_hand(rich, 1001))
    asked = ManualGrant.objects.get()
    assert (asked.status, balance(rich)) == ("waiting", (470, 0, 0, 0))
    decide = reverse("admin:ledger_manualgrant_decide", args=[asked.pk])
    assert "须由他人审批" in admin_client.post(decide, {"do": "approve"}, follow=True).content.decode()
    clerk = client_of("clerk", "view_manualgrant", "add_manualgrant")
    assert clerk.post(decide, {"do": "approve"}).status_code == 403
    boss = client_of("boss", "view_manualgrant", "change_manualgrant")
    assert "赔礼" in boss.get(decide).content.decode()
    assert balance(rich) == (470, 0, 0, 0)
    assert "1 个人工积分申请待审批" in boss.get("/admin/").content.decode()
    for _ in range(2):
        boss.post(decide, {"do": "approve"})
    assert "人工积分申请待审批" not in boss.get("/admin/").content.decode()
    asked.refresh_from_db()
    assert (asked.status, asked.decided_by, balance(rich)) == ("booked", "staff:boss", (1471, 0, 0, 0))


def test_what_is_declined_is_never_booked(admin_client, rich):
    admin_client.post(reverse(GIVE), by_hand(rich, 5000))
    asked = ManualGrant.objects.get()
    boss = client_of("boss", "view_manualgrant", "change_manualgrant")
    decide = reverse("admin:ledger_manualgrant_decide", args=[asked.pk])
    boss.post(decide, {"do": "decline"})
    answer = boss.post(decide, {"do": "approve"}, follow=True)
    assert "此申请已处理" in answer.content.decode()
    assert (ManualGrant.objects.get().status, balance(rich)) == ("declined", (470, 0, 0, 0))


def test_the_limit_is_of_a_day_not_of_a_form(admin_client, rich):
    for number in range(3):
        admin_client.post(reverse(GIVE), by_hand(rich, 400, reference=f"7b1a1a52-4a5c-4f7b-9a44-3d2b6a3f4c1{number}"))
    assert list(ManualGrant.objects.order_by("pk").values_list("status", flat=True)) == ["booked", "booked", "waiting"]
    assert balance(rich) == (1270, 0, 0, 0)


def test_who_may_not_give_does_not_see_the_form(rich):
    viewer = client_of("viewer", "view_manualgrant")
    assert viewer.get(reverse(GIVE)).status_code == 403
    assert viewer.post(reverse(GIVE), by_hand(rich, 10)).status_code == 403
    assert ManualGrant.objects.count() == 0


def rules(**changes):
    fields = {"kind": "annual", "month": 12, "day": 31, "cut_off_month": "", "cut_off_day": "", "months": 12}
    return {**fields, "last_day": "", "note": "", **changes}


def test_rules_are_previewed_before_they_are_saved_and_old_points_keep_theirs(admin_client, rich):
    default = ExpiryPolicy.objects.get()
    address = reverse("admin:ledger_expirypolicy_change_rules", args=[default.pk])
    assert 'value="save"' not in admin_client.get(address).content.decode()
    preview = admin_client.post(address, rules(kind="rolling", months=3, do="preview")).content.decode()
    # Earned in March, to the end of June: 470 points are worth 4.70 yuan.
    assert ("2026-06-30" in preview, "¥4.70" in preview, 'value="save"' in preview) == (True, True, True)
    assert ExpiryVersion.objects.count() == 1
    admin_client.post(address, rules(kind="rolling", months=3, do="save"))
    assert [version.kind for version in ExpiryVersion.objects.order_by("pk")] == ["annual", "rolling"]
    assert [each.expires_at for each in expiring(member_id=rich.pk, now=NOON)] == [at(2027, 1, 1, hour=0)]
    assert "3 个月后的月底前有效" in admin_client.get(reverse("admin:ledger_expirypolicy_changelist")).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "fixed", "last_day": "2027-03-31"},
        {"kind": "fixed"},
        {"month": 2, "day": 30},
        {"cut_off_month": 12},
        {"cut_off_month": 13, "cut_off_day": 1},
        {"months": 0},
    ],
)
def test_rules_that_are_not_complete_are_refused(admin_client, wrong):
    address = reverse("admin:ledger_expirypolicy_change_rules", args=[ExpiryPolicy.objects.get().pk])
    for do in ("preview", "save"):
        answer = admin_client.post(address, rules(**wrong, do=do))
        assert answer.status_code == 200
        assert 'value="save"' not in answer.content.decode()
    assert ExpiryVersion.objects.count() == 1


def test_a_policy_of_its_own_for_a_campaign(admin_client, rich):
    address = reverse("admin:ledger_expirypolicy_new_policy")
    asked = rules(name="春节", kind="fixed", last_day="2026-03-31")
    assert "2026-03-31" in admin_client.post(address, {**asked, "do": "preview"}).content.decode()
    admin_client.post(address, {**asked, "do": "save"})
    policy = ExpiryPolicy.objects.get(name="春节")
    assert (policy.is_default, policy.versions.get().kind) == (False, "fixed")
    assert "已有同名规则" in admin_client.post(address, {**asked, "do": "save"}).content.decode()
    assert ExpiryPolicy.objects.count() == 2
