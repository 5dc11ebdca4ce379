"""Scheduled work of this room."""

from datetime import datetime

from orders.reviews.services import write_default_reviews
from shop.core.jobs import Effect, job


@job("reviews.default_reviews", at=(4, 50))
def take_silence_for_good(now: datetime) -> Effect:
    return {"given": write_default_reviews(now=now)}
