"""What nobody needs any more."""

from datetime import datetime

from points.tasks.models import ShareVisit

BATCH = 10_000


def forget_visits(*, before: datetime) -> int:
    """Delete visits older than `before`, a bounded number a run; returns how many."""
    old = ShareVisit.objects.filter(visited_at__lt=before).order_by("pk").values("pk")[:BATCH]
    return ShareVisit.objects.filter(pk__in=old).delete()[0]
