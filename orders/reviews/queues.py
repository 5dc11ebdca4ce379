"""Reviews that wait for a decision or for a reply."""

from django.utils.translation import gettext_lazy as _

from orders.reviews.models import FollowUp, Review, Status
from shop.core.queues import Queue

PAGE, CHANGE = "reviews_review_changelist", "reviews.change_review"

QUEUES = (
    Queue(
        name="reviews.decide",
        label=_("Reviews to approve"),
        permission=CHANGE,
        # A review that waits with its own words is listed once, whatever was added to it.
        waiting=lambda now: [
            Review.objects.filter(status=Status.PENDING),
            FollowUp.objects.filter(status=Status.PENDING).exclude(review__status=Status.PENDING),
        ],
        since="written_at",
        page=PAGE,
        where="todo=decide",
        icon="rate_review",
    ),
    Queue(
        name="reviews.reply",
        label=_("Bad reviews without a reply"),
        permission=CHANGE,
        waiting=lambda now: [
            Review.objects.filter(status=Status.APPROVED, is_default=False, replied_at=None, rating__lte=2)
        ],
        since="written_at",
        page=PAGE,
        where="todo=bad",
        icon="sentiment_dissatisfied",
    ),
)
