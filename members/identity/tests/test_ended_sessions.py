"""A token outlives its session: nothing can be changed with it, and within seconds nothing can be read."""

from datetime import timedelta
from time import monotonic

import pytest
from django.db import transaction

from members.identity import ended_sessions
from members.identity.errors import SessionEnded
from members.identity.models import Cancellation
from members.identity.services import erase_due, merging
from members.identity.services.standing import block_member
from members.identity.tests.factories import MemberFactory, client_for
from shop.core import clock
from shop.core.actors import Actor

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_has_signed_out_changes_nothing(member_client):
    assert member_client.post("/api/v1/auth/logout").status_code in (200, 204)
    answer = member_client.put("/api/v1/me", {"nickname": "小满"})
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")


def test_signing_out_takes_no_fields(member_client):
    answer = member_client.post("/api/v1/auth/logout", {"bogus": 1})
    assert (answer.status_code, answer.json()["details"][0]["code"]) == (400, "unknown_field")
    assert member_client.put("/api/v1/me", {"nickname": "小满"}).status_code == 200


def test_who_is_blocked_changes_nothing(member, member_client):
    block_member(member_id=member.pk, actor=Actor.staff("mei"), now=clock.now())
    for path, body in (("cart/items", {"sku_id": 1, "quantity": 1}), ("orders", {"items": []})):
        answer = member_client.post(f"/api/v1/{path}", body, headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.json()["code"]) == (403, "member_blocked")


def leave(member):
    Cancellation.objects.create(member=member, requested_at=clock.now(), due_at=clock.now())
    assert erase_due(now=clock.now()) == {"erased": 1, "postponed": 0}


def become_part_of_another(member):
    phone = MemberFactory(openid=None)
    with transaction.atomic():
        merging.merge_accounts(source_id=member.pk, target_id=phone.pk, now=clock.now())


def be_blocked(member):
    block_member(member_id=member.pk, actor=Actor.staff("mei"), now=clock.now())


@pytest.fixture
def loose(db):
    """Somebody with WeChat only, and another member who goes on."""
    return MemberFactory(phone=None, openid="loose")


def reads(client):
    paths = ("me", "me/addresses", "orders", "cart", "me/notifications", "me/export", "me/tier")
    return {path: client.get(f"/api/v1/{path}").status_code for path in paths}


@pytest.mark.parametrize("end", [leave, become_part_of_another, be_blocked])
def test_reading_stops_too(end, loose, member_client):
    client = client_for(loose)
    assert set(reads(client).values()) == {200}
    end(loose)
    ended_sessions.keep_as_read(at=monotonic() - ended_sessions.REFRESH_SECONDS - 1)
    assert set(reads(client).values()) == {401}
    assert client.get("/api/v1/orders").json()["code"] == "session_ended"
    assert set(reads(member_client).values()) == {200}


@pytest.mark.parametrize(
    ("end", "status", "code"),
    [
        (leave, 401, "session_ended"),
        (become_part_of_another, 401, "session_ended"),
        (be_blocked, 403, "member_blocked"),
    ],
)
def test_who_is_somebody_else_now_is_asked_to_sign_in_and_not_sent_to_customer_service(end, status, code, loose):
    client = client_for(loose)
    end(loose)
    answer = client.put("/api/v1/me", {"nickname": "小满"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_who_has_signed_out_reads_nothing_more(member_client):
    assert member_client.post("/api/v1/auth/logout").status_code in (200, 204)
    ended_sessions.keep_as_read(at=monotonic() - ended_sessions.REFRESH_SECONDS - 1)
    assert set(reads(member_client).values()) == {401}


def test_reading_asks_once_in_a_while_and_is_never_more_than_that_behind(member, django_assert_num_queries):
    ended_sessions.keep_as_read(at=monotonic() - ended_sessions.REFRESH_SECONDS - 1)
    session = member.sessions.create(
        key_hash="k", created_at=clock.now(), refreshed_at=clock.now(), expires_at=clock.now() + timedelta(days=1)
    )

    def read():
        ended_sessions.refuse_ended(session_id=session.pk, now=clock.now())

    with django_assert_num_queries(1):
        for _ in range(50):
            read()
    be_blocked(member)
    with django_assert_num_queries(0):
        read()
    ended_sessions.keep_as_read(at=monotonic() - ended_sessions.REFRESH_SECONDS + 1)
    read()
    ended_sessions.keep_as_read(at=monotonic() - ended_sessions.REFRESH_SECONDS - 1)
    with pytest.raises(SessionEnded):
        read()


def test_only_sessions_whose_tokens_live_are_kept(member, settings):
    ended_sessions.keep_as_read(at=monotonic() - ended_sessions.REFRESH_SECONDS - 1)
    client_for(member)
    be_blocked(member)
    later = clock.now() + timedelta(minutes=settings.ACCESS_TOKEN_MINUTES)
    assert ended_sessions._read(later - timedelta(seconds=5)) == {member.sessions.get().pk}
    assert ended_sessions._read(later + timedelta(seconds=1)) == frozenset()
