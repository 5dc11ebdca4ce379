"""What came of a campaign: counted by its mechanism, shown on one page for all of them.

`settings.CAMPAIGN_RESULTS` maps a mechanism's kind to a function `(campaign_id) -> Result`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from promotions.campaigns.models import Campaign


@dataclass(frozen=True)
class Day:
    """Orders that were paid on a Shanghai day."""

    day: date
    orders: int
    revenue_fen: int
    cost_fen: int


@dataclass(frozen=True)
class Result:
    """Orders count once they are paid, with all that was paid for them; the cost is what was taken off and given away.

    `exposure` is None where nobody counts who saw it. `new_members` are those whose first purchase it was, where it
    sells something; `new_by` says how else a mechanism knows them.
    """

    participants: int = 0
    orders: int = 0
    revenue_fen: int = 0
    cost_fen: int = 0
    new_members: int = 0
    new_by: Any = _("first purchase")
    exposure: int | None = None
    days: Sequence[Day] = ()

    @property
    def return_bp(self) -> int | None:
        """Revenue per cost; None where it has cost nothing."""
        return self.revenue_fen * 10_000 // self.cost_fen if self.cost_fen else None


def days_of(orders: str, asked: Mapping[str, Any]) -> list[Day]:
    """The days of `orders`, SQL that answers `at`, `revenue` and `cost` in a row for each order, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (at AT TIME ZONE 'Asia/Shanghai')::date AS day, count(*), sum(revenue)::bigint, sum(cost)::bigint"
            f" FROM ({orders}) AS paid (at, revenue, cost) GROUP BY day ORDER BY day",
            dict(asked),
        )
        return [Day(*row) for row in cursor.fetchall()]


def result_of(campaign: Campaign) -> Result | None:
    """None for a mechanism that does not count. Who has seen it, `settings.CAMPAIGN_EXPOSURE` knows."""
    count = settings.CAMPAIGN_RESULTS.get(campaign.KIND)
    if not count:
        return None
    result: Result = import_string(count)(campaign.pk)
    return replace(result, exposure=import_string(settings.CAMPAIGN_EXPOSURE)(kind=campaign.KIND, pk=campaign.pk))
