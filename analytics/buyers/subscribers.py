"""What follows from facts."""

from analytics.buyers.facts import SegmentFilterSaved
from analytics.buyers.services.filters import refresh_filter
from shop.core import clock
from shop.core.events import subscribe
from shop.settings.queues import LONG_QUEUE


@subscribe(SegmentFilterSaved, in_transaction=False, queue=LONG_QUEUE)
def fill_saved_filter(fact: SegmentFilterSaved) -> None:
    refresh_filter(filter_id=fact.filter_id, now=clock.now())
