"""The shop replies to a review; each version of the reply is kept."""

from datetime import datetime

from orders.reviews.facts import ReviewReplied
from orders.reviews.locks import lock_review
from orders.reviews.models import Review, ReviewEvent
from orders.reviews.services.showing import write_down
from shop.catalog.services.ratings import reviews_changed
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.transactions import use_case


@use_case
def reply_to_review(*, review_id: int, reply: str, actor: Actor, now: datetime) -> Review:
    """Reply, or put another text in its place; without a text the reply goes. Raises ReviewNotFound."""
    review = lock_review(review_id=review_id)
    if review.reply == reply:
        return review
    is_first = review.replied_at is None
    review.reply = reply
    review.replied_at = now
    review.save(update_fields=["reply", "replied_at"])
    write_down(review, ReviewEvent.What.REPLIED, actor=actor, now=now, note=reply)
    reviews_changed(product_id=review.product_id)
    if is_first:
        publish(ReviewReplied(review_id=review.pk, member_id=review.member_id, at=now))
    return review
