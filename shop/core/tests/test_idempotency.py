"""The idempotency door, through HTTP, on two endpoints that exist only here."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.core import clock
from shop.core.api.idempotency import LEASE, forget_keys, idempotent
from shop.core.errors import NotAllowed
from shop.core.models import Alert, IdempotencyKey
from shop.core.transactions import use_case
from tests.concurrency.racing import run_together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]

crash = threading.Event()


@use_case
def plant_tree(*, name):
    number = Alert.objects.count() + 1
    Alert.objects.create(cause=f"{name}:{uuid.uuid4()}", message="", raised_at=clock.now())
    return number


class AnyoneView(APIView):
    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        request.principal = request.headers.get("X-Who", "member:1")


class TreesView(AnyoneView):
    @idempotent
    def post(self, request):
        number = plant_tree(name=request.data["name"])
        if request.data["name"] == "forbidden":
            raise NotAllowed
        if crash.is_set():
            raise SystemExit
        return Response({"number": number}, status=201)


class FarTreesView(AnyoneView):
    @idempotent(resumable=True)
    def post(self, request):
        assert not transaction.get_connection().in_atomic_block
        number = plant_tree(name=request.data["name"])
        if request.data["name"] == "forbidden":
            raise NotAllowed
        return Response({"number": number}, status=201)


class UnguardedView(AnyoneView):
    def post(self, request):
        return Response({"number": plant_tree(name=request.data["name"])}, status=201)


urlpatterns = [
    path("trees", TreesView.as_view()),
    path("far-trees", FarTreesView.as_view()),
    path("unguarded", UnguardedView.as_view()),
]


def post(where, body, key="key-1", who="member:1"):
    headers = {"X-Who": who} | ({"Idempotency-Key": key} if key else {})
    return Client().post(where, body, content_type="application/json", headers=headers)


@pytest.fixture(autouse=True)
def _no_crash():
    crash.clear()


@pytest.fixture(params=["/trees", "/far-trees"])
def where(request):
    return request.param


def test_a_replay_answers_the_same_and_does_nothing(where):
    first, second = post(where, {"name": "oak"}), post(where, {"name": "oak"})
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json() == {"number": 1}
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Alert.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(where):
    post(where, {"name": "oak"})
    other = post(where, {"name": "elm"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Alert.objects.count() == 1


def test_keys_of_different_people_do_not_meet(where):
    assert post(where, {"name": "oak"}).json() == {"number": 1}
    assert post(where, {"name": "oak"}, who="member:2").json() == {"number": 2}


@pytest.mark.parametrize("key", ["", "k" * 81])
def test_a_key_is_required_and_bounded(where, key):
    answer = post(where, {"name": "oak"}, key=key)
    assert answer.status_code == 400
    assert Alert.objects.count() == 0


def test_a_refusal_rolls_back_and_may_be_tried_again():
    assert post("/trees", {"name": "forbidden"}).status_code == 403
    assert Alert.objects.count() == IdempotencyKey.objects.count() == 0
    assert post("/trees", {"name": "forbidden"}).status_code == 403


def test_a_crash_between_effect_and_answer_leaves_neither():
    crash.set()
    with pytest.raises(SystemExit):
        post("/trees", {"name": "oak"})
    assert Alert.objects.count() == IdempotencyKey.objects.count() == 0
    crash.clear()
    assert post("/trees", {"name": "oak"}).json() == {"number": 1}


def test_a_resumable_request_runs_again_after_its_process_died():
    IdempotencyKey.objects.create(
        principal="member:1",
        key="key-1",
        request_hash=_hash_of("/far-trees", {"name": "oak"}),
        locked_until=clock.now() + LEASE,
        created_at=clock.now(),
    )
    waiting = post("/far-trees", {"name": "oak"})
    assert (waiting.status_code, waiting.json()["code"]) == (409, "idempotency_in_progress")
    with clock.fixed(clock.now() + LEASE + timedelta(seconds=1)):
        assert post("/far-trees", {"name": "oak"}).json() == {"number": 1}


def _hash_of(where, body):
    post(where, body, key="probe", who="nobody")
    Alert.objects.all().delete()
    return IdempotencyKey.objects.get(principal="nobody").request_hash


@pytest.mark.parametrize(("guarded", "planted"), [(True, 1), (False, 12)])
def test_parallel_duplicates_take_effect_once(guarded, planted):
    where = "/trees" if guarded else "/unguarded"
    answers = run_together(*[lambda: post(where, {"name": "oak"})] * 12)
    assert {answer.status_code for answer in answers} == {201}
    if guarded:
        assert {answer.json()["number"] for answer in answers} == {1}
    assert Alert.objects.count() == planted


def test_old_keys_are_forgotten():
    post("/trees", {"name": "oak"})
    assert forget_keys(before=clock.now() - timedelta(days=3)) == 0
    assert forget_keys(before=clock.now() + timedelta(seconds=1)) == 1


@pytest.mark.parametrize("depth", [260, 1000])
def test_a_body_nested_beyond_reason_is_refused(where, depth):
    body = b'{"name":' * depth + b"1" + b"}" * depth
    answer = Client().post(where, body, content_type="application/json", headers={"Idempotency-Key": "deep"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")
    assert IdempotencyKey.objects.count() == 0
