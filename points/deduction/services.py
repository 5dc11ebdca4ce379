"""Better terms for a while."""

from datetime import datetime

from django.db import transaction

from points.deduction.models import BetterTerms
from points.deduction.queries import ACTIVITIES


def offer_better_terms(
    *, name: str, segment_id: int, points_per_yuan: int, cap_bp: int, starts_at: datetime, ends_at: datetime
) -> BetterTerms:
    """Inside the caller's transaction."""
    made = BetterTerms.objects.create(
        name=name,
        segment_id=segment_id,
        points_per_yuan=points_per_yuan,
        cap_bp=cap_bp,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    transaction.on_commit(ACTIVITIES.forget)
    return made
