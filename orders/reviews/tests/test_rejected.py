"""Reviews that were rejected: written again once, never counted twice, and neither silence nor a way back."""

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from members.identity.tests.factories import MemberFactory
from orders.reviews.errors import FollowUpNotPossible, LineNotReviewable
from orders.reviews.models import FollowUp, Review, ReviewTally
from orders.reviews.services import (
    approve_review,
    defaults,
    follow_up_review,
    hide_follow_up,
    reject_follow_up,
    reject_review,
    withdraw_review,
    write_default_reviews,
)
from orders.reviews.tests.making import assert_lawful, received, reviewed
from orders.reviews.tests.test_writing import CLERK, prefer, send
from shop.core import clock
from shop.core.errors import IllegalTransition
from tests.concurrency.racing import run_together

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 4, tzinfo=UTC)
PATIENCE = 30


def rejected(member, line, now=None):
    review = reviewed(member, line, now=now, content="weixin")
    return reject_review(review_id=review.pk, reason="请去掉电话", actor=CLERK, now=now or clock.now())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_written_again_while_staff_approve_it_counts_once(guarded, monkeypatch):
    """Without the lock the member sees it rejected still, and it is counted by both."""
    member = MemberFactory()
    line = received(member)
    review = rejected(member, line)
    looked, decided = Event(), Event()

    def look(order, line_id, now):
        seen = Review.objects.get(line=line_id)
        looked.set()
        assert decided.wait(PATIENCE)
        return seen

    def approve():
        assert guarded or looked.wait(PATIENCE)
        try:
            return approve_review(review_id=review.pk, actor=CLERK, now=clock.now())
        finally:
            decided.set()

    if not guarded:
        monkeypatch.setattr("orders.reviews.services.writing._review_to_write", look)
    answers = run_together(lambda: reviewed(member, line), approve)
    kinds = {type(each) for each in answers}
    review.refresh_from_db()
    assert review.status == "approved"
    assert (ReviewTally.objects.get().star_5 == 1) is guarded
    if guarded:
        # Whoever comes first approves it, the other is told.
        assert kinds in ({Review, LineNotReviewable}, {Review, IllegalTransition})
        assert_lawful()


@pytest.mark.django_db(transaction=True)
def test_approved_before_it_is_written_again_it_stays_as_it_was():
    member = MemberFactory()
    line = received(member)
    review = rejected(member, line)
    approve_review(review_id=review.pk, actor=CLERK, now=clock.now())
    with pytest.raises(LineNotReviewable) as refused:
        reviewed(member, line, rating=1)
    assert refused.value.data == {"reason": "reviewed"}
    review.refresh_from_db()
    assert (review.status, review.rating, review.content) == ("approved", 5, "weixin")
    assert_lawful()


def test_withdrawn_after_it_was_rejected_it_is_not_written_again(member, member_client):
    line = received(member)
    review = rejected(member, line)
    withdraw_review(review_id=review.pk, member_id=member.pk, now=clock.now())
    assert not member_client.get(f"/api/v1/orders/{line.order.number}").json()["lines"][0]["reviewable"]
    again = send(member_client, line)
    assert (again.status_code, again.json()["data"]) == (409, {"reason": "reviewed"})
    review.refresh_from_db()
    assert (review.status, review.content) == ("withdrawn", "")
    assert_lawful()


def test_what_was_rejected_is_no_silence_and_holds_up_nobody(member):
    first, second = received(member, at=NOW), received(MemberFactory(), at=NOW + timedelta(seconds=1))
    review = rejected(member, first, NOW)
    prefer("default_after_days", 7)
    assert write_default_reviews(now=NOW + timedelta(days=31)) == 1
    review.refresh_from_db()
    assert (review.status, review.is_default) == ("rejected", False)
    assert Review.objects.get(is_default=True).line_id == second.pk
    assert_lawful()


def test_an_order_that_fails_is_told_and_holds_up_no_other(monkeypatch):
    lines = [received(MemberFactory(), at=NOW + timedelta(seconds=second)) for second in range(3)]
    take = defaults._take_for_good

    def break_the_second(order, line, now):
        take(order, line, now)
        if line.pk == lines[1].pk:
            raise RuntimeError("broken")

    prefer("default_after_days", 7)
    monkeypatch.setattr(defaults, "_take_for_good", break_the_second)
    with pytest.raises(ExceptionGroup) as told:
        write_default_reviews(now=NOW + timedelta(days=31))
    [failed] = told.value.exceptions
    assert failed.__notes__ == [lines[1].order.number]
    # What it had begun is undone.
    assert set(Review.objects.values_list("line", flat=True)) == {lines[0].pk, lines[2].pk}
    assert_lawful()


def test_a_rejected_follow_up_may_be_written_again(member):
    review = reviewed(member)

    def say(content):
        now = clock.now()
        return follow_up_review(review_id=review.pk, member_id=member.pk, content=content, images=[], now=now)

    first = say("weixin 123")
    assert first.status == "pending"
    with pytest.raises(FollowUpNotPossible):
        say("很好")
    reject_follow_up(review_id=review.pk, reason="请去掉微信号", actor=CLERK, now=clock.now())
    again = say("很好")
    assert (again.pk, again.status, again.reason, again.content) == (first.pk, "approved", "", "很好")
    hide_follow_up(review_id=review.pk, reason="争吵", actor=CLERK, now=clock.now())
    with pytest.raises(FollowUpNotPossible):
        say("还是很好")
    assert FollowUp.objects.get().content == "很好"
    assert_lawful()
