"""How long a member looks at a page, by the shop's clock.

The front says that the page is open, again and again; the time between two signs of life counts if they are close
together, for one page on one device at a time.
"""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from members.identity.locks import lock_active_member
from points.tasks.errors import BrowsingNotStarted, TaskNotFound
from points.tasks.models import BrowseVisit, Kind
from points.tasks.periods import period_key
from points.tasks.queries import open_to
from shop.core.clock import business_day
from shop.core.transactions import use_case

# How often the front is asked for a sign of life, and how late one may be.
BEAT_SECONDS = 5
LONGEST_GAP = timedelta(seconds=15)


@use_case
def start_browsing(*, member_id: int, code: str, now: datetime) -> BrowseVisit:
    """The page is opened; whatever was measured of it in this period goes on. Raises TaskNotFound, MemberBlocked."""
    lock_active_member(member_id=member_id)
    found = open_to(member_id=member_id, at=now, code=code, kind=Kind.BROWSE)
    if not found:
        raise TaskNotFound
    task, key = found[0], period_key(found[0].period, business_day(now))
    visit = BrowseVisit.objects.filter(pk=member_id).first() or BrowseVisit(member_id=member_id)
    if (visit.task_id, visit.period_key) != (task.pk, key):
        visit.task, visit.period_key, visit.milliseconds = task, key, 0
    visit.token, visit.beat_at = uuid4(), now
    visit.save()
    return visit


@use_case
def beat(*, member_id: int, code: str, token: UUID, now: datetime) -> BrowseVisit:
    """The page is still open. Raises TaskNotFound, BrowsingNotStarted, MemberBlocked."""
    lock_active_member(member_id=member_id)
    found = open_to(member_id=member_id, at=now, code=code, kind=Kind.BROWSE)
    if not found:
        raise TaskNotFound
    return measure(member_id=member_id, task_id=found[0].pk, token=token, now=now)


def measure(*, member_id: int, task_id: int, token: UUID, now: datetime) -> BrowseVisit:
    """Add the time since the last sign of life, inside the caller's transaction, which holds the member's lock."""
    visit = BrowseVisit.objects.filter(pk=member_id, task_id=task_id, token=token).select_related("task").first()
    if visit is None or visit.period_key != period_key(visit.task.period, business_day(now)):
        raise BrowsingNotStarted
    gap = now - visit.beat_at
    if timedelta(0) < gap <= LONGEST_GAP:
        visit.milliseconds += gap // timedelta(milliseconds=1)
    visit.beat_at = max(visit.beat_at, now)
    visit.save(update_fields=["milliseconds", "beat_at"])
    return visit
