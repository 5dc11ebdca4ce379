"""Work that waits for a person: rooms declare their queues once, the admin's home shows each of the staff theirs.

`settings.WORK_QUEUES` lists tuples of `Queue` by dotted path, in order. All queues of a person are counted in one
question to the database, however many there are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Count, DateTimeField, Min, QuerySet, Value
from django.db.models.functions import Cast
from django.http import HttpRequest
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop.core import clock


@dataclass(frozen=True)
class Queue:
    """Rows that wait for whoever has `permission`.

    `waiting` answers the rows at a moment; more than one set where they are found by different indexes, without a row
    in two of them. `since` is the field that tells since when a row waits, or of what lies `ahead`, when it begins.
    `page` and `where` name the list with just these rows; `where` may depend on the moment.
    """

    name: str
    label: Any
    permission: str
    waiting: Callable[[datetime], Sequence[QuerySet[Any]]]
    page: str
    where: str | Callable[[datetime], str]
    since: str = ""
    icon: str = "inbox"
    is_urgent: bool = False
    is_ahead: bool = False

    def link(self, now: datetime) -> str:
        where = self.where if isinstance(self.where, str) else self.where(now)
        return f"{reverse(f'admin:{self.page}')}?{where}"


@dataclass(frozen=True)
class Waiting:
    """A queue as it is at a moment."""

    queue: Queue
    count: int
    since: datetime | None
    now: datetime

    @property
    def link(self) -> str:
        return self.queue.link(self.now)

    @property
    def age(self) -> str:
        """How long the first of them has been waiting, or when the next is due."""
        if self.since is None:
            return ""
        if self.queue.is_ahead:
            return _("next in {time}").format(time=_span(self.since - self.now))
        return _("oldest for {time}").format(time=_span(self.now - self.since))


@dataclass(frozen=True)
class QueuesPanel:
    """What waits, the urgent first; behind it what does not."""

    template: ClassVar[str] = "admin/panels/queues.html"
    title: Any
    queues: Sequence[Waiting]

    @property
    def full(self) -> list[Waiting]:
        return sorted((each for each in self.queues if each.count), key=lambda each: not each.queue.is_urgent)

    @property
    def empty(self) -> list[Waiting]:
        return [each for each in self.queues if not each.count]

    @property
    def lines(self) -> list[Sequence[Any]]:
        return [(each.queue.label, each.count, each.age) for each in self.queues]


def declared_queues() -> list[Queue]:
    return [queue for path in settings.WORK_QUEUES for queue in import_string(path)]


def queues_panel(request: HttpRequest) -> QueuesPanel | None:
    """The queues of whoever asks; nothing for those who have none."""
    own = [queue for queue in declared_queues() if request.user.has_perm(queue.permission)]
    return QueuesPanel(_("Waiting for you"), counted(own, now=clock.now())) if own else None


def counted(queues: Sequence[Queue], *, now: datetime) -> list[Waiting]:
    parts = [_summed(rows, place, queue.since) for place, queue in enumerate(queues) for rows in queue.waiting(now)]
    found: dict[int, tuple[int, datetime | None]] = {}
    if parts:
        for place, count, since in parts[0].union(*parts[1:], all=True):
            known, first = found.get(place, (0, None))
            moments = [moment for moment in (first, since) if moment is not None]
            found[place] = (known + count, min(moments, default=None))
    return [Waiting(queue, *found.get(place, (0, None)), now) for place, queue in enumerate(queues)]


def _summed(rows: QuerySet[Any], place: int, since: str) -> QuerySet[Any]:
    """One row: which queue, how many, since when."""
    oldest = Min(since) if since else Cast(Value(None), DateTimeField())
    return (
        rows.order_by()
        .annotate(queue_place=Value(place))
        .values("queue_place")
        .annotate(queue_count=Count("pk"), queue_since=oldest)
        .values_list("queue_place", "queue_count", "queue_since")
    )


def _span(span: timedelta) -> str:
    """Whole days, hours or minutes."""
    minutes = max(int(span.total_seconds() // 60), 0)
    days, hours = minutes // 1440, minutes // 60
    if days:
        return ngettext("{count} day", "{count} days", days).format(count=days)
    if hours:
        return ngettext("{count} hour", "{count} hours", hours).format(count=hours)
    return ngettext("{count} minute", "{count} minutes", minutes).format(count=minutes)
