"""The doors of verification over HTTP: who may pass them, what they answer, and the page of the store."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group

from logistics.network.models import Store
from logistics.network.tests.factories import make_store
from members.identity.models import Member
from orders.verification.models import StoreAssignment, Verification
from orders.verification.tests.making import MANAGER, code_of, in_store, make_staff
from promotions.coupons.services.verifying import show_coupon
from promotions.coupons.tests.making import make_coupon
from shop.core import clock
from shop.core.roles import create_role_accounts, seed_roles
from shop.staff.tests.making import PASSWORD, staff_client

pytestmark = pytest.mark.django_db(transaction=True)
DOOR, PREVIEW = "/api/v1/verifications", "/api/v1/verifications/preview"


@pytest.fixture
def store(db):
    return make_store(name="武林店")


@pytest.fixture
def counter(store):
    return staff_client(make_staff("clerk", stores=(store,)))


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def test_the_store_role_verifies_once_it_is_assigned(member, store):
    seed_roles()
    account = next(each for each in create_role_accounts(password=PASSWORD) if each.username == "store")
    assert Group.objects.filter(user=account).exists()
    client, code = staff_client(account), code_of(in_store(member, store))
    assert refusal(client.post(DOOR, {"code": code})) == (403, "no_store")
    StoreAssignment.objects.create(staff=account, store=store)
    assert client.get("/api/v1/staff/stores").json()["items"] == [
        {"id": store.pk, "code": store.code, "name": "武林店"}
    ]
    assert client.post(DOOR, {"code": code}).status_code == 201


def test_a_code_is_seen_then_used_and_says_who_used_it(counter, member, store):
    Member.objects.filter(pk=member.pk).update(nickname="李雷", phone="+8613800138000")
    member.refresh_from_db()
    pickup = in_store(member, store)
    code = code_of(pickup)
    seen = counter.post(PREVIEW, {"code": code}).json()
    assert (seen["kind"], seen["reference"], seen["member"]) == ("pickup", pickup.order.number, "李** 138****8000")
    assert [each["quantity"] for each in seen["goods"]] == [1]
    assert not Verification.objects.exists()
    done = counter.post(DOOR, {"code": code}, headers={"User-Agent": "Phone/1"})
    assert done.status_code == 201
    assert (done.json()["verified_by"], done.json()["store"]["name"]) == ("clerk", "武林店")
    assert done.json()["found"]["goods"] == seen["goods"]
    assert Verification.objects.get().user_agent == "Phone/1"
    again = counter.post(DOOR, {"code": code})
    assert refusal(again) == (409, "already_verified")
    assert (again.json()["data"]["verified_by"], again.json()["data"]["store"]) == ("clerk", "武林店")
    assert refusal(counter.post(PREVIEW, {"code": code})) == (409, "already_verified")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "invalid_input")),
        ({"code": ""}, (400, "invalid_input")),
        ({"code": 12}, (400, "invalid_input")),
        ({"code": "x" * 61}, (400, "invalid_input")),
        ({"code": "000000000000", "bill_fen": 0}, (400, "invalid_input")),
        ({"code": "000000000000", "bill_fen": "12"}, (400, "invalid_input")),
        ({"code": "000000000000", "store_id": 424242}, (403, "store_not_yours")),
        ({"code": "000000000000"}, (404, "verification_code_unknown")),
    ],
)
def test_what_cannot_be_verified_is_refused(counter, body, expected):
    for door in (DOOR, PREVIEW):
        assert refusal(counter.post(door, body)) == expected
    assert not Verification.objects.exists()


def test_guessing_locks_out_with_the_time_to_wait(counter):
    answers = [counter.post(DOOR, {"code": "000000000000"}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [404] * 10 + [429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 901


def test_the_list_is_of_a_day_and_of_own_stores(counter, member, store, django_assert_num_queries):
    other = make_store()
    boss = staff_client(make_staff("boss", *MANAGER))
    here, there = in_store(member, store), in_store(member, other)
    for pickup in (here, there):
        assert boss.post(DOOR, {"code": code_of(pickup)}).status_code == 201
    with django_assert_num_queries(4):
        mine = counter.get(DOOR).json()["items"]
    assert [each["reference"] for each in mine] == [here.order.number]
    assert len(boss.get(DOOR).json()["items"]) == 2
    assert [each["store"]["id"] for each in boss.get(f"{DOOR}?store_id={other.pk}").json()["items"]] == [other.pk]
    yesterday = clock.business_day(clock.now()) - timedelta(days=1)
    assert counter.get(f"{DOOR}?day={yesterday}").json() == {"items": [], "next_cursor": None}
    assert refusal(counter.get(f"{DOOR}?day=x")) == (400, "invalid_input")


def test_managers_undo_a_coupon_and_clerks_do_not(counter, member, store):
    coupon = make_coupon(member, use_in="anywhere")
    code = show_coupon(number=coupon.number, member_id=member.pk, now=clock.now())[0]
    assert refusal(counter.post(DOOR, {"code": code})) == (409, "bill_required")
    done = counter.post(DOOR, {"code": code, "bill_fen": 12_000}).json()
    assert (done["off_fen"], done["found"]["off_fen"]) == (2000, 2000)
    undo = f"{DOOR}/{done['id']}/undo"
    assert refusal(counter.post(undo, {"reason": "x"})) == (403, "not_allowed")
    boss = staff_client(make_staff("boss", *MANAGER))
    assert refusal(boss.post(undo, {})) == (400, "invalid_input")
    assert boss.post(undo, {"reason": "扫错了"}).json()["undo_reason"] == "扫错了"
    assert refusal(boss.post(undo, {"reason": "x"})) == (409, "already_undone")
    assert refusal(boss.post(f"{DOOR}/4242/undo", {"reason": "x"})) == (404, "verification_not_found")
    coupon.refresh_from_db()
    assert coupon.status == "unused"


@pytest.mark.parametrize(("language", "said"), [("zh-CN", "扫码核销"), ("en", "Scan with the camera")])
def test_the_page_is_in_the_readers_language_and_loads_only_what_is_ours(client, language, said):
    answer = client.get("/store/", headers={"accept-language": language})
    page, policy = answer.content.decode(), answer["Content-Security-Policy"]
    assert said in page
    assert "default-src 'none'; script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["Permissions-Policy"].startswith("camera=(self)")
    assert "onclick" not in page
    assert "style=" not in page
    assert client.post("/store/").status_code == 405


def test_pictures_of_another_address_may_be_shown(client, settings):
    settings.MEDIA_URL = "https://pictures.example.com/media/"
    assert "img-src 'self' data: https://pictures.example.com;" in client.get("/store/")["Content-Security-Policy"]


def test_a_store_that_closes_is_no_longer_offered(counter, store):
    Store.objects.filter(pk=store.pk).update(is_active=False)
    assert counter.get("/api/v1/staff/stores").json()["items"] == []
