"""What is asked of analytics beyond screens, and who answers: `settings.ANALYTICS_ENGINE` names the class.

`PostgresEngine` answers from what is counted. `ColumnsEngine` answers the same from files of single events, for
questions that nobody has counted ahead and for more events than one Postgres should count. A test holds them equal.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import NamedTuple, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from analytics.funnel.queries import Steps


class Period(NamedTuple):
    """Days, both included."""

    first: date
    last: date


class Bounces(NamedTuple):
    entries: int
    bounces: int


class AnalyticsEngine(Protocol):
    def funnel(self, period: Period) -> Steps:
        """Visitors whose chain starts in the period."""
        ...

    def bounces(self, period: Period) -> Mapping[str, Bounces]:
        """By the page of entry."""
        ...

    def heat(self, period: Period, *, name: str) -> Mapping[tuple[int, int], int]:
        """By product and hour of the day."""
        ...


@cache
def engine() -> AnalyticsEngine:
    found: AnalyticsEngine = import_string(settings.ANALYTICS_ENGINE)()
    return found
