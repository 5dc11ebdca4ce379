"""Locks of this room, after that of the order: a review, then the tally of its product."""

from orders.reviews.errors import ReviewNotFound
from orders.reviews.models import Review, ReviewTally


def lock_review(*, review_id: int, member_id: int | None = None) -> Review:
    """With `member_id`, another member's review does not exist. Raises ReviewNotFound."""
    rows = Review.objects.filter(pk=review_id)
    if member_id is not None:
        rows = rows.filter(member_id=member_id)
    review = rows.select_for_update(no_key=True, of=("self",)).first()
    if review is None:
        raise ReviewNotFound
    return review


def lock_tally(*, product_id: int) -> ReviewTally:
    """The product's tally, new if it has none."""
    ReviewTally.objects.bulk_create([ReviewTally(product_id=product_id)], ignore_conflicts=True)
    return ReviewTally.objects.select_for_update(no_key=True).get(pk=product_id)
