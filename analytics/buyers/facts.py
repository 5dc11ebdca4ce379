"""What this room tells itself and rooms above."""

from datetime import datetime

from shop.core.events import Fact


class SegmentFilterSaved(Fact):
    """A segment is made of something else now."""

    filter_id: int
    at: datetime
