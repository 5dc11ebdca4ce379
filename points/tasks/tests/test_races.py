"""Many at the same instant, each race with a control whose guard is off."""

from datetime import timedelta
from importlib import import_module
from threading import Barrier, local

import pytest
from django.db import IntegrityError, transaction

from members.identity.models import Member
from members.identity.queries import active_member
from members.identity.tests.factories import MemberFactory
from points.ledger.errors import InsufficientPoints
from points.tasks.errors import CheckedInAlready, TaskDone
from points.tasks.models import CheckIn, Task, TaskCompletion, TaskEvent
from points.tasks.services import (
    celebrate,
    check_in,
    complete_task,
    completing,
    make_up,
    occasions,
    record_task_event,
    rewarding,
)
from points.tasks.tests.making import NOON, at, points_of, task_of
from shop.core.clock import business_day
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 64
DAY = timedelta(days=1)
# The package has a function of the same name.
CHECKING_IN = import_module("points.tasks.services.check_in")


def unguarded(monkeypatch, module, name, parties):
    """Take the member's lock away; whoever has called `name` of the module waits there for all the others."""
    barrier, called = Barrier(parties, timeout=30), getattr(module, name)

    def meet(*given, **named):
        answer = called(*given, **named)
        barrier.wait()
        return answer

    monkeypatch.setattr(module, "lock_active_member", active_member)
    monkeypatch.setattr(module, name, meet)


def refusals(answers):
    return {type(answer) for answer in answers if isinstance(answer, Exception)}


def test_of_many_check_ins_at_once_one_counts(member):
    answers = run_together(*[lambda: check_in(member_id=member.pk, now=NOON)] * MANY)
    assert len([answer for answer in answers if isinstance(answer, Exception)]) == MANY - 1
    assert refusals(answers) == {CheckedInAlready}
    assert (CheckIn.objects.count(), points_of(member, NOON)) == (1, 5)


@pytest.mark.parametrize("guarded", [True, False])
def test_who_checks_in_twice_at_once_is_refused_in_words(member, guarded, monkeypatch):
    """Without the lock the database keeps the others out, and they see a failure."""
    if not guarded:
        unguarded(monkeypatch, CHECKING_IN, "reward_of", 4)
    answers = run_together(*[lambda: check_in(member_id=member.pk, now=NOON)] * 4)
    assert refusals(answers) == {CheckedInAlready if guarded else IntegrityError}
    assert CheckIn.objects.count() == 1


@pytest.mark.parametrize("guarded", [True, False])
def test_a_day_made_up_for_while_the_next_is_checked_in_makes_one_run(guarded, monkeypatch):
    member = MemberFactory(joined_at=at(2025, 1, 1))
    check_in(member_id=member.pk, now=NOON - 2 * DAY)
    if not guarded:
        unguarded(monkeypatch, CHECKING_IN, "_give", 2)
    run_together(
        lambda: check_in(member_id=member.pk, now=NOON),
        lambda: make_up(member_id=member.pk, day=business_day(NOON - DAY), now=NOON),
    )
    streaks = [row.streak for row in CheckIn.objects.order_by("day")]
    assert streaks == ([1, 2, 3] if guarded else [1, 2, 1])
    with transaction.atomic():
        CHECKING_IN.join_runs(member_id=member.pk)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_free_card_is_used_once(guarded, monkeypatch):
    member = MemberFactory(joined_at=at(2025, 1, 1))
    if not guarded:
        unguarded(monkeypatch, CHECKING_IN, "make_ups_of", 4)
    days = [business_day(NOON - n * DAY) for n in range(1, 5)]
    answers = run_together(*[lambda day=day: make_up(member_id=member.pk, day=day, now=NOON) for day in days])
    made = [answer for answer in answers if isinstance(answer, CheckIn)]
    assert len(made) == (1 if guarded else 4)
    assert refusals(answers) == ({InsufficientPoints} if guarded else set())
    with transaction.atomic():
        CHECKING_IN.join_runs(member_id=member.pk)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_task_asked_for_at_once_is_rewarded_once(member, guarded, monkeypatch):
    Member.objects.filter(pk=member.pk).update(nickname="n", avatar_url="https://a.cn/1", birthday="1990-01-01")
    task_of("profile", points=50)
    if not guarded:
        unguarded(monkeypatch, completing, "progress_of", 8)
    answers = run_together(*[lambda: complete_task(member_id=member.pk, code="profile", now=NOON)] * 8)
    assert answers.count(50) == 1
    assert refusals(answers) == {TaskDone if guarded else IntegrityError}
    assert points_of(member, NOON) == 50


def happened(member_id, reference):
    with transaction.atomic():
        return record_task_event(kind="review", member_id=member_id, reference=reference, at=NOON, now=NOON)


@pytest.mark.parametrize("guarded", [True, False])
def test_events_at_once_all_count_towards_the_target(member, guarded, monkeypatch):
    """Without the lock each sees its own event only, and the reward is missed."""
    task_of("review", target=8)
    if not guarded:
        barrier, write = Barrier(8, timeout=30), TaskEvent.objects.get_or_create

        def meet(**named):
            written = write(**named)
            barrier.wait()
            return written

        count = completing._count

        def count_before_anybody_commits(*given, **named):
            rewards = count(*given, **named)
            barrier.wait()
            return rewards

        monkeypatch.setattr(completing, "lock_earner", lambda *, member_id: Member.objects.get(pk=member_id))
        monkeypatch.setattr(TaskEvent.objects, "get_or_create", meet)
        monkeypatch.setattr(completing, "_count", count_before_anybody_commits)
    run_together(*[lambda n=n: happened(member.pk, f"r{n}") for n in range(8)])
    assert TaskEvent.objects.count() == 8
    assert TaskCompletion.objects.count() == (1 if guarded else 0)


@pytest.mark.parametrize("guarded", [True, False])
def test_a_cap_over_all_members_is_never_passed(guarded, monkeypatch):
    members = [MemberFactory() for _ in range(8)]
    task_of("review", total_cap=3, daily_cap=5)
    if not guarded:
        barrier = Barrier(8, timeout=30)

        def look(task, day):
            assert Task.objects.get(pk=task.pk).completed < task.total_cap
            barrier.wait()

        monkeypatch.setattr(rewarding, "_take_place", look)
    answers = run_together(*[lambda pk=each.pk: happened(pk, f"r{pk}") for each in members])
    assert answers.count(1) == TaskCompletion.objects.count() == (3 if guarded else 8)
    if not guarded:
        Task.objects.update(total_cap=None)


@pytest.mark.parametrize("guarded", [True, False])
def test_two_runs_at_once_celebrate_everybody_once(guarded, monkeypatch):
    """Without the lock one of the two runs fails as a whole."""
    task_of("birthday", live_since=at(2026, 1, 1))
    for _ in range(6):
        MemberFactory(birthday="1994-05-21", joined_at=at(2020, 1, 1))
    if not guarded:
        barrier, complete, seen = Barrier(2, timeout=30), occasions.complete, local()

        def meet(**named):
            if not hasattr(seen, "before"):
                seen.before = True
                barrier.wait()
            return complete(**named)

        monkeypatch.setattr(Member._default_manager._queryset_class, "select_for_update", lambda rows, **_: rows)
        monkeypatch.setattr(occasions, "complete", meet)
    answers = run_together(*[lambda: celebrate(now=at(2026, 5, 21))] * 2)
    assert refusals(answers) == (set() if guarded else {IntegrityError})
    assert TaskCompletion.objects.count() == 6
