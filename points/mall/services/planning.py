"""Many slots of a resource at once: the same hours on chosen days."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from points.mall.errors import SlotsTooMany
from points.mall.models import Slot
from shop.core.clock import SHANGHAI
from shop.core.transactions import use_case

MOST_SLOTS = 2_000
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Plan:
    """From `opens` to `closes` on the days of the week named (1 is Monday), in slots of so many minutes."""

    first_day: date
    last_day: date
    weekdays: Collection[int]
    opens: time
    closes: time
    minutes: int
    capacity: int

    def slots(self, resource_id: int) -> list[Slot]:
        """What does not end before closing is left out."""
        length, found = timedelta(minutes=self.minutes), list[Slot]()
        for n in range((self.last_day - self.first_day).days + 1):
            day = self.first_day + DAY * n
            if day.isoweekday() not in self.weekdays:
                continue
            starts_at = datetime.combine(day, self.opens, tzinfo=SHANGHAI)
            closes_at = datetime.combine(day, self.closes, tzinfo=SHANGHAI)
            while starts_at + length <= closes_at and len(found) <= MOST_SLOTS:
                ends_at = starts_at + length
                found.append(
                    Slot(resource_id=resource_id, starts_at=starts_at, ends_at=ends_at, capacity=self.capacity)
                )
                starts_at = ends_at
        return found


@use_case
def plan_slots(*, resource_id: int, plan: Plan) -> int:
    """Those that are there already stay as they are. Returns how many are new. Raises SlotsTooMany."""
    slots = plan.slots(resource_id)
    if len(slots) > MOST_SLOTS:
        raise SlotsTooMany(limit=MOST_SLOTS)
    there = Slot.objects.filter(resource_id=resource_id)
    before = there.count()
    Slot.objects.bulk_create(slots, ignore_conflicts=True)
    return there.count() - before
