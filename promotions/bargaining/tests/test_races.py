"""Every limit of bargains under parallel requests, each beside the same race without its guard."""

import threading
from functools import partial

import pytest
from django.db import IntegrityError

from promotions.bargaining.errors import (
    BargainAtFloor,
    BargainChanged,
    BargainHelpedAlready,
    BargainHelpsUsed,
    BargainHelpsUsedToday,
    BargainOrdered,
    BargainSoldOut,
    BargainUnderWay,
)
from promotions.bargaining.invariants import LAWS
from promotions.bargaining.models import AttemptStatus, Bargain, BargainAttempt, BargainTally, Cut
from promotions.bargaining.services import cutting, ordering, starting
from promotions.bargaining.services.ordering import order_attempt
from promotions.bargaining.tests.making import NOW, help_with, make_bargain, new_member, old_member, start
from promotions.campaigns.errors import BudgetSpent
from shop.catalog.tests.factories import SkuFactory
from shop.core.transactions import unit_of_work
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = 50
guards = pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "unguarded"])


def laws():
    return [sentence for law in LAWS for sentence in law()]


def refusals(answers):
    return [type(each) for each in answers if isinstance(each, Exception)]


def take(attempt, number):
    """What an order takes at the price that the attempt has now, in a transaction of its own."""
    with unit_of_work():
        order_attempt(
            attempt_id=attempt.pk,
            member_id=attempt.member_id,
            order_number=f"D{number}",
            unit_price_fen=10_000,
            discount_fen=10_000 - attempt.price_fen,
            now=NOW,
        )
    return "ordered"


def look_and_take(barrier):
    """Taking steps as one would who reads, decides and writes without a condition."""

    def take_steps(attempt, wanted, *, now):
        attempt.refresh_from_db()
        if attempt.is_at_floor:
            raise BargainAtFloor
        steps = attempt.plan[attempt.position : attempt.position + wanted]
        barrier.wait(timeout=30)
        changed = {"position": attempt.position + len(steps), "cut_fen": attempt.cut_fen + sum(steps)}
        BargainAttempt.objects.filter(pk=attempt.pk).update(**changed)
        attempt.position, attempt.cut_fen = changed["position"], changed["cut_fen"]
        return steps

    return take_steps


@guards
def test_fifty_helpers_at_once_take_each_step_once(guarded, monkeypatch):
    """Twenty old and thirty new members meet at an attempt with five steps, one of which is made."""
    attempt = start(make_bargain())
    helpers = [*(old_member() for _ in range(20)), *(new_member() for _ in range(30))]
    if not guarded:
        monkeypatch.setattr(cutting, "take_steps", look_and_take(threading.Barrier(CROWD)))
    answers = run_together(*[lambda each=each: help_with(attempt, each) for each in helpers])
    cuts = [each for each in answers if isinstance(each, Cut)]
    attempt.refresh_from_db()
    if not guarded:
        assert len(cuts) == 1
        assert IntegrityError in refusals(answers)
        return
    assert set(refusals(answers)) == {BargainAtFloor}
    assert (attempt.price_fen, sum(each.fen for each in cuts)) == (6000, 4000 - attempt.plan[0])
    assert (sum(each.steps for each in cuts), laws()) == (4, [])


@guards
def test_a_price_read_before_somebody_elses_cut_is_not_written_over_it(guarded, monkeypatch):
    """Without the condition two cuts from the same place are one on the price; the constraint on cuts is off here."""
    attempt = start(make_bargain())
    if not guarded:
        monkeypatch.setattr(cutting, "take_steps", look_and_take(threading.Barrier(2)))
        monkeypatch.setattr(Cut.objects, "create", lambda **fields: Cut(**fields))
        monkeypatch.setattr(cutting, "tell_helped", lambda cut, *, now: None)
    friends = [old_member(), old_member()]
    cuts = run_together(*[lambda each=each: help_with(attempt, each) for each in friends])
    attempt.refresh_from_db()
    told = 10_000 - attempt.plan[0] - sum(each.fen for each in cuts)
    assert (attempt.price_fen == told) is guarded


def after_all_came(barrier, act):
    def wait_and_act(*args, **named):
        barrier.wait()
        return act(*args, **named)

    return wait_and_act


@guards
def test_one_friend_helps_an_attempt_once(guarded, monkeypatch):
    attempt, friend = start(make_bargain(helps_per_day=20)), old_member()
    if not guarded:
        monkeypatch.setattr(cutting, "count_help", lambda bargain, member_id, *, now: True)
        monkeypatch.setattr(
            cutting, "take_steps", after_all_came(threading.Barrier(CROWD, timeout=30), cutting.take_steps)
        )
    answers = run_together(*[lambda: help_with(attempt, friend)] * CROWD)
    assert attempt.cuts.filter(helper=friend).count() == 1
    if guarded:
        assert refusals(answers) == [BargainHelpedAlready] * (CROWD - 1)
        assert (BargainTally.objects.get(member=friend).helps, laws()) == (1, [])
    else:
        assert IntegrityError in refusals(answers)


@guards
@pytest.mark.parametrize(
    ("limits", "refusal"),
    [
        ({"helps_per_day": 2}, BargainHelpsUsedToday),
        ({"helps_per_day": CROWD, "helps_in_all": 2}, BargainHelpsUsed),
    ],
    ids=["a day", "in all"],
)
def test_one_friend_helps_as_many_as_the_limits_allow(limits, refusal, guarded, monkeypatch):
    bargain, friend = make_bargain(SkuFactory(price_fen=10_000, stock=CROWD), **limits), old_member()
    attempts = [start(bargain) for _ in range(CROWD)]
    if not guarded:
        monkeypatch.setattr(cutting, "count_help", lambda bargain, member_id, *, now: True)
    answers = run_together(*[lambda each=each: help_with(each, friend) for each in attempts])
    assert Cut.objects.filter(helper=friend).count() == (2 if guarded else CROWD)
    assert refusals(answers) == ([refusal] * (CROWD - 2) if guarded else [])
    if guarded:
        assert (BargainTally.objects.get(member=friend).helps_of_day, laws()) == (2, [])


@guards
def test_a_member_starts_one_attempt(guarded, monkeypatch):
    bargain, member = make_bargain(attempts_per_member=5), old_member()
    if not guarded:
        monkeypatch.setattr(starting, "count_attempt", lambda bargain, member_id, *, now: True)
        monkeypatch.setattr(starting, "_drawn", after_all_came(threading.Barrier(CROWD, timeout=30), starting._drawn))
    answers = run_together(*[lambda: start(bargain, member)] * CROWD)
    if guarded:
        assert refusals(answers) == [BargainUnderWay] * (CROWD - 1)
        assert (BargainAttempt.objects.count(), BargainTally.objects.get().attempts, laws()) == (1, 1, [])
    else:
        assert BargainAttempt.objects.count() == CROWD


@guards
def test_units_in_all_are_exact_among_many_orders(guarded, monkeypatch):
    bargain = make_bargain(quota=3)
    attempts = [start(bargain) for _ in range(CROWD)]
    if not guarded:
        all_have_looked = threading.Barrier(CROWD, timeout=30)

        def take_unit(bargain):
            all_have_looked.wait()
            if bargain.is_sold_out:
                raise BargainSoldOut(name=bargain.name)
            Bargain.objects.filter(pk=bargain.pk).update(taken=bargain.taken + 1)

        monkeypatch.setattr(ordering, "take_unit", take_unit)
    answers = run_together(*[lambda each=each: take(each, each.pk) for each in attempts])
    held = BargainAttempt.objects.filter(status=AttemptStatus.ORDERED).count()
    if guarded:
        assert (answers.count("ordered"), refusals(answers)) == (3, [BargainSoldOut] * (CROWD - 3))
        assert (held, laws()) == (3, [])
    else:
        assert held == CROWD
        assert laws() != []


@guards
def test_the_budget_is_exact_among_many_orders(guarded, monkeypatch):
    """It reaches for the first cuts of two attempts and not of three."""
    bargain = make_bargain(first_cut_bp=5000, budget_fen=5000)
    attempts = [start(bargain) for _ in range(CROWD)]
    assert all(1900 < attempt.cut_fen < 2100 for attempt in attempts)
    if not guarded:
        monkeypatch.setattr(ordering, "spend_budgets", lambda **spent: None)
    answers = run_together(*[lambda each=each: take(each, each.pk) for each in attempts])
    bargain.refresh_from_db()
    assert answers.count("ordered") == (2 if guarded else CROWD)
    assert refusals(answers) == ([BudgetSpent] * (CROWD - 2) if guarded else [])
    assert (laws() == []) is guarded


@guards
def test_one_order_uses_the_price(guarded, monkeypatch):
    attempt = start(make_bargain())
    if not guarded:

        class Unheld:
            """An update without its condition."""

            def update(self, **fields):
                return BargainAttempt.objects.filter(pk=attempt.pk).update(**fields)

        monkeypatch.setattr(ordering, "_as_quoted", lambda attempt, now: Unheld())
    answers = run_together(*[lambda number=number: take(attempt, number) for number in range(CROWD)])
    if guarded:
        assert (answers.count("ordered"), refusals(answers)) == (1, [BargainChanged] * (CROWD - 1))
        assert laws() == []
    else:
        assert answers.count("ordered") > 1
        assert laws() != []


def test_a_cut_and_an_order_at_once_agree_on_the_price():
    """Either the order has the price of before and the help is refused, or the help counts and the order is."""
    bargain = make_bargain(helps_per_day=20)
    for number in range(6):
        attempt = start(bargain)
        seen, friend, as_seen = attempt.price_fen, old_member(), BargainAttempt.objects.get(pk=attempt.pk)
        answers = run_together(partial(help_with, attempt, friend), partial(take, as_seen, number))
        attempt.refresh_from_db()
        if answers[1] == "ordered":
            assert isinstance(answers[0], BargainOrdered)
            assert (attempt.price_fen, attempt.discount_fen) == (seen, 10_000 - seen)
        else:
            assert isinstance(answers[1], BargainChanged)
            assert (attempt.status, attempt.price_fen) == ("open", seen - answers[0].fen)
    assert laws() == []
