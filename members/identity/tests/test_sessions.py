from datetime import UTC, datetime, timedelta

import pytest
from rest_framework.test import APIClient

from members.identity.models import Member, MemberSession
from members.identity.origin import Origin
from members.identity.services import block_member, forget_sessions, unblock_member
from members.identity.services.sessions import open_session
from members.identity.tests.factories import MemberFactory
from shop.core import clock
from shop.core.actors import Actor

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)
CLERK = Actor.staff("clerk")


def carry_on(api, token):
    return api.post("/api/v1/auth/refresh", {"refresh": token})


def refusal(answer):
    return answer.status_code, answer.json()["code"]


@pytest.fixture
def tokens(member):
    return open_session(member=member, origin=Origin(agent="test"), now=NOW)


def test_a_refresh_token_is_exchanged_for_new_tokens(api, member, tokens):
    answer = carry_on(api, tokens.refresh)
    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh"}
    assert answer.json()["refresh"] != tokens.refresh
    me = api.get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    assert me.json()["id"] == member.pk
    assert carry_on(api, answer.json()["refresh"]).status_code == 200


def test_an_old_token_ends_the_session_for_thief_and_owner(api, tokens):
    newer = carry_on(api, tokens.refresh).json()["refresh"]
    assert refusal(carry_on(api, tokens.refresh)) == (401, "session_ended")
    assert refusal(carry_on(api, newer)) == (401, "session_ended")
    assert MemberSession.objects.get().revoked_at is not None


def test_another_session_of_the_member_goes_on(api, member, tokens):
    other = open_session(member=member, origin=Origin(agent="other"), now=NOW)
    carry_on(api, tokens.refresh)
    carry_on(api, tokens.refresh)
    assert carry_on(api, other.refresh).status_code == 200


@pytest.mark.parametrize("token", ["x", "x.y", ".", "é.é", "a" * 200])
def test_a_made_up_token_ends_nothing(api, tokens, token):
    assert refusal(carry_on(api, token)) == (401, "session_ended")
    assert carry_on(api, tokens.refresh).status_code == 200


@pytest.mark.parametrize("body", [{}, {"refresh": ""}, {"refresh": None}, {"refresh": 1}, {"refresh": "a" * 201}, []])
def test_what_is_no_token_is_refused(api, body):
    assert refusal(api.post("/api/v1/auth/refresh", body)) == (400, "invalid_input")


def test_a_session_ends_after_thirty_days_without_use(api, member):
    tokens = open_session(member=member, origin=Origin(), now=NOW)
    with clock.fixed(NOW + timedelta(days=30) - timedelta(seconds=1)):
        newer = carry_on(api, tokens.refresh).json()["refresh"]
    with clock.fixed(NOW + timedelta(days=59)):
        newest = carry_on(api, newer).json()["refresh"]
    with clock.fixed(NOW + timedelta(days=89)):
        assert refusal(carry_on(api, newest)) == (401, "session_ended")


def test_only_hashes_of_the_token_are_kept(tokens):
    kept = " ".join(str(value) for value in MemberSession.objects.values().get().values())
    assert [part for part in tokens.refresh.split(".") if part in kept] == []


def test_signing_out_ends_this_session_only(api, member, tokens):
    other = open_session(member=member, origin=Origin(agent="other"), now=NOW)
    answer = api.post("/api/v1/auth/logout", HTTP_AUTHORIZATION=f"Bearer {tokens.access}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert refusal(carry_on(api, tokens.refresh)) == (401, "session_ended")
    assert carry_on(api, other.refresh).status_code == 200


def test_an_access_token_runs_out_after_half_an_hour(api, member):
    now = clock.now()
    old = open_session(member=member, origin=Origin(), now=now - timedelta(minutes=31))
    young = open_session(member=member, origin=Origin(), now=now - timedelta(minutes=29))
    assert refusal(api.get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {old.access}")) == (401, "not_signed_in")
    assert api.get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {young.access}").status_code == 200


def test_an_access_token_with_a_changed_part_is_refused(api, tokens):
    head, body, signature = tokens.access.split(".")
    for forged in (f"{head}.{body}.{signature[:-2]}AA", f"{head}.{body}.", f"eyJhbGciOiJub25lIn0.{body}."):
        assert refusal(api.get("/api/v1/me", HTTP_AUTHORIZATION=f"Bearer {forged}")) == (401, "not_signed_in")


def test_blocking_ends_all_sessions_and_refuses_the_access_token_that_is_left(api, member, tokens):
    assert block_member(member_id=member.pk, actor=CLERK, now=NOW) is True
    assert refusal(carry_on(api, tokens.refresh)) == (401, "session_ended")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.access}")
    assert refusal(client.get("/api/v1/me")) == (403, "member_blocked")
    assert refusal(client.put("/api/v1/me", {"nickname": "x"})) == (403, "member_blocked")
    assert block_member(member_id=member.pk, actor=CLERK, now=NOW) is False


def test_a_session_opened_while_the_member_was_being_blocked_cannot_go_on(api, member, tokens):
    Member.objects.filter(pk=member.pk).update(status=Member.Status.BLOCKED)
    assert refusal(carry_on(api, tokens.refresh)) == (403, "member_blocked")


def test_unblocking_lets_the_member_in_again_but_revives_no_session(api, member, tokens):
    block_member(member_id=member.pk, actor=CLERK, now=NOW)
    assert unblock_member(member_id=member.pk, actor=CLERK, now=NOW) is True
    member.refresh_from_db()
    assert member.status == Member.Status.ACTIVE
    assert refusal(carry_on(api, tokens.refresh)) == (401, "session_ended")


def test_sessions_long_over_are_forgotten(member, tokens):
    open_session(member=MemberFactory(), origin=Origin(), now=NOW - timedelta(days=61))
    assert forget_sessions(before=NOW - timedelta(days=30)) == 1
    assert MemberSession.objects.get().member == member


def test_a_member_sees_where_they_are_signed_in_and_ends_one(api, member, tokens, django_assert_num_queries):
    phone = open_session(member=member, origin=Origin(agent="phone"), now=NOW + timedelta(seconds=1))
    open_session(member=member, origin=Origin(), now=NOW - timedelta(days=40))
    open_session(member=MemberFactory(), origin=Origin(), now=NOW)
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.access}")
    with django_assert_num_queries(1):
        shown = api.get("/api/v1/me/sessions").json()["items"]
    assert [(each["device"], each["is_current"]) for each in shown] == [("phone", False), ("test", True)]
    assert api.delete(f"/api/v1/me/sessions/{shown[0]['id']}").status_code == 204
    assert refusal(carry_on(APIClient(), phone.refresh)) == (401, "session_ended")
    assert refusal(api.delete(f"/api/v1/me/sessions/{shown[0]['id']}")) == (404, "not_found")
    assert carry_on(APIClient(), tokens.refresh).status_code == 200
