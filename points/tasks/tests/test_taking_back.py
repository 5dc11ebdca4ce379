"""What a deed brought that did not count after all: taken back once, whatever it was."""

from datetime import timedelta

import pytest
from django.db import transaction

from members.tiers.models import GrowthEntry
from members.tiers.tests.making import adopt
from orders.payments.tests.factories import deliver_outbox
from points.rules.invariants import LAWS as RULES_LAWS
from points.rules.spec import Fixed
from points.rules.tests.making import spec
from points.rules.tests.publishing import publish
from points.tasks.invariants import LAWS
from points.tasks.models import TaskCompletion, TaskEvent
from points.tasks.services import record_task_event, take_back_task_event
from points.tasks.tests.making import NOON, points_of, task_of
from shop.core import clock

pytestmark = pytest.mark.django_db


def did(member, reference, kind="review"):
    with transaction.atomic():
        record_task_event(kind=kind, member_id=member.pk, reference=reference, at=NOON, now=NOON)


def undo(member, reference, kind="review"):
    with transaction.atomic():
        return take_back_task_event(kind=kind, member_id=member.pk, reference=reference, now=NOON + timedelta(hours=1))


def test_the_reward_of_a_deed_is_taken_back_once(member):
    task_of("review", period="daily", times=5, points=20)
    did(member, "r1")
    did(member, "r2")
    assert points_of(member, NOON) == 40
    assert [undo(member, "r1"), undo(member, "r1"), undo(member, "unknown")] == [20, 0, 0]
    assert points_of(member, NOON + timedelta(hours=2)) == 20
    assert [violation for law in (*LAWS, *RULES_LAWS) for violation in law()] == []


def test_a_reward_for_several_deeds_stays_while_the_others_bring_it(member):
    task_of("review", period="monthly", times=5, target=2, points=30)
    for reference in ("r1", "r2", "r3"):
        did(member, reference)
    assert TaskCompletion.objects.count() == 1
    assert undo(member, "r1") == 0
    assert undo(member, "r2") == 30
    did(member, "r4")
    assert (TaskCompletion.objects.count(), TaskEvent.objects.count()) == (1, 2)
    assert points_of(member, NOON + timedelta(hours=2)) == 0


def test_another_member_and_another_kind_lose_nothing(member):
    task_of("review", period="daily", times=5, points=20)
    did(member, "r1")
    assert undo(member, "r1", kind="share_act") == 0
    assert points_of(member, NOON + timedelta(hours=2)) == 20


def test_points_by_the_merchants_rules_and_growth_are_taken_back_too(member):
    adopt(behaviours={"review": 30})
    publish(spec(Fixed(7), event="review"), now=NOON - timedelta(days=1))
    with clock.fixed(NOON):
        did(member, "r1")
        deliver_outbox()
    assert points_of(member, NOON) == 7
    assert [undo(member, "r1"), undo(member, "r1")] == [7, 0]
    assert points_of(member, NOON + timedelta(hours=2)) == 0
    assert list(GrowthEntry.objects.filter(member=member).order_by("pk").values_list("amount", flat=True)) == [30, -30]
    assert [violation for law in (*LAWS, *RULES_LAWS) for violation in law()] == []
