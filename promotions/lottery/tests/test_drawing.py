import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction

from members.identity.tests.factories import MemberFactory
from points.ledger.errors import InsufficientPoints
from points.ledger.queries import balance_of
from points.ledger.services import grant
from promotions.campaigns.audience import NotForOldMembers
from promotions.campaigns.models import FirstPurchase
from promotions.campaigns.services.lifecycle import pause_campaign, withdraw_campaign
from promotions.coupons.models import Coupon
from promotions.coupons.tests.making import make_template
from promotions.lottery import odds
from promotions.lottery.errors import DrawsUsed, DrawsUsedToday, LotteryNotFound, NoChancesLeft, NotDrawnWithPoints
from promotions.lottery.invariants import LAWS
from promotions.lottery.models import (
    RULES,
    ChanceAccount,
    ChanceEntry,
    Draw,
    Lottery,
    OddsVersion,
    Prize,
    PrizeCode,
    Win,
)
from promotions.lottery.odds import digest_of
from promotions.lottery.results import result_of_lottery
from promotions.lottery.services import add_stock, drawing, import_codes
from promotions.lottery.tests.making import (
    CLERK,
    DAY,
    FIFTY,
    NOW,
    REST,
    chances_of,
    draft_lottery,
    draw_once,
    give,
    given_and_drawn,
    make_lottery,
    published,
    sure,
)
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def member():
    return MemberFactory.create()


def laws():
    return [sentence for law in LAWS for sentence in law()]


def points(member, now=NOW):
    return balance_of(member_id=member.pk, now=now).available


def give_points(member, amount):
    with transaction.atomic():
        grant(
            reference=f"t:{member.pk}",
            member_id=member.pk,
            points=amount,
            source="manual",
            now=NOW,
            matures_at=NOW,
            expires_at=None,
        )


# What each of the published rules might be instead.
OTHERWISE = {
    "name": "else",
    "starts_at": NOW - 2 * DAY,
    "ends_at": NOW + 300 * DAY,
    "takes_chances": False,
    "points_per_draw": 5,
    "draws_per_day": 2,
    "draws_in_all": 2,
    "prizes_per_day": 1,
}


def numbers(monkeypatch, *values, below):
    """What the random source says, asked for a number below all weights, so that a test knows what is drawn."""
    left = iter(values)

    def randbelow(total):
        assert total == below
        return next(left)

    monkeypatch.setattr(odds.secrets, "randbelow", randbelow)


def test_a_chance_pays_a_draw_and_the_prize_is_there_at_once(member):
    lottery = make_lottery(*sure())
    give(lottery, member, 2)
    made = draw_once(lottery, member)
    assert (made.prize.name, made.fallback, made.paid_with, made.number) == ("50 积分", "", "chance", 1)
    assert (points(member), chances_of(lottery, member), made.win.status) == (50, 1, "delivered")
    assert draw_once(lottery, member).number == 2
    with pytest.raises(NoChancesLeft):
        draw_once(lottery, member)
    assert (Draw.objects.count(), points(member), laws()) == (2, 100, [])


def test_the_number_stands_for_the_prize_by_the_published_weights(member, monkeypatch):
    lottery = make_lottery({**FIFTY, "weight": 3}, {**REST, "weight": 7})
    give(lottery, member, 4)
    numbers(monkeypatch, 0, 2, 3, 9, below=10)
    drawn = [draw_once(lottery, member) for _ in range(4)]
    assert [each.prize.name for each in drawn] == ["50 积分", "50 积分", "再接再厉", "再接再厉"]
    assert [(each.value, each.total) for each in drawn] == [(0, 10), (2, 10), (3, 10), (9, 10)]
    assert (Win.objects.count(), points(member), laws()) == (2, 100, [])


def test_points_pay_where_there_is_no_chance_or_where_the_member_says_so(member):
    lottery = make_lottery(*sure(), points_per_draw=30)
    give_points(member, 70)
    give(lottery, member)
    assert draw_once(lottery, member, pay_with="points").points_paid == 30
    assert (points(member), chances_of(lottery, member)) == (90, 1)
    assert draw_once(lottery, member).paid_with == "chance"
    assert draw_once(lottery, member).paid_with == "points"
    assert points(member) == 70 - 30 + 50 + 50 - 30 + 50
    with pytest.raises(NoChancesLeft):
        draw_once(lottery, member, pay_with="chance")
    assert laws() == []


def test_too_few_points_draw_nothing_and_leave_no_trace(member):
    lottery = make_lottery(*sure(), points_per_draw=30)
    give_points(member, 29)
    with pytest.raises(InsufficientPoints):
        draw_once(lottery, member)
    assert (points(member), Draw.objects.count(), ChanceAccount.objects.count(), laws()) == (29, 0, 0, [])
    free = make_lottery(*sure())
    with pytest.raises(NotDrawnWithPoints):
        draw_once(free, member, pay_with="points")


def test_draws_are_counted_by_the_day_of_shanghai_and_in_all(member):
    lottery = make_lottery(*sure(), draws_per_day=2, draws_in_all=3)
    give(lottery, member, 9)
    draw_once(lottery, member)
    draw_once(lottery, member)
    midnight = NOW.replace(hour=16)
    with pytest.raises(DrawsUsedToday):
        draw_once(lottery, member, now=midnight.replace(hour=15, minute=59, second=59))
    assert draw_once(lottery, member, now=midnight).number == 3
    with pytest.raises(DrawsUsed):
        draw_once(lottery, member, now=NOW + 2 * DAY)
    assert (Draw.objects.count(), chances_of(lottery, member), laws()) == (3, 6, [])


def test_what_is_gone_paced_or_beyond_the_budget_yields_what_is_for_the_rest(member):
    scarce = make_lottery(*sure(stock=1))
    paced = make_lottery(*sure(per_day=1))
    paced_together = make_lottery(*sure(), prizes_per_day=1)
    poor = make_lottery(*sure(), budget_fen=99)
    for lottery, why in ((scarce, "sold_out"), (paced, "paced"), (paced_together, "paced"), (poor, "budget")):
        assert given_and_drawn(lottery, member).fallback == ""
        second = given_and_drawn(lottery, member)
        assert (second.fallback, second.drawn.name, second.prize.name) == (why, "50 积分", "再接再厉")
    assert given_and_drawn(scarce, member, now=NOW + DAY).fallback == "sold_out"
    assert given_and_drawn(paced, member, now=NOW + DAY).fallback == ""
    assert given_and_drawn(paced_together, member, now=NOW + DAY).fallback == ""
    poor.refresh_from_db()
    assert (poor.spent_fen, points(member), laws()) == (50, 300, [])


@pytest.mark.parametrize(("budget_fen", "expected"), [(62, [50, 55, 60, 60]), (None, [50, 55, 60, 65])])
def test_what_is_for_the_rest_may_be_points_as_far_as_the_budget_reaches(member, budget_fen, expected):
    rest = {**REST, "kind": "points", "points": 5, "weight": 0}
    lottery = make_lottery({**FIFTY, "stock": 1}, rest, budget_fen=budget_fen)
    made, had = [], []
    for _ in range(4):
        made.append(given_and_drawn(lottery, member))
        had.append(points(member))
    lottery.refresh_from_db()
    assert (had, laws()) == (expected, [])
    assert [bool(each.fallback) for each in made] == [False, True, True, True]
    assert [Win.objects.filter(draw=each).exists() for each in made] == [True, True, True, budget_fen is None]
    assert lottery.spent_fen == (60 if budget_fen else 0)
    assert result_of_lottery(lottery.pk).cost_fen == expected[-1]


def test_the_rest_that_was_drawn_itself_is_on_the_budget_and_its_rule_is_published(member):
    rest = {**REST, "kind": "points", "points": 60, "weight": 1}
    lottery = make_lottery({**FIFTY, "weight": 1, "stock": 0}, rest, budget_fen=100)
    for _ in range(3):
        given_and_drawn(lottery, member)
    lottery.refresh_from_db()
    assert (points(member), lottery.spent_fen, laws()) == (60, 60, [])
    assert "once that does not reach for it, nothing is given" in lottery.odds_versions.get().document


def test_a_prize_gives_what_its_kind_says_and_nothing_that_was_left_in_its_row(member):
    template = make_template(way="reward", starts_at=NOW - DAY, ends_at=NOW + DAY)
    lottery = make_lottery(*sure(template=template))
    given_and_drawn(lottery, member)
    assert (points(member), Coupon.objects.count()) == (50, 0)


def test_goods_count_with_their_price_where_the_merchant_names_no_worth(member):
    sku = SkuFactory(price_fen=9000, stock=5)
    lottery = make_lottery(*sure(kind="goods", points=0, sku=sku, stock=2), budget_fen=10_000)
    assert lottery.highest_cost_fen() == 18_000
    assert [given_and_drawn(lottery, member).fallback for _ in range(2)] == ["", "budget"]
    lottery.refresh_from_db()
    assert (lottery.spent_fen, laws()) == (9000, [])


def test_a_coupon_is_won_and_where_it_is_no_longer_given_nothing_of_it_is_counted(member):
    template = make_template(way="reward", total_limit=1, starts_at=NOW - DAY, ends_at=NOW + DAY, per_member_limit=None)
    lottery = make_lottery(*sure(kind="coupon", points=0, template=template, stock=5))
    won = given_and_drawn(lottery, member)
    assert won.win.coupon == Coupon.objects.get(member=member)
    assert given_and_drawn(lottery, member).fallback == "gone"
    prize = Prize.objects.get(template=template)
    assert (prize.won, Coupon.objects.count(), laws()) == (1, 1, [])


def test_codes_are_sealed_and_each_has_one_winner(member):
    lottery = draft_lottery(*sure(kind="code", points=0, stock=0, worth_fen=3500))
    prize = lottery.prizes.get(kind="code")
    assert import_codes(prize_id=prize.pk, codes=["FILM-1", "FILM-2", "FILM-1"]) == 2
    assert import_codes(prize_id=prize.pk, codes=["FILM-2"]) == 0
    published(lottery)
    assert all(b"FILM" not in bytes(each.sealed) + bytes(each.fingerprint) for each in PrizeCode.objects.all())
    won = [given_and_drawn(lottery, member) for _ in range(3)]
    assert [each.fallback for each in won] == ["", "", "sold_out"]
    lottery.refresh_from_db()
    assert (PrizeCode.objects.filter(win__isnull=True).count(), lottery.spent_fen, laws()) == (0, 7000, [])


@pytest.mark.parametrize("fields", [{"starts_at": NOW + DAY}, {"starts_at": NOW - 2 * DAY, "ends_at": NOW + DAY}])
def test_only_a_live_lottery_is_drawn(member, fields):
    lottery = make_lottery(*sure(), **fields)
    give(lottery, member)
    moment = NOW if lottery.starts_at > NOW else NOW + DAY
    with pytest.raises(LotteryNotFound):
        draw_once(lottery, member, now=moment)
    assert (chances_of(lottery, member), Draw.objects.count()) == (1, 0)


def test_a_paused_lottery_draws_nothing(member):
    lottery = make_lottery(*sure())
    give(lottery, member)
    pause_campaign(kind="lottery", pk=lottery.pk, actor=CLERK, now=NOW)
    with pytest.raises(LotteryNotFound):
        draw_once(lottery, member)
    assert chances_of(lottery, member) == 1


def test_only_its_audience_draws(member):
    lottery = make_lottery(*sure(), new_members_only=True)
    give(lottery, member)
    FirstPurchase.objects.create(member=member, order_number="D1", placed_at=NOW)
    with pytest.raises(NotForOldMembers):
        draw_once(lottery, member)
    assert (chances_of(lottery, member), Draw.objects.count()) == (1, 0)


def test_odds_are_published_with_their_hash_before_anybody_draws():
    lottery = make_lottery({**FIFTY, "weight": 3}, {**REST, "weight": 7}, starts_at=NOW + DAY)
    told = OddsVersion.objects.get(lottery=lottery)
    assert (told.version, told.digest) == (1, digest_of(told.document))
    assert '"weight":3' in told.document


@pytest.mark.parametrize(
    "change",
    [
        lambda prizes: prizes.update(weight=9),
        lambda prizes: prizes.update(name="else"),
        lambda prizes: prizes.update(stock=4),
        lambda prizes: prizes.update(stock=None),
        lambda prizes: prizes.update(points=1),
        lambda prizes: prizes.delete(),
        lambda prizes: Prize.objects.create(lottery=prizes.get().lottery, **{**FIFTY, "name": "new"}),
    ],
)
def test_what_is_published_cannot_be_changed_in_the_database(change):
    lottery = make_lottery(*sure(stock=5))
    before = list(Prize.objects.order_by("pk").values())
    with pytest.raises(DatabaseError, match="published"), transaction.atomic():
        change(Prize.objects.filter(lottery=lottery, is_fallback=False))
    assert list(Prize.objects.order_by("pk").values()) == before


def test_more_of_a_prize_may_come_and_counters_may_move():
    lottery = make_lottery(*sure(stock=5))
    prize = lottery.prizes.get(stock=5)
    assert add_stock(prize_id=prize.pk, units=3).stock == 8
    assert (prize.history.count(), prize.history.first().stock) == (2, 8)


def test_a_lottery_withdrawn_before_it_begins_publishes_a_new_version_and_one_that_has_begun_does_not_change(member):
    begins_at = clock.now() + DAY
    lottery = make_lottery(*sure(), starts_at=begins_at, ends_at=begins_at + DAY)
    pause_campaign(kind="lottery", pk=lottery.pk, actor=CLERK, now=NOW)
    withdraw_campaign(kind="lottery", pk=lottery.pk, actor=CLERK, now=NOW)
    lottery.prizes.filter(is_fallback=True).update(weight=1)
    Lottery.objects.update(starts_at=NOW - DAY, prizes_per_day=7)
    lottery.refresh_from_db()
    lottery = published(lottery)
    versions = list(OddsVersion.objects.filter(lottery=lottery).order_by("version").values_list("version", "digest"))
    assert [version for version, _digest in versions] == [1, 2]
    assert versions[0][1] != versions[1][1]
    give(lottery, member)
    pause_campaign(kind="lottery", pk=lottery.pk, actor=CLERK, now=NOW)
    withdraw_campaign(kind="lottery", pk=lottery.pk, actor=CLERK, now=NOW)
    before = list(Lottery.objects.values()), list(Prize.objects.order_by("pk").values())
    changes = [lambda: lottery.prizes.filter(is_fallback=True).update(weight=2)]
    changes += [lambda name=name: Lottery.objects.update(**{name: OTHERWISE[name]}) for name in RULES]
    for change in changes:
        with pytest.raises(DatabaseError, match="published"), transaction.atomic():
            change()
    assert (list(Lottery.objects.values()), list(Prize.objects.order_by("pk").values())) == before
    lottery.refresh_from_db()
    assert draw_once(published(lottery), member).odds.version == 3
    assert laws() == []


@pytest.mark.parametrize("model", [Draw, ChanceEntry, OddsVersion])
def test_ledger_draws_and_odds_are_only_added_to(member, model):
    given_and_drawn(make_lottery(*sure()), member)
    change = {Draw: {"total": 5}, ChanceEntry: {"amount": 5}, OddsVersion: {"version": 9}}[model]
    for spoil in (lambda rows: rows.update(**change), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            spoil(model.objects.all())
    assert laws() == []


def test_a_draw_whose_number_is_another_prizes_is_found_out(member):
    lottery = make_lottery({**FIFTY, "weight": 1}, {**REST, "weight": 1})
    made = given_and_drawn(lottery, member)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE lottery_draw DISABLE TRIGGER USER")
        cursor.execute("UPDATE lottery_draw SET value = 1 - value WHERE id = %s", [made.pk])
        cursor.execute("ALTER TABLE lottery_draw ENABLE TRIGGER USER")
    assert len(laws()) == 1


def test_chances_are_in_the_database_and_survive_the_loss_of_every_cache(member):
    """Lesson: chances kept in a cache and lost."""
    lottery = make_lottery(*sure())
    give(lottery, member, 2)
    cache.clear()
    assert draw_once(lottery, member).number == 1
    cache.clear()
    assert (chances_of(lottery, member), draw_once(lottery, member).number, laws()) == (1, 2, [])


def test_a_draw_that_fails_in_the_end_gives_its_chance_back(member, monkeypatch):
    lottery = make_lottery(*sure(stock=1))
    give(lottery, member)

    def crash(*args, **kwargs):
        raise RuntimeError("the worker died")

    monkeypatch.setattr(drawing, "tell_won", crash)
    with pytest.raises(RuntimeError):
        draw_once(lottery, member)
    assert (chances_of(lottery, member), points(member), Draw.objects.count()) == (1, 0, 0)
    assert (Lottery.objects.get().spent_fen, Prize.objects.get(stock=1).won, laws()) == (0, 0, [])
