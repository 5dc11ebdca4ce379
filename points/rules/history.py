"""Past orders, for trying rules on them.

Points know nothing of orders: `settings.EARNING_HISTORY` names, by dotted path, who does.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from points.rules.events import EarningEvent


class PastOrders(Protocol):
    """Orders that were paid, as the events that they were at the moment of their payment."""

    def count(self, *, since: datetime, until: datetime) -> int:
        """How many were paid in the half-open span."""

    def events(self, *, since: datetime, until: datetime) -> Iterator[Sequence[EarningEvent]]:
        """Those, by the time of payment, in batches."""

    def event(self, *, number: str) -> EarningEvent | None:
        """One of them by its number."""


def past_orders() -> PastOrders:
    return import_string(settings.EARNING_HISTORY)
