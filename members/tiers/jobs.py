"""Scheduled work of this room."""

from datetime import datetime, timedelta

from members.tiers.services import evaluate_members
from shop.core.jobs import Effect, job


@job("tiers.evaluate", every=timedelta(minutes=10))
def evaluate(now: datetime) -> Effect:
    """Little to do but after midnight, when validities end, and after the rules were changed."""
    return evaluate_members(now=now)
