import pytest

from members.identity.tests.factories import MemberFactory, client_for
from promotions.bargaining.models import BargainAttempt, Cut
from promotions.bargaining.queries import share_target
from promotions.bargaining.tests.making import DAY, help_with, make_live_bargain, new_member, old_member, start
from promotions.campaigns.models import FirstPurchase
from promotions.campaigns.services.switch import switch_promotions
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from shop.core.actors import Actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def friend():
    return old_member(clock.now())


def post(client, path, key="k1", body=None):
    return client.post(f"/api/v1/{path}", body or {}, format="json", HTTP_IDEMPOTENCY_KEY=key)


def test_a_visitor_sees_what_may_be_bargained_for(api, django_assert_num_queries):
    bargains = [make_live_bargain(quota=5, taken=2), make_live_bargain()]
    make_live_bargain(status="paused")
    make_live_bargain(SkuFactory(is_active=False))
    with django_assert_num_queries(2):
        body = api.get("/api/v1/bargains").json()
    assert [each["id"] for each in body["items"]] == [each.pk for each in reversed(bargains)]
    first = body["items"][1]
    assert (first["list_price_fen"], first["floor_price_fen"], first["left"]) == (10_000, 6000, 3)
    assert (first["attempts_left"], first["attempt"]) == (None, None)
    assert "plan" not in str(body)


def test_a_member_sees_their_part_in_them(member, member_client, django_assert_num_queries):
    bargain, other = make_live_bargain(attempts_per_member=2), make_live_bargain(new_members_only=True)
    attempt = start(bargain, member, now=clock.now())
    FirstPurchase.objects.create(member=member, order_number="D1", placed_at=clock.now())
    with django_assert_num_queries(5):
        [row] = member_client.get("/api/v1/bargains").json()["items"]
    assert row["attempts_left"] == 1
    assert (row["attempt"]["id"], row["attempt"]["status"]) == (attempt.pk, "open")
    assert row["attempt"]["price_fen"] == 10_000 - attempt.plan[0]
    assert other.pk != row["id"]


def test_starting_twice_with_one_key_is_one_attempt(member_client):
    bargain = make_live_bargain()
    first = post(member_client, f"bargains/{bargain.pk}/attempts")
    again = post(member_client, f"bargains/{bargain.pk}/attempts")
    assert (first.status_code, again["Idempotent-Replayed"], again.json()) == (201, "true", first.json())
    refused = post(member_client, f"bargains/{bargain.pk}/attempts", key="k2")
    assert (refused.status_code, refused.json()["code"]) == (409, "bargain_under_way")
    assert refused.json()["data"] == {"attempt_id": first.json()["id"]}
    assert BargainAttempt.objects.count() == 1


def test_what_the_owner_sees_and_what_a_friend_does(member, member_client, friend, django_assert_num_queries):
    member.nickname = "林小满"
    member.save()
    attempt = start(make_live_bargain(buy_at="floor"), member, now=clock.now())
    help_with(attempt, friend, now=clock.now())
    shown = f"/api/v1/bargain-attempts/{attempt.pk}"
    with django_assert_num_queries(4):
        mine = member_client.get(shown).json()
    assert (mine["mine"], mine["helped_fen"], mine["owner"], mine["can_buy"]) == (True, None, "林***", False)
    assert (mine["price_fen"], mine["cuts_made"], mine["cuts_left"]) == (10_000 - sum(attempt.plan[:2]), 2, 3)
    assert [(cut["helper"], cut["is_own"], cut["fen"]) for cut in mine["cuts"]] == [
        ("***", False, attempt.plan[1]),
        ("林***", True, attempt.plan[0]),
    ]
    theirs = client_for(friend).get(shown).json()
    assert (theirs["mine"], theirs["helped_fen"], theirs["can_buy"]) == (False, attempt.plan[1], False)
    assert member.phone not in str(theirs)
    assert "plan" not in theirs


def test_the_number_of_cuts_costs_no_query(member_client, django_assert_num_queries):
    attempt = start(make_live_bargain(), now=clock.now())
    for _ in range(3):
        help_with(attempt, now=clock.now())
    with django_assert_num_queries(4):
        assert len(member_client.get(f"/api/v1/bargain-attempts/{attempt.pk}").json()["cuts"]) == 4


def test_a_friend_helps_once_however_often_they_send(friend):
    attempt = start(make_live_bargain(), now=clock.now())
    client = client_for(friend)
    first = post(client, f"bargain-attempts/{attempt.pk}/cuts")
    body = first.json()
    assert first.status_code == 201
    assert (body["fen"], body["cuts"], body["attempt"]["helped_fen"]) == (attempt.plan[1], 1, attempt.plan[1])
    again = post(client, f"bargain-attempts/{attempt.pk}/cuts")
    assert (again.json(), again["Idempotent-Replayed"]) == (body, "true")
    assert post(client, f"bargain-attempts/{attempt.pk}/cuts", key="k2").json()["code"] == "bargain_helped_already"
    assert Cut.objects.count() == 2


def test_a_new_friend_counts_for_two():
    attempt = start(make_live_bargain(), now=clock.now())
    body = post(client_for(new_member(clock.now())), f"bargain-attempts/{attempt.pk}/cuts").json()
    assert (body["fen"], body["cuts"]) == (sum(attempt.plan[1:3]), 2)


def test_ones_own_attempts_are_listed_the_latest_first(member, member_client, django_assert_num_queries):
    made = [start(make_live_bargain(), member, now=clock.now()) for _ in range(3)]
    start(make_live_bargain(), MemberFactory.create(), now=clock.now())
    with django_assert_num_queries(4):
        body = member_client.get("/api/v1/me/bargain-attempts?limit=2").json()
    assert [each["id"] for each in body["items"]] == [made[2].pk, made[1].pk]
    rest = member_client.get(f"/api/v1/me/bargain-attempts?limit=2&cursor={body['next_cursor']}").json()
    assert ([each["id"] for each in rest["items"]], rest["next_cursor"]) == ([made[0].pk], None)


def test_a_body_is_refused_and_nothing_is_cut(friend):
    attempt = start(make_live_bargain(), now=clock.now())
    answer = post(client_for(friend), f"bargain-attempts/{attempt.pk}/cuts", body={"fen": 4000})
    assert answer.status_code == 400
    assert Cut.objects.count() == 1


def test_what_is_over_is_shown_as_over(member, member_client):
    attempt = start(make_live_bargain(), member, now=clock.now())
    BargainAttempt.objects.filter(pk=attempt.pk).update(expires_at=clock.now())
    shown = member_client.get(f"/api/v1/bargain-attempts/{attempt.pk}").json()
    assert (shown["status"], shown["running"], shown["can_buy"]) == ("expired", False, False)
    assert member_client.get("/api/v1/bargain-attempts/999999").json()["code"] == "bargain_attempt_not_found"


def test_a_product_shows_its_bargain_at_the_floor(api):
    bargain = make_live_bargain()
    make_live_bargain(bargain.sku, new_members_only=True)
    make_live_bargain(bargain.sku, starts_at=clock.now() + DAY)
    body = api.get(f"/api/v1/products/{bargain.sku.product_id}").json()
    [activity] = body["activities"]
    assert (activity["kind"], activity["id"], activity["price_fen"]) == ("bargain", bargain.pk, 6000)


def test_a_card_leads_to_an_attempt_that_can_be_helped(member_client):
    attempt = start(make_live_bargain(), now=clock.now())
    card = f"/api/v1/me/share-card?target=bargain-{attempt.pk}"
    assert member_client.get(card)["Content-Type"] == "image/png"
    BargainAttempt.objects.update(expires_at=clock.now())
    assert member_client.get(card).status_code == 404


@pytest.mark.parametrize(("quota", "stock", "left"), [(5, 3, 3), (2, 3, 2), (None, 3, 3)])
def test_as_many_are_left_as_the_quota_and_the_shop_have(api, quota, stock, left):
    make_live_bargain(SkuFactory(price_fen=10_000, stock=stock), quota=quota)
    assert [each["left"] for each in api.get("/api/v1/bargains").json()["items"]] == [left]


def test_nothing_is_shared_while_all_promotions_are_off():
    now = clock.now()
    attempt = start(make_live_bargain(), now=now)
    assert share_target(pk=attempt.pk, now=now) is not None
    switch_promotions(on=False, actor=Actor.staff("clerk"), now=now)
    assert share_target(pk=attempt.pk, now=now) is None
