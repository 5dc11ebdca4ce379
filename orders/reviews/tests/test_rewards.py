"""What a review brings, once, and gives back when it is withdrawn: points and chances to draw."""

import pytest

from orders.payments.tests.factories import deliver_outbox
from orders.reviews.services import approve_review, withdraw_review
from orders.reviews.tests.making import reviewed
from points.ledger.queries import balance_of
from points.tasks.models import TaskEvent
from points.tasks.tests.making import task_of
from promotions.lottery.tests.making import chances_of, make_live_lottery
from shop.core import clock
from shop.core.actors import Actor

pytestmark = pytest.mark.django_db
CLERK = Actor.staff("clerk")


def points_of(member):
    return balance_of(member_id=member.pk, now=clock.now()).available


def test_an_approved_review_brings_points_once_and_a_withdrawn_one_gives_them_back(member):
    task_of("review", period="daily", times=5, points=20)
    waiting, shown = reviewed(member, content="weixin"), reviewed(member)
    deliver_outbox()
    assert points_of(member) == 20
    approve_review(review_id=waiting.pk, actor=CLERK, now=clock.now())
    deliver_outbox()
    deliver_outbox()
    assert points_of(member) == 40
    withdraw_review(review_id=shown.pk, member_id=member.pk, now=clock.now())
    deliver_outbox()
    deliver_outbox()
    assert points_of(member) == 20
    assert list(TaskEvent.objects.values_list("reference", flat=True)) == [f"review:{waiting.line_id}"]


def test_a_review_withdrawn_before_its_points_came_brings_none(member):
    task_of("review", period="daily", times=5, points=20)
    review = reviewed(member)
    withdraw_review(review_id=review.pk, member_id=member.pk, now=clock.now())
    deliver_outbox()
    deliver_outbox()
    assert (points_of(member), TaskEvent.objects.count()) == (0, 0)


def test_an_approved_review_brings_a_chance_to_draw_once_and_a_withdrawn_one_gives_it_back(member):
    lottery = make_live_lottery(review_chances=1)
    shown = reviewed(member)
    reviewed(member)
    for _ in range(2):
        deliver_outbox()
    assert chances_of(lottery, member) == 2
    withdraw_review(review_id=shown.pk, member_id=member.pk, now=clock.now())
    for _ in range(2):
        deliver_outbox()
    assert chances_of(lottery, member) == 1
