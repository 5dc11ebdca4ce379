from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission
from rest_framework.test import APIClient

from shop.core import clock
from shop.core.models import StaffUser
from shop.staff.api import StaffAPIView
from shop.staff.models import StaffSession
from shop.staff.services import forget_sessions
from shop.staff.tests.making import PASSWORD, sign_in, staff_client
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db
ME = "/api/v1/staff/me"


@pytest.fixture
def clerk(db):
    return StaffUser.objects.create_user("clerk", password=PASSWORD, is_staff=True, first_name="小李")


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def carry_on(token):
    return APIClient().post("/api/v1/staff/auth/refresh", {"refresh": token})


def asks_with(access):
    return APIClient().get(ME, HTTP_AUTHORIZATION=f"Bearer {access}")


def grant(account, codename):
    account.user_permissions.add(Permission.objects.get(codename=codename))


def test_an_account_of_the_admin_signs_in(api, clerk):
    answer = sign_in(api, "clerk")
    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh"}
    grant(clerk, "view_preferencevalue")
    me = staff_client(clerk).get(ME).json()
    assert me == {"username": "clerk", "name": "小李", "permissions": ["core.view_preferencevalue"]}
    clerk.refresh_from_db()
    assert clerk.last_login is not None
    assert answer.json()["access"] not in str(list(StaffSession.objects.values()))


@pytest.mark.parametrize(
    "changes", [{"is_staff": False}, {"is_active": False}, {"username": "other"}], ids=["no staff", "disabled", "name"]
)
def test_who_may_not_open_the_admin_may_not_sign_in(api, clerk, changes):
    StaffUser.objects.filter(pk=clerk.pk).update(**changes)
    assert refusal(sign_in(api, "clerk")) == (401, "credentials_wrong")
    assert StaffSession.objects.count() == 0


def test_a_wrong_password_and_an_unknown_name_are_told_apart_by_nobody(api, clerk):
    wrong, unknown = sign_in(api, "clerk", "wrong"), sign_in(api, "nobody", "wrong")
    assert refusal(wrong) == refusal(unknown) == (401, "credentials_wrong")
    assert wrong.json()["message"] == unknown.json()["message"]


def test_a_one_time_code_is_refused_because_none_is_asked_for(api, clerk):
    assert refusal(sign_in(api, "clerk", otp="123456")) == (400, "otp_not_used")
    assert StaffSession.objects.count() == 0


def test_wrong_passwords_lock_the_account_for_an_address_in_api_and_admin_alike(api, client, clerk, settings):
    settings.AXES_ENABLED = True
    here, there = {"REMOTE_ADDR": "203.0.113.9"}, {"REMOTE_ADDR": "203.0.113.10"}
    body = {"username": "clerk", "password": "wrong"}
    answers = [api.post("/api/v1/staff/auth/login", body, **here) for _ in range(9)]
    assert [refusal(answer) for answer in answers[:7]] == [(401, "credentials_wrong")] * 7
    right = api.post("/api/v1/staff/auth/login", {"username": "clerk", "password": PASSWORD}, **here)
    assert refusal(right) == (429, "sign_in_locked")
    assert int(right["Retry-After"]) == 900
    assert client.post("/admin/login/", {"username": "clerk", "password": PASSWORD}, **here).status_code == 429
    elsewhere = api.post("/api/v1/staff/auth/login", {"username": "clerk", "password": PASSWORD}, **there)
    assert elsewhere.status_code == 200


def test_a_refresh_token_works_once_and_its_return_ends_the_session(api, clerk):
    first = sign_in(api, "clerk").json()
    second = carry_on(first["refresh"]).json()
    assert second["refresh"] != first["refresh"]
    assert asks_with(second["access"]).status_code == 200
    assert refusal(carry_on(first["refresh"])) == (401, "staff_session_ended")
    assert refusal(carry_on(second["refresh"])) == (401, "staff_session_ended")
    assert refusal(asks_with(second["access"])) == (401, "staff_session_ended")


@pytest.mark.django_db(transaction=True)
def test_a_refresh_token_taken_twice_at_once_is_exchanged_once(clerk):
    token = sign_in(APIClient(), "clerk").json()["refresh"]
    answers = run_together(*[lambda: carry_on(token).status_code] * 4)
    assert sorted(answers) == [200, 401, 401, 401]


def test_signing_out_ends_one_session_at_once(api, clerk):
    here, there = sign_in(api, "clerk").json(), sign_in(api, "clerk").json()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {here['access']}")
    assert client.post("/api/v1/staff/auth/logout").status_code == 204
    assert refusal(asks_with(here["access"])) == (401, "staff_session_ended")
    assert refusal(carry_on(here["refresh"])) == (401, "staff_session_ended")
    assert asks_with(there["access"]).status_code == 200


def disabled(clerk):
    StaffUser.objects.filter(pk=clerk.pk).update(is_active=False)


def off_the_staff(clerk):
    StaffUser.objects.filter(pk=clerk.pk).update(is_staff=False)


def another_password(clerk):
    clerk.set_password("green-lantern-9")
    clerk.save()


def another_permission(clerk):
    grant(clerk, "view_preferencevalue")


def a_role_less(clerk):
    clerk.groups.clear()


def a_role_that_changed(clerk):
    clerk.groups.get().permissions.add(Permission.objects.get(codename="view_jobrun"))


def gone(clerk):
    clerk.delete()


@pytest.mark.parametrize(
    "change",
    [disabled, off_the_staff, another_password, another_permission, a_role_less, a_role_that_changed, gone],
    ids=lambda change: change.__name__,
)
def test_a_session_ends_at_once_with_what_the_account_was(api, clerk, change):
    role = Group.objects.create(name="clerks")
    role.permissions.add(Permission.objects.get(codename="view_outboxentry"))
    clerk.groups.add(role)
    tokens = sign_in(api, "clerk").json()
    assert asks_with(tokens["access"]).status_code == 200
    change(clerk)
    assert refusal(asks_with(tokens["access"])) == (401, "staff_session_ended")
    assert refusal(carry_on(tokens["refresh"])) == (401, "staff_session_ended")


def test_an_access_token_dies_of_age_and_a_session_of_neglect(api, clerk):
    with clock.fixed(clock.now() - timedelta(minutes=31)):
        old = sign_in(api, "clerk").json()
    assert refusal(asks_with(old["access"])) == (401, "not_signed_in")
    assert carry_on(old["refresh"]).status_code == 200
    with clock.fixed(clock.now() + timedelta(days=7, minutes=1)):
        assert refusal(carry_on(old["refresh"])) == (401, "staff_session_ended")


def test_sessions_are_forgotten_a_while_after_they_ran_out(api, clerk):
    sign_in(api, "clerk")
    assert forget_sessions(before=clock.now()) == 0
    assert forget_sessions(before=clock.now() + timedelta(days=8)) == 1


def test_a_request_of_the_staff_costs_three_queries(clerk, django_assert_num_queries):
    client = staff_client(clerk)
    with django_assert_num_queries(3):
        assert client.get(ME).status_code == 200


def test_every_view_for_staff_names_a_permission_that_exists(db):
    views = StaffAPIView.__subclasses__()
    needed = {view.permission for view in views if view.permission is not None}
    known = {
        f"{each.content_type.app_label}.{each.codename}" for each in Permission.objects.select_related("content_type")
    }
    assert needed <= known
    assert {view.__name__ for view in views if view.permission is None} == {"StaffLogoutView", "StaffMeView"}


def test_sessions_are_seen_and_ended_in_the_admin(admin_client, api, clerk):
    tokens = sign_in(api, "clerk").json()
    session = StaffSession.objects.get()
    page = admin_client.get("/admin/staff/staffsession/").content.decode()
    assert "clerk" in page
    body = {"action": "end", "confirmed": "1", "_selected_action": [session.pk]}
    assert admin_client.post("/admin/staff/staffsession/", body, follow=True).status_code == 200
    assert refusal(asks_with(tokens["access"])) == (401, "staff_session_ended")
