import pytest

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory, client_for
from promotions.lottery.models import Draw
from promotions.lottery.odds import digest_of
from promotions.lottery.services import import_codes
from promotions.lottery.tests.making import (
    DAY,
    FIFTY,
    REST,
    chances_of,
    draft_lottery,
    draw_once,
    give,
    make_live_lottery,
    published,
    sure,
)
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def member():
    return MemberFactory.create(nickname="林小满")


@pytest.fixture
def api(member):
    return client_for(member)


def post(api, lottery, body=None, key="k1"):
    address = f"/api/v1/lotteries/{lottery.pk}/draws"
    return api.post(address, body or {}, format="json", HTTP_IDEMPOTENCY_KEY=key)


def test_lotteries_that_run_or_will_are_listed_and_others_are_not(api, client, django_assert_num_queries):
    now = clock.now()
    running = make_live_lottery()
    coming = make_live_lottery(starts_at=now + DAY)
    draft_lottery(now=now)
    make_live_lottery(tier_ids=[999_999])
    with django_assert_num_queries(2):
        body = api.get("/api/v1/lotteries").json()
    assert [(each["id"], each["state"]) for each in body["items"]] == [
        (coming.pk, "upcoming"),
        (running.pk, "running"),
    ]
    assert [each["id"] for each in client.get("/api/v1/lotteries").json()["items"]] == [coming.pk, running.pk]


def test_a_lottery_shows_its_odds_with_the_words_that_were_hashed(api, member, django_assert_num_queries):
    lottery = make_live_lottery(
        {**FIFTY, "weight": 1, "stock": 3}, {**REST, "weight": 3}, check_in_chances=2, draws_per_day=5
    )
    give(lottery, member, 2, now=clock.now())
    draw_once(lottery, member, now=clock.now())
    with django_assert_num_queries(5):
        body = api.get(f"/api/v1/lotteries/{lottery.pk}").json()
    assert [(each["name"], each["percent"], each["weight"], each["stock"]) for each in body["prizes"]] == [
        ("50 积分", "25", 1, 3),
        ("再接再厉", "75", 3, None),
    ]
    assert body["odds"]["sha256"] == digest_of(body["odds"]["document"])
    assert (body["my_chances"], body["draws_left"], body["chances_from"]["check_in"]) == (1, 4, 2)


def test_a_visitor_sees_the_odds_and_nobodys_chances(client):
    lottery = make_live_lottery()
    body = client.get(f"/api/v1/lotteries/{lottery.pk}").json()
    assert (body["my_chances"], body["draws_left"], len(body["prizes"])) == (None, None, 2)
    assert client.get(f"/api/v1/lotteries/{draft_lottery().pk}").json()["code"] == "lottery_not_found"


def test_a_draw_answers_the_prize_and_sent_twice_is_one_draw(api, member):
    lottery = make_live_lottery(*sure(), draws_per_day=3)
    give(lottery, member, 2, now=clock.now())
    first = post(api, lottery)
    body = first.json()
    assert (first.status_code, body["prize"]["name"], body["prize"]["points"]) == (201, "50 积分", 50)
    assert (body["my_chances"], body["draws_left"], body["paid_with"], body["claim_before"]) == (1, 2, "chance", None)
    again = post(api, lottery)
    assert (again.json(), again["Idempotent-Replayed"]) == (body, "true")
    assert (Draw.objects.get().pk, chances_of(lottery, member)) == (body["draw_id"], 1)


def test_refusals_are_typed_and_cost_nothing(api, member):
    lottery = make_live_lottery(*sure())
    assert post(api, lottery).json()["code"] == "lottery_no_chances"
    assert post(api, lottery, {"pay_with": "points"}, "k2").json()["code"] == "lottery_not_for_points"
    for number, body in enumerate(({"pay_with": "gold"}, {"prize": 1}), 3):
        assert post(api, lottery, body, f"k{number}").status_code == 400
    assert Draw.objects.count() == 0


def test_winners_are_shown_with_one_character_of_their_name(api, member, client):
    lottery = make_live_lottery(*sure())
    for each in (member, MemberFactory.create(nickname="")):
        give(lottery, each, now=clock.now())
        draw_once(lottery, each, now=clock.now())
    winners = client.get(f"/api/v1/lotteries/{lottery.pk}").json()["winners"]
    assert [(each["name"], each["prize"]) for each in winners] == [("***", "50 积分"), ("林**", "50 积分")]
    Member.objects.filter(pk=member.pk).update(status=Member.Status.BLOCKED)
    assert len(client.get(f"/api/v1/lotteries/{lottery.pk}").json()["winners"]) == 1


def test_my_prizes_are_mine_and_a_code_is_shown_to_its_winner_only(api, member, django_assert_num_queries):
    now = clock.now()
    lottery = draft_lottery(*sure(kind="code", points=0, stock=0), now=now)
    import_codes(prize_id=lottery.prizes.get(kind="code").pk, codes=["FILM-1", "FILM-2"])
    published(lottery, now=now)
    other = MemberFactory.create()
    for each in (member, other, member):
        give(lottery, each, now=now)
        draw_once(lottery, each, now=now)
    with django_assert_num_queries(1):
        items = api.get("/api/v1/me/prizes").json()["items"]
    # The third draw found no code left, and what is for the rest is nothing.
    assert [(each["status"], each["has_code"], each["prize"]["kind"]) for each in items] == [
        ("delivered", True, "code")
    ]
    assert "FILM" not in str(items)
    address = f"/api/v1/me/prizes/{items[0]['draw_id']}/reveal"
    answer = api.post(address)
    assert (answer.json(), answer["Cache-Control"]) == ({"code": "FILM-1"}, "no-store")
    assert client_for(other).post(address).json()["code"] == "prize_not_found"
    assert api.get("/api/v1/me/prizes").json()["items"][0]["revealed_at"] is not None
