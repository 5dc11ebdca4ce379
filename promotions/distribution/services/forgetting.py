"""What is kept of members who have left, and for how long."""

from datetime import datetime

from promotions.distribution.models import FormerPhone


def remember_phone(*, digest: str, now: datetime) -> None:
    """Inside the caller's transaction, before the phone itself goes."""
    if digest:
        FormerPhone.objects.create(digest=digest, left_at=now)


def forget_phones(*, before: datetime) -> int:
    return FormerPhone.objects.filter(left_at__lt=before).delete()[0]
