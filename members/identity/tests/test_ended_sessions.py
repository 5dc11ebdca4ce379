"""A token outlives its session by minutes; nothing can be changed with it."""

import pytest

from members.identity.services.standing import block_member
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
