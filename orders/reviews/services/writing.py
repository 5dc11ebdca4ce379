"""What members do with their reviews: write, add, withdraw."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from members.uploads.services import attach_uploads, discard_uploads
from orders.checkout.locks import lock_order
from orders.checkout.models import Order
from orders.checkout.reviewing import mark_reviewed, why_not_reviewable
from orders.reviews.errors import FollowUpNotPossible, LineNotFound, LineNotReviewable, ReviewWithdrawn
from orders.reviews.locks import lock_review
from orders.reviews.models import TRANSITIONS, FollowUp, Review, ReviewEvent, Said, Status
from orders.reviews.preferences import FOLLOW_UP_DAYS
from orders.reviews.screening import may_be_shown
from orders.reviews.services.showing import show, show_pictures, take_off, tell_taken_down, write_down
from shop.catalog.services.ratings import reviews_changed
from shop.core.actors import Actor
from shop.core.transactions import use_case

SCREENING = Actor.system("reviews.screening")
What = ReviewEvent.What


@use_case
def write_review(
    *,
    number: str,
    member_id: int,
    line_id: int,
    rating: int,
    content: str,
    images: Sequence[str],
    is_anonymous: bool,
    now: datetime,
) -> Review:
    """Review a line of one's own order, once; one that was rejected may be written again.

    Raises OrderNotFound, LineNotFound, LineNotReviewable, UploadNotFound, UploadInUse.
    """
    order = lock_order(number=number, member_id=member_id)
    review = _review_to_write(order, line_id, now)
    what = What.WRITTEN_AGAIN if review.pk else What.WRITTEN
    review.rating, review.content, review.is_anonymous = rating, content, is_anonymous
    review.written_at, review.status, review.reason = now, Status.PENDING, ""
    before = set(review.pictures)
    review.pictures = list(attach_uploads(member_id=member_id, urls_or_ids=images, to=review.reference, now=now))
    discard_uploads(ids=sorted(before - set(review.pictures)), now=now)
    review.save()
    mark_reviewed(line_id=line_id, now=now)
    write_down(review, what, actor=Actor.member(member_id), now=now)
    if may_be_shown(content=content, pictures=review.pictures):
        _approve(review, now)
        show(review, now=now)
        write_down(review, What.APPROVED, actor=SCREENING, now=now)
    return review


@use_case
def follow_up_review(*, review_id: int, member_id: int, content: str, images: Sequence[str], now: datetime) -> FollowUp:
    """Add something to one's own review that is shown, once; what was rejected may be written again.

    Raises ReviewNotFound, FollowUpNotPossible, UploadNotFound, UploadInUse.
    """
    review = lock_review(review_id=review_id, member_id=member_id)
    added = _follow_up_to_write(review, now)
    before = set(added.pictures)
    pictures = attach_uploads(member_id=member_id, urls_or_ids=images, to=f"{review.reference}:more", now=now)
    discard_uploads(ids=sorted(before - set(pictures)), now=now)
    added.content, added.pictures = content, list(pictures)
    added.written_at, added.status, added.reason = now, Status.PENDING, ""
    shown = may_be_shown(content=content, pictures=pictures)
    if shown:
        _approve(added, now)
        show_pictures(added, public=True)
        reviews_changed(product_id=review.product_id)
    added.save()
    write_down(review, What.FOLLOWED_UP, actor=Actor.member(member_id), now=now)
    if shown:
        write_down(review, What.FOLLOW_UP_APPROVED, actor=SCREENING, now=now)
    return added


@use_case
def withdraw_review(*, review_id: int, member_id: int, now: datetime) -> Review:
    """Take one's own review back for good: it brought nothing, and the line is not reviewed again.

    Raises ReviewNotFound, ReviewWithdrawn.
    """
    review = lock_review(review_id=review_id, member_id=member_id)
    if review.status == Status.WITHDRAWN:
        raise ReviewWithdrawn
    actor, was_shown = Actor.member(member_id), review.status == Status.APPROVED
    if was_shown:
        take_off(review)
    review.decide(Status.WITHDRAWN, actor=actor, now=now)
    discard_uploads(ids=review.pictures, now=now)
    review.content, review.pictures = "", []
    review.save()
    for added in FollowUp.objects.filter(review=review):
        discard_uploads(ids=added.pictures, now=now)
        added.delete()
    mark_reviewed(line_id=review.line_id, now=now)
    write_down(review, What.WITHDRAWN, actor=actor, now=now)
    tell_taken_down(review, now=now)
    return review


def _review_to_write(order: Order, line_id: int, now: datetime) -> Review:
    """A new one, or the one that may be written again; locked before anything is judged, for staff decide meanwhile."""
    written = (
        Review.objects.filter(line=line_id, line__order=order).select_for_update(no_key=True, of=("self",)).first()
    )
    line = order.lines.filter(pk=line_id).first()
    if line is None:
        raise LineNotFound
    if reason := why_not_reviewable(order, line, now=now):
        raise LineNotReviewable(reason=reason)
    if written is None:
        return Review(line=line, product_id=line.product_id, member_id=order.member_id)
    if Status.PENDING not in TRANSITIONS[written.status]:
        raise LineNotReviewable(reason="reviewed")
    return written


def _follow_up_to_write(review: Review, now: datetime) -> FollowUp:
    """A new one, or the one that was rejected; whoever decides about it holds the review too."""
    if review.status != Status.APPROVED or review.is_default:
        raise FollowUpNotPossible(reason="not_shown")
    written = FollowUp.objects.filter(review=review).first()
    if written is not None and Status.PENDING not in TRANSITIONS[written.status]:
        raise FollowUpNotPossible(reason="followed_up")
    if now >= review.written_at + timedelta(days=FOLLOW_UP_DAYS.value()):
        raise FollowUpNotPossible(reason="too_late")
    return written or FollowUp(review=review)


def _approve(said: Said, now: datetime) -> None:
    said.decide(Status.APPROVED, actor=SCREENING, now=now)
    if isinstance(said, Review):
        said.save(update_fields=["status", "reason", "decided_at", "decided_by"])
