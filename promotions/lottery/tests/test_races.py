"""Everybody at once: stock, chances, draws of a day and codes are exact; each race has a control without its guard."""

from functools import partial
from threading import Barrier

import pytest

from members.identity.tests.factories import AddressFactory, MemberFactory
from orders.checkout.models import Order
from orders.checkout.offers import Item, Wish
from orders.checkout.services.placing import place_order
from promotions.campaigns.models import FirstPurchase
from promotions.checkout import activities
from promotions.checkout.mechanism import ActivityAsk
from promotions.lottery.errors import DrawsUsed, DrawsUsedToday, NoChancesLeft, PrizeOrderedAlready
from promotions.lottery.invariants import LAWS
from promotions.lottery.models import ChanceAccount, Draw, Lottery, Prize, PrizeCode, Win
from promotions.lottery.services import drawing, expire_wins, import_codes, prizes
from promotions.lottery.services.claiming import check_claimable
from promotions.lottery.tests.making import (
    DAY,
    FIFTY,
    NOW,
    chances_of,
    draft_lottery,
    draw_once,
    give,
    given_and_drawn,
    make_live_lottery,
    make_lottery,
    published,
    sure,
)
from shop.catalog.models import SkuStock
from shop.catalog.tests.factories import SkuFactory
from shop.core import clock
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 50


def laws():
    return [sentence for law in LAWS for sentence in law()]


def drawn_by_all(lottery, members):
    for each in members:
        give(lottery, each)
    made = run_together(*[lambda each=each: draw_once(lottery, each) for each in members])
    assert [each for each in made if isinstance(each, Exception)] == []
    return made


@pytest.mark.parametrize(("guarded", "won"), [(True, 3), (False, CROWD)])
def test_the_stock_of_a_prize_is_exact_among_many_members(guarded, won, monkeypatch):
    lottery = make_lottery(*sure(stock=3))
    if not guarded:
        monkeypatch.setattr(prizes, "_count", lambda prize, now: None)
    made = drawn_by_all(lottery, MemberFactory.create_batch(CROWD))
    assert sum(not each.fallback for each in made) == won
    assert (laws() == []) is guarded


@pytest.mark.parametrize("guarded", [True, False])
def test_the_budget_and_the_pace_of_all_prizes_are_exact(guarded, monkeypatch):
    """50 points are worth 50 fen: the budget reaches for two, the day for three."""
    poor, paced = make_lottery(*sure(), budget_fen=120), make_lottery(*sure(), prizes_per_day=3)
    if not guarded:
        monkeypatch.setattr(prizes, "_spend", lambda lottery, prize, now: None)
    members = MemberFactory.create_batch(CROWD)
    won = [sum(not each.fallback for each in drawn_by_all(lottery, members)) for lottery in (poor, paced)]
    assert won == ([2, 3] if guarded else [CROWD, CROWD])
    assert (laws() == []) is guarded


@pytest.mark.parametrize("guarded", [True, False])
def test_a_prize_is_given_as_often_as_its_day_allows(guarded, monkeypatch):
    lottery = make_lottery(*sure(per_day=3), budget_fen=None)
    if not guarded:
        monkeypatch.setattr(prizes, "_count", lambda prize, now: None)
    made = drawn_by_all(lottery, MemberFactory.create_batch(CROWD))
    assert sum(not each.fallback for each in made) == (3 if guarded else CROWD)
    assert {each.fallback for each in made} == ({"", "paced"} if guarded else {""})
    if guarded:
        prize = lottery.prizes.get(is_fallback=False)
        assert (prize.won, prize.won_of_day, laws()) == (3, 3, [])


@pytest.mark.parametrize("guarded", [True, False])
def test_what_is_for_the_rest_is_given_as_far_as_the_budget_reaches(guarded, monkeypatch):
    """50 points are worth 50 fen: the budget reaches for two of them."""
    rest = {**FIFTY, "name": "安慰", "weight": 1, "is_fallback": True}
    lottery = make_lottery({**FIFTY, "stock": 0}, rest, budget_fen=120)
    if not guarded:
        monkeypatch.setattr(prizes, "_spend", lambda lottery, prize, now: None)
    drawn_by_all(lottery, MemberFactory.create_batch(CROWD))
    assert Win.objects.count() == (2 if guarded else CROWD)
    assert (laws() == []) is guarded


@pytest.mark.parametrize("guarded", [True, False])
def test_one_chance_is_one_draw_however_often_it_is_sent(guarded, monkeypatch):
    lottery, member = make_lottery(*sure()), MemberFactory.create()
    give(lottery, member)
    if not guarded:
        all_have_looked = Barrier(CROWD, timeout=60)

        def look_then_leap(*, lottery_id, member_id, number, now):
            has_one = chances_of(lottery, member) > 0
            all_have_looked.wait()
            return has_one

        monkeypatch.setattr(drawing, "use_chance", look_then_leap)
        monkeypatch.setattr(drawing, "_count_draw", _uncounted())
    made = run_together(*[lambda: draw_once(lottery, member)] * CROWD)
    refused = [each for each in made if isinstance(each, Exception)]
    if not guarded:
        assert (len(made), refused) == (CROWD, [])
        return
    assert [type(each) for each in refused] == [NoChancesLeft] * (CROWD - 1)
    assert (Draw.objects.count(), chances_of(lottery, member), laws()) == (1, 0, [])


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize(("limit", "refusal"), [("draws_per_day", DrawsUsedToday), ("draws_in_all", DrawsUsed)])
def test_draws_of_a_day_and_in_all_are_exact(limit, refusal, guarded, monkeypatch):
    lottery, member = make_lottery(*sure(), **{limit: 2}), MemberFactory.create()
    give(lottery, member, CROWD)
    if not guarded:
        monkeypatch.setattr(drawing, "_count_draw", _uncounted())
    made = run_together(*[lambda: draw_once(lottery, member)] * CROWD)
    refused = [each for each in made if isinstance(each, Exception)]
    if not guarded:
        assert (len(refused), Draw.objects.count()) == (0, CROWD)
        return
    assert [type(each) for each in refused] == [refusal] * (CROWD - 2)
    assert (Draw.objects.count(), ChanceAccount.objects.get().balance, laws()) == (2, CROWD - 2, [])


def _uncounted():
    """Numbers without a row at which anybody waits."""
    numbers = iter(range(1, 100))

    return lambda lottery, member_id, now: next(numbers)


@pytest.mark.parametrize("guarded", [True, False])
def test_each_code_has_one_winner(guarded, monkeypatch):
    lottery = draft_lottery(*sure(kind="code", points=0, stock=0))
    prize = lottery.prizes.get(kind="code")
    import_codes(prize_id=prize.pk, codes=[f"FILM-{n}" for n in range(5)])
    published(lottery)
    if not guarded:
        all_have_looked = Barrier(CROWD, timeout=60)

        def first_free(prize):
            code = PrizeCode.objects.filter(prize=prize, win__isnull=True).order_by("pk").first()
            all_have_looked.wait()
            return code

        monkeypatch.setattr(prizes, "_free_code", first_free)
        # Nor may anybody wait for the rows that come before the codes.
        monkeypatch.setattr(prizes, "_spend", lambda lottery, prize, now: None)
        monkeypatch.setattr(prizes, "_count", lambda prize, now: None)
    made = drawn_by_all(lottery, MemberFactory.create_batch(CROWD))
    won = [each for each in made if not each.fallback]
    with_code = PrizeCode.objects.filter(win__isnull=False).count()
    if guarded:
        assert (len(won), with_code, laws()) == (5, 5, [])
    else:
        assert len(won) > with_code


@pytest.mark.parametrize(("guarded", "won"), [(True, 3), (False, CROWD)])
def test_no_more_goods_are_won_than_the_shop_can_keep(guarded, won, monkeypatch):
    """Prizes for all, but passers-by have left three of the goods."""
    sku = SkuFactory(stock=CROWD)
    lottery = make_lottery(*sure(kind="goods", sku=sku, stock=CROWD, points=0), budget_fen=None)
    SkuStock.objects.update(available=3)
    if not guarded:
        monkeypatch.setattr(drawing, "keep_goods", lambda win: None)
    made = drawn_by_all(lottery, MemberFactory.create_batch(CROWD))
    assert sum(not each.fallback for each in made) == won
    assert {each.fallback for each in made} == ({"", "sold_out"} if guarded else {""})
    stock = SkuStock.objects.get()
    assert (stock.available, stock.reserved) == ((0, 3) if guarded else (3, 0))
    assert laws() == []


@pytest.mark.parametrize("guarded", [True, False])
def test_a_prize_is_claimed_by_one_order_however_many_come_at_once(guarded, monkeypatch):
    """The shop has enough for all of them."""
    sku, member = SkuFactory(stock=9), MemberFactory.create()
    AddressFactory(member=member)
    FirstPurchase.objects.create(member=member, order_number="before", placed_at=clock.now())
    win = given_and_drawn(make_live_lottery(*sure(kind="goods", sku=sku, stock=1, points=0)), member, now=clock.now())
    if not guarded:
        all_have_looked = Barrier(5, timeout=60)

        def look_then_leap(*, draw_id, member_id, order_number, now):
            check_claimable(Win.objects.get(pk=draw_id), now=now)
            all_have_looked.wait()
            Win.objects.filter(pk=draw_id).update(status="ordered", order_number=order_number)

        monkeypatch.setattr(activities, "claim_prize", look_then_leap)
    wish = Wish(member.pk, (Item(sku.pk, 1),), activity=ActivityAsk("prize", win.pk))
    order = partial(place_order, wish=wish, expected_payable_fen=None, remark="", now=clock.now())
    answers = run_together(*[order] * 5)
    refused = [each for each in answers if isinstance(each, Exception)]
    assert [type(each) for each in refused] == ([PrizeOrderedAlready] * 4 if guarded else [])
    stock = SkuStock.objects.get()
    assert Order.objects.count() == (1 if guarded else 5)
    if guarded:
        assert (stock.available, stock.reserved, laws()) == (8, 1, [])


@pytest.mark.parametrize("guarded", [True, False])
def test_what_expires_goes_back_once_however_many_sweep(guarded, monkeypatch):
    lottery = make_lottery(*sure(kind="goods", sku=SkuFactory(stock=9), stock=4, worth_fen=100), claim_days=1)
    drawn_by_all(lottery, MemberFactory.create_batch(4))
    if not guarded:
        # As if each sweep had found them before the others wrote.
        wins = list(Win.objects.select_related("draw"))
        run_together(*[lambda: [prizes.put_back(each) for each in wins[:2]]] * 2)
        assert Prize.objects.get(kind="goods").won == 0
        assert laws() != []
        return
    swept = run_together(*[lambda: expire_wins(now=NOW + 2 * DAY)] * 4)
    assert sum(swept) == 4
    assert (Prize.objects.get(kind="goods").won, Lottery.objects.get().spent_fen, laws()) == (0, 0, [])
