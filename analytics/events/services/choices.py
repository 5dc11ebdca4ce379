"""Whether a member lets the shop watch what they do."""

from datetime import datetime

from analytics.events.models import TrackingRefusal
from shop.core.transactions import use_case


def refuses_tracking(*, member_id: int) -> bool:
    return TrackingRefusal.objects.filter(member_id=member_id).exists()


@use_case
def choose_tracking(*, member_id: int, refused: bool, now: datetime) -> bool:
    """From now on; what is there already stays until the member is erased."""
    if refused:
        TrackingRefusal.objects.get_or_create(member_id=member_id, defaults={"refused_at": now})
    else:
        TrackingRefusal.objects.filter(member_id=member_id).delete()
    return refused
