"""The only code that changes reviews."""

from orders.reviews.services.defaults import write_default_reviews
from orders.reviews.services.moderating import (
    approve_follow_up,
    approve_review,
    hide_follow_up,
    hide_review,
    reject_follow_up,
    reject_review,
)
from orders.reviews.services.replying import reply_to_review
from orders.reviews.services.writing import follow_up_review, withdraw_review, write_review

__all__ = [
    "approve_follow_up",
    "approve_review",
    "follow_up_review",
    "hide_follow_up",
    "hide_review",
    "reject_follow_up",
    "reject_review",
    "reply_to_review",
    "withdraw_review",
    "write_default_reviews",
    "write_review",
]
