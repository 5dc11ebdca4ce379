"""Earnings and refunds of one member at the same instant, each with a control whose guard is off."""

from threading import Barrier

import pytest
from django.db import IntegrityError, transaction

from members.tiers import standings
from members.tiers.models import GrowthEntry, MemberTier, TierChange
from members.tiers.services import earn_growth, earning, evaluate_members, evaluation, take_back_growth
from members.tiers.tests.making import at, held
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)
NOON = at(2026, 3, 10)
MANY = 8


def earn(member, reference, growth, worth=1):
    with transaction.atomic():
        return earn_growth(
            reference=reference, member_id=member.pk, growth=growth, kind="spend", worth=worth, earned_at=NOON, now=NOON
        )


def refund(reference, left):
    with transaction.atomic():
        return take_back_growth(reference=reference, earning="order:0", left=left, now=NOON)


def read_unlocked(monkeypatch, parties):
    """Take the lock away; everybody has read the standing before anybody writes."""
    barrier = Barrier(parties, timeout=30)

    def look(*, member_id, rules, today):
        found = standings.read_standings(MemberTier.objects.filter(pk=member_id))[member_id]
        barrier.wait()
        return found

    monkeypatch.setattr(earning, "lock_standing", look)


@pytest.mark.parametrize("guarded", [True, False])
def test_earnings_at_once_all_count_and_lift_once(member, guarded, monkeypatch):
    earn(member, "order:0", 1)
    if not guarded:
        read_unlocked(monkeypatch, MANY)
    answers = run_together(*[lambda n=n: earn(member, f"order:{n + 1}", 1000) for n in range(MANY)])
    assert answers == [True] * MANY
    row = MemberTier.objects.get()
    right = (row.growth, TierChange.objects.count()) == (8001, 2)
    assert right is guarded
    if guarded:
        assert held(member) == "gold"


@pytest.mark.parametrize("guarded", [True, False])
def test_one_order_earns_once_however_often_it_is_told_at_once(member, guarded, monkeypatch):
    earn(member, "order:0", 1)
    if not guarded:
        read_unlocked(monkeypatch, MANY)
    answers = run_together(*[lambda: earn(member, "order:1", 1000)] * MANY)
    assert answers.count(True) == 1
    assert (answers.count(False) == MANY - 1) is guarded
    if not guarded:
        assert {type(answer) for answer in answers if answer is not True} == {IntegrityError}


@pytest.mark.parametrize("guarded", [True, False])
def test_refunds_at_once_take_back_no_more_than_was_earned(member, guarded, monkeypatch):
    earn(member, "order:0", 8000, worth=MANY)
    if not guarded:
        read_unlocked(monkeypatch, MANY)
    run_together(*[lambda n=n: refund(f"refund:{n}", n) for n in range(MANY)])
    left = sum(GrowthEntry.objects.values_list("amount", flat=True))
    assert (left == 0) is guarded
    if guarded:
        assert (MemberTier.objects.get().growth, held(member)) == (0, "normal")


def test_the_night_leaves_alone_whom_somebody_else_is_working_on(member):
    earn(member, "order:0", 1000)
    night = at(2027, 4, 30)
    with transaction.atomic():
        MemberTier.objects.select_for_update(no_key=True).get(pk=member.pk)
        [seen] = run_together(lambda: evaluate_members(now=night))
    assert seen == {"evaluated": 0, "moved": 0}
    assert evaluate_members(now=night) == {"evaluated": 1, "moved": 1}


@pytest.mark.parametrize("guarded", [True, False])
def test_two_nights_at_once_move_everybody_once(member, guarded, monkeypatch):
    earn(member, "order:0", 1000)
    if not guarded:
        barrier, evaluate_all = Barrier(2, timeout=30), evaluation.evaluate_all

        def meet(*arguments, **named):
            barrier.wait()
            return evaluate_all(*arguments, **named)

        monkeypatch.setattr(evaluation, "evaluate_all", meet)
        monkeypatch.setattr(
            MemberTier._default_manager._queryset_class, "select_for_update", lambda rows, **_: rows, raising=True
        )
    night = at(2027, 4, 30)
    answers = run_together(*[lambda: evaluate_members(now=night, batches=1)] * 2)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert (TierChange.objects.filter(reason="expiry").count() == 1) is guarded
