"""Who has sold most, and what that brings when the period is over."""

from datetime import date, timedelta
from threading import Barrier

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError
from django.urls import reverse

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory, client_for
from points.ledger.queries import balance_of
from promotions.distribution.models import Leaderboard, RankAward, RankReward, Sale
from promotions.distribution.ranking import days_of, ranks
from promotions.distribution.services import awarding
from promotions.distribution.services.awarding import award, award_due
from promotions.distribution.services.joining import pause
from promotions.distribution.tests.making import NOW, STAFF, balances, customer, distributor, later, laws, left, sold
from shop.core import clock
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db
JUNE = (date(2026, 6, 1), date(2026, 7, 1))


class Unguarded:
    """A board whose day is looked at, and not taken."""

    class objects:
        get = Leaderboard.objects.get

        @staticmethod
        def filter(**asked):
            found = Leaderboard.objects.filter(**asked)
            found.update = lambda **values: found.count()
            return found


def board(measure="sales", period="month", least=1):
    return Leaderboard.objects.create(
        name="六月", measure=measure, period=period, least=least, rewarded_until=NOW.date()
    )


@pytest.fixture
def sellers(db):
    """Three: ¥30 in two orders, ¥25 in one, ¥4 in three; held and refunded ones do not count."""
    first, second, third = (distributor(MemberFactory(nickname=f"卖家{place}")) for place in "甲乙丙")
    for seller, amounts in ((first, (1_000, 2_000)), (second, (2_500,)), (third, (100, 100, 200))):
        buyer = customer(seller)
        for fen in amounts:
            sold(buyer, fen)
    Sale.objects.filter(pk=sold(customer(third), 90_000).pk).update(review="held")
    left(sold(customer(second), 90_000), 0)
    sold(customer(first), 70_000, now=later(days=21))
    Sale.objects.filter(distributor=second).update(points=7)
    return first, second, third


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("sales", [(0, 3_000), (1, 2_500), (2, 400)]),
        ("orders", [(2, 3), (0, 2), (1, 1)]),
        ("points", [(1, 7)]),
    ],
)
def test_ranks_by_each_measure(sellers, measure, expected, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = ranks(measure=measure, first_day=JUNE[0], end_day=JUNE[1])
    assert [(each.distributor_id, each.value) for each in found] == [
        (sellers[place].pk, value) for place, value in expected
    ]
    assert [each.rank for each in found] == list(range(1, len(found) + 1))


def test_periods_are_days_in_shanghai_and_weeks_begin_on_monday():
    assert days_of("month", date(2026, 12, 31)) == (date(2026, 12, 1), date(2027, 1, 1))
    assert days_of("week", date(2026, 6, 10)) == (date(2026, 6, 8), date(2026, 6, 15))
    assert days_of("week", date(2026, 6, 8)) == (date(2026, 6, 8), date(2026, 6, 15))


def test_ranks_are_rewarded_once_and_late_enough(sellers):
    first, second, third = sellers
    june = board(least=500)
    RankReward.objects.create(leaderboard=june, first_rank=1, last_rank=1, reward_fen=8_800, points=10)
    RankReward.objects.create(leaderboard=june, first_rank=2, last_rank=5, points=200)
    before = balances(first)
    assert award_due(now=later(days=26)) == 0
    assert award_due(now=later(days=28)) == 2
    assert award_due(now=later(days=28)) == 0
    assert balances(first) == before | {"available": 8_800}
    points = {seller: balance_of(member_id=seller.member_id, now=later(days=28)).available for seller in sellers}
    assert points == {first: 10, second: 200, third: 0}
    assert list(RankAward.objects.values_list("rank", "value")) == [(1, 3_000), (2, 2_500)]
    assert laws() == []


def test_who_is_paused_keeps_the_rank_and_gets_nothing(sellers):
    june = board()
    RankReward.objects.create(leaderboard=june, first_rank=1, last_rank=2, reward_fen=100)
    pause(distributor_id=sellers[0].pk, reason="", actor=STAFF, now=NOW)
    assert award_due(now=later(days=28)) == 1
    assert RankAward.objects.get().rank == 2


def test_who_is_blocked_gets_nothing(sellers):
    RankReward.objects.create(leaderboard=board(), first_rank=1, last_rank=2, reward_fen=100)
    Member.objects.filter(pk=sellers[0].member_id).update(status=Member.Status.BLOCKED)
    assert award_due(now=later(days=28)) == 1
    assert RankAward.objects.get().distributor == sellers[1]


def test_a_board_rewards_no_period_before_its_own(sellers):
    july = Leaderboard.objects.create(name="七月", rewarded_until=date(2026, 7, 2))
    RankReward.objects.create(leaderboard=july, first_rank=1, last_rank=2, reward_fen=100)
    assert award_due(now=later(days=28)) == 0


def test_every_period_that_nobody_asked_about_is_rewarded_once(sellers):
    """Weeks from 8 June on, a week later each; the scheduler was away for those of 8, 15 and 22 June."""
    first, second, _ = sellers
    weeks = board("sales", "week")
    RankReward.objects.create(leaderboard=weeks, first_rank=1, last_rank=1, reward_fen=500)
    sold(customer(second), 100, now=later(days=7))
    assert award_due(now=later(days=11)) == 0
    assert (award_due(now=later(days=26)), award_due(now=later(days=26))) == (2, 0)
    awards = RankAward.objects.order_by("pk").values_list("first_day", "distributor", "value")
    # The order of the third week was paid 21 days later, on 1 July.
    assert list(awards) == [(date(2026, 6, 8), first.pk, 3_000), (date(2026, 6, 15), second.pk, 100)]
    weeks.refresh_from_db()
    assert weeks.rewarded_until == date(2026, 6, 29)
    assert (award_due(now=later(days=33)), award_due(now=later(days=60))) == (1, 0)
    assert (RankAward.objects.latest("pk").first_day, laws()) == (date(2026, 6, 29), [])


def test_what_falls_due_while_a_board_stands_still_is_not_rewarded_later(sellers):
    june = board()
    RankReward.objects.create(leaderboard=june, first_rank=1, last_rank=3, reward_fen=100)
    Leaderboard.objects.update(is_running=False)
    assert award_due(now=later(days=28)) == 0
    Leaderboard.objects.update(is_running=True)
    assert (award_due(now=later(days=29)), RankAward.objects.count()) == (0, 0)


def test_typing_into_a_board_does_not_undo_what_the_night_has_done(sellers, desk, monkeypatch):
    june = board()
    RankReward.objects.create(leaderboard=june, first_rank=1, last_rank=3, reward_fen=100)
    save = Leaderboard.save

    def save_after_the_night(self, **how):
        Leaderboard.objects.update(rewarded_until=JUNE[1])
        save(self, **how)

    monkeypatch.setattr(Leaderboard, "save", save_after_the_night)
    sent = {"name": "七月", "measure": "sales", "period": "month", "least": "1", "is_running": "on", **NO_REWARDS}
    assert desk.post(reverse("admin:distribution_leaderboard_change", args=[june.pk]), sent).status_code == 302
    june.refresh_from_db()
    assert (june.name, june.rewarded_until, award_due(now=later(days=28))) == ("七月", date(2026, 7, 1), 0)


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_reward_once(sellers):
    june = board()
    RankReward.objects.create(leaderboard=june, first_rank=1, last_rank=3, reward_fen=100)
    given = run_together(*[lambda: award_due(now=later(days=28))] * 4)
    assert sorted(given) == [0, 0, 0, 3]
    assert (RankAward.objects.count(), laws()) == (3, [])


@pytest.mark.django_db(transaction=True)
def test_control_who_looks_first_and_writes_then_rewards_again(sellers, monkeypatch):
    """The unguarded twin reads until which day the board has rewarded; what stands behind it refuses the second row."""
    june, looked = board(), Barrier(4, timeout=60)
    RankReward.objects.create(leaderboard=june, first_rank=1, last_rank=3, reward_fen=100)
    rank = awarding.ranks

    def rank_when_all_have_looked(**asked):
        looked.wait()
        return rank(**asked)

    monkeypatch.setattr(awarding, "ranks", rank_when_all_have_looked)
    monkeypatch.setattr(awarding, "Leaderboard", Unguarded)
    asked = {"board_id": june.pk, "first_day": JUNE[0], "end_day": JUNE[1], "now": later(days=28)}
    given = run_together(*[lambda: award(**asked)] * 4)
    assert [type(answer) for answer in given].count(IntegrityError) == 3
    assert RankAward.objects.count() == 3


def test_the_front_shows_a_board_with_the_own_place(sellers, django_assert_num_queries):
    june, weeks = board(), board("orders", "week")
    RankReward.objects.create(leaderboard=june, first_rank=1, last_rank=3, reward_fen=100)
    front = client_for(sellers[1].member)
    with clock.fixed(NOW), django_assert_num_queries(5):
        told = front.get("/api/v1/distribution/leaderboard").json()
    assert [each["id"] for each in told["boards"]] == [june.pk, weeks.pk]
    assert [(each["name"], each["value"], each["is_me"]) for each in told["ranks"]] == [
        ("卖***", 3_000, False),
        ("卖***", 2_500, True),
        ("卖***", 400, False),
    ]
    assert (told["own_rank"], told["own_value"], told["last_day"]) == (2, 2_500, "2026-06-30")
    with clock.fixed(NOW + timedelta(days=60)):
        empty = front.get("/api/v1/distribution/leaderboard", {"board": weeks.pk}).json()
    assert (empty["ranks"], empty["own_rank"], empty["own_value"]) == ([], None, 0)
    assert front.get("/api/v1/distribution/leaderboard", {"board": 0}).status_code == 400
    assert front.get("/api/v1/distribution/leaderboard", {"board": june.pk + 99}).status_code == 404


def test_a_code_to_print(sellers):
    picture = client_for(sellers[0].member).get("/api/v1/distribution/code")
    assert (picture.status_code, picture.content[:8]) == (200, b"\x89PNG\r\n\x1a\n")
    unknown = client_for(sellers[0].member).get("/api/v1/distribution/code", {"target": "product-999999"})
    assert unknown.json()["code"] == "share_target_not_found"


def test_staff_make_a_board_whose_rewards_do_not_overlap(client, django_user_model):
    """Who may make boards types their rewards with them; no role names rows that have no screen of their own."""
    operator = django_user_model.objects.create_user("operator", password="x", is_staff=True)
    may = ["view_leaderboard", "add_leaderboard", "change_leaderboard", "view_rankaward"]
    operator.user_permissions.set(Permission.objects.filter(codename__in=may))
    client.force_login(operator)
    rewards = {"rewards-TOTAL_FORMS": 2, "rewards-INITIAL_FORMS": 0}
    for place, (first, last) in enumerate(((1, 3), (3, 5))):
        rewards |= {
            f"rewards-{place}-first_rank": first,
            f"rewards-{place}-last_rank": last,
            f"rewards-{place}-reward_fen": "88.00",
            f"rewards-{place}-points": 0,
        }
    wanted = {"name": "周榜", "measure": "orders", "period": "week", "least": 1, "is_running": "on"}
    page = reverse("admin:distribution_leaderboard_add")
    assert client.post(page, wanted | rewards).status_code == 200
    assert not Leaderboard.objects.exists()
    assert client.post(page, wanted | rewards | {"rewards-1-first_rank": 4}).status_code == 302
    made = Leaderboard.objects.get()
    assert list(made.rewards.values_list("first_rank", "last_rank", "reward_fen")) == [(1, 3, 8_800), (4, 5, 8_800)]
    assert client.get(reverse("admin:distribution_rankaward_changelist")).status_code == 200
    found = client.get(reverse("admin:distribution_leaderboard_change", args=[made.pk]))
    assert [len(each.formset.initial_forms) for each in found.context["inline_admin_formsets"]] == [2]


@pytest.fixture
def desk(client, django_user_model):
    operator = django_user_model.objects.create_user("operator", password="x", is_staff=True)
    operator.user_permissions.set(Permission.objects.filter(content_type__app_label__in=["distribution", "identity"]))
    client.force_login(operator)
    return client


NO_REWARDS = {"rewards-TOTAL_FORMS": 0, "rewards-INITIAL_FORMS": 0}


@pytest.mark.parametrize(
    ("measure", "typed", "least"),
    [("sales", "12.50", 1250), ("orders", "3", 3), ("points", "2.5", None), ("sales", "0", None)],
)
def test_the_least_to_be_ranked_is_typed_as_it_is_read(desk, measure, typed, least):
    sent = {"name": "七月", "measure": measure, "period": "month", "least": typed, "is_running": "on", **NO_REWARDS}
    desk.post(reverse("admin:distribution_leaderboard_add"), sent)
    assert list(Leaderboard.objects.values_list("least", flat=True)) == ([least] if least else [])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"first_rank": 3, "last_rank": 2, "reward_fen": "1", "points": 0}, "Ranks go up, from 1 to 100 at most."),
        ({"first_rank": 1, "last_rank": 101, "reward_fen": "1", "points": 0}, "Ranks go up, from 1 to 100 at most."),
        ({"first_rank": 1, "last_rank": 2, "reward_fen": "0", "points": 0}, "A reward is money, points, or both."),
        ({"first_rank": 40_000, "last_rank": "x", "reward_fen": "1e99", "points": -1}, ""),
    ],
)
def test_a_reward_that_cannot_be_is_refused_in_words(desk, typed, said):
    sent = {"rewards-TOTAL_FORMS": 1, "rewards-INITIAL_FORMS": 0} | {f"rewards-0-{k}": v for k, v in typed.items()}
    wanted = {"name": "周榜", "measure": "orders", "period": "week", "least": 1, "is_running": "on"}
    page = reverse("admin:distribution_leaderboard_add")
    shown = desk.post(page, wanted | sent, headers={"accept-language": "en"})
    assert (shown.status_code, Leaderboard.objects.count()) == (200, 0)
    assert said in shown.content.decode()


def test_staff_see_who_leads_in_each_period(sellers, desk, django_assert_max_num_queries):
    found = board()
    RankReward.objects.create(leaderboard=found, first_rank=1, last_rank=1, reward_fen=8_800, points=5)
    page = reverse("admin:distribution_leaderboard_standings", args=[found.pk])
    desk.get(page)
    with django_assert_max_num_queries(12):
        table = desk.get(page, {"day": "2026-06-15"}).context["table"]
    assert [(row[0], row[2]) for row in table["rows"]] == [("1", "¥30.00"), ("2", "¥25.00"), ("3", "¥4.00")]
    assert [row[3] for row in table["rows"]][1:] == ["–", "–"]
    assert table["rows"][0][3].startswith("¥88.00 + 5 ")
    assert "卖家甲" in table["rows"][0][1]
    for day in ("2026-05-31", "nonsense", "0001-01-01", "9999-12-31"):
        assert desk.get(page, {"day": day}).status_code == 200
    assert not desk.get(page, {"day": "2026-05-31"}).context["table"]["rows"]
