"""What staff decide about reviews and what was added to them. Every decision is written down with who made it."""

from datetime import datetime

from orders.checkout.reviewing import mark_reviewed
from orders.reviews.errors import ReviewNotFound
from orders.reviews.facts import ReviewRejected
from orders.reviews.locks import lock_review
from orders.reviews.models import FollowUp, Review, ReviewEvent, Said, Status
from orders.reviews.services.showing import show, show_pictures, take_off, tell_taken_down, write_down
from shop.catalog.services.ratings import reviews_changed
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.transactions import use_case

What = ReviewEvent.What
DECISION = ["status", "reason", "decided_at", "decided_by"]


@use_case
def approve_review(*, review_id: int, actor: Actor, now: datetime) -> Review:
    """Show it; also one that was rejected or hidden. Raises ReviewNotFound, IllegalTransition."""
    review = lock_review(review_id=review_id)
    _decide(review, Status.APPROVED, actor=actor, now=now)
    mark_reviewed(line_id=review.line_id, now=review.written_at)
    show(review, now=now)
    write_down(review, What.APPROVED, actor=actor, now=now)
    return review


@use_case
def reject_review(*, review_id: int, reason: str, actor: Actor, now: datetime) -> Review:
    """It is not shown; its member reads why and may write again. Raises ReviewNotFound, IllegalTransition."""
    review = lock_review(review_id=review_id)
    _decide(review, Status.REJECTED, actor=actor, now=now, reason=reason)
    mark_reviewed(line_id=review.line_id, now=None)
    write_down(review, What.REJECTED, actor=actor, now=now, note=reason)
    _tell_rejected(review, reason, now)
    return review


@use_case
def hide_review(*, review_id: int, reason: str, for_abuse: bool, actor: Actor, now: datetime) -> Review:
    """It is shown no more; for abuse, what it brought its member is taken back.

    Raises ReviewNotFound, IllegalTransition.
    """
    review = lock_review(review_id=review_id)
    _decide(review, Status.HIDDEN, actor=actor, now=now, reason=reason)
    take_off(review)
    write_down(review, What.HIDDEN_FOR_ABUSE if for_abuse else What.HIDDEN, actor=actor, now=now, note=reason)
    if for_abuse:
        tell_taken_down(review, now=now)
    return review


@use_case
def approve_follow_up(*, review_id: int, actor: Actor, now: datetime) -> FollowUp:
    """Raises ReviewNotFound, IllegalTransition."""
    return _decide_follow_up(review_id, Status.APPROVED, What.FOLLOW_UP_APPROVED, actor=actor, now=now)


@use_case
def reject_follow_up(*, review_id: int, reason: str, actor: Actor, now: datetime) -> FollowUp:
    """Raises ReviewNotFound, IllegalTransition."""
    added = _decide_follow_up(review_id, Status.REJECTED, What.FOLLOW_UP_REJECTED, actor=actor, now=now, reason=reason)
    _tell_rejected(added.review, reason, now)
    return added


@use_case
def hide_follow_up(*, review_id: int, reason: str, actor: Actor, now: datetime) -> FollowUp:
    """Raises ReviewNotFound, IllegalTransition."""
    return _decide_follow_up(review_id, Status.HIDDEN, What.FOLLOW_UP_HIDDEN, actor=actor, now=now, reason=reason)


def _decide_follow_up(
    review_id: int, status: Status, what: What, *, actor: Actor, now: datetime, reason: str = ""
) -> FollowUp:
    review = lock_review(review_id=review_id)
    added = FollowUp.objects.filter(review=review).first()
    if added is None:
        raise ReviewNotFound
    added.review = review
    _decide(added, status, actor=actor, now=now, reason=reason)
    show_pictures(added, public=status == Status.APPROVED and review.status == Status.APPROVED)
    reviews_changed(product_id=review.product_id)
    write_down(review, what, actor=actor, now=now, note=reason)
    return added


def _decide(said: Said, status: Status, *, actor: Actor, now: datetime, reason: str = "") -> None:
    said.decide(status, actor=actor, now=now, reason=reason)
    said.save(update_fields=DECISION)


def _tell_rejected(review: Review, reason: str, now: datetime) -> None:
    publish(ReviewRejected(review_id=review.pk, member_id=review.member_id, reason=reason, at=now))
