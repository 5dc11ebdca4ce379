"""A review appears and disappears, with everything that counts it. Building blocks, with the review locked."""

from datetime import datetime

from members.uploads.services import show_uploads
from orders.reviews.facts import ReviewApproved, ReviewTakenDown
from orders.reviews.locks import lock_tally
from orders.reviews.models import FollowUp, Review, ReviewEvent, Said, Status
from shop.catalog.services.ratings import reviews_changed, set_rating
from shop.core.actors import Actor
from shop.core.outbox import publish


def write_down(review: Review, what: ReviewEvent.What, *, actor: Actor, now: datetime, note: str = "") -> None:
    ReviewEvent.objects.create(review=review, what=what, note=note, actor=str(actor)[:80], happened_at=now)


def show(review: Review, *, now: datetime) -> None:
    """It is approved: everybody sees it and it counts."""
    _show_all_pictures(review, public=True)
    _count(review, +1)
    publish(
        ReviewApproved(
            review_id=review.pk,
            line_id=review.line_id,
            product_id=review.product_id,
            member_id=review.member_id,
            rating=review.rating,
            has_pictures=bool(review.pictures),
            at=now,
        )
    )


def take_off(review: Review) -> None:
    """It was approved and is no more."""
    _show_all_pictures(review, public=False)
    _count(review, -1)


def tell_taken_down(review: Review, *, now: datetime) -> None:
    publish(
        ReviewTakenDown(
            review_id=review.pk,
            line_id=review.line_id,
            product_id=review.product_id,
            member_id=review.member_id,
            at=now,
        )
    )


def show_pictures(said: Said, *, public: bool) -> None:
    if said.pictures:
        show_uploads(ids=said.pictures, public=public)


def _show_all_pictures(review: Review, *, public: bool) -> None:
    show_pictures(review, public=public)
    for added in FollowUp.objects.filter(review=review, status=Status.APPROVED):
        show_pictures(added, public=public)


def without_pictures(review: Review) -> None:
    """A shown review has lost its pictures."""
    if review.counts and review.pictures:
        tally = lock_tally(product_id=review.product_id)
        tally.with_pictures -= 1
        tally.save(update_fields=["with_pictures"])
        reviews_changed(product_id=review.product_id)


def _count(review: Review, by: int) -> None:
    if review.is_default:
        reviews_changed(product_id=review.product_id)
        return
    tally = lock_tally(product_id=review.product_id)
    column = f"star_{review.rating}"
    setattr(tally, column, getattr(tally, column) + by)
    if review.pictures:
        tally.with_pictures += by
    tally.save()
    set_rating(product_id=review.product_id, stars=tally.stars, reviews=tally.reviews)
