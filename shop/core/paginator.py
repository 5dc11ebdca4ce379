"""Admin lists of big tables: counting stops at a bound, so that a list opens as fast with a million rows."""

from functools import cached_property

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet

MOST_COUNTED = 10_000


class BoundedPaginator(Paginator):
    """Counts at most MOST_COUNTED rows; whoever looks for more narrows the list by filter or search."""

    object_list: QuerySet[Model]

    @cached_property
    def count(self) -> int:
        return self.object_list[:MOST_COUNTED].count()

    @property
    def is_cut_short(self) -> bool:
        """Whether there may be more rows than pages."""
        return self.count >= MOST_COUNTED
