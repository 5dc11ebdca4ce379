"""The list of after-sales by what has to be done with them: tabs with their numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from orders.after_sales.models import WAITS_FOR_SHOP, AfterSale, Status
from shop.core import clock

STAGE = "stage"
OVERDUE = "overdue"
LABELS: Mapping[str, Any] = {
    "ours": _("Waiting for us"),
    OVERDUE: _("Overdue"),
    "second": _("Second approval"),
    "goods": _("Goods on their way"),
    "refunding": _("Refunding"),
    "replacing": _("Replacements"),
    "ended": _("Ended"),
}


def condition(stage: str, *, now: datetime) -> Q:
    return {
        "ours": Q(status__in=WAITS_FOR_SHOP),
        OVERDUE: Q(due_at__lte=now),
        "second": Q(status=Status.SECOND_APPROVAL),
        "goods": Q(status__in=[Status.AWAITING_GOODS, Status.UNDER_WAY]),
        "refunding": Q(status=Status.REFUNDING),
        "replacing": Q(status__in=[Status.REPLACING, Status.REPLACEMENT_SENT]),
        "ended": Q(ended_at__isnull=False),
    }[stage]


class StageFilter(SimpleListFilter):
    title = _("stage")
    parameter_name = STAGE

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(LABELS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[AfterSale]) -> QuerySet[AfterSale]:
        stage = self.value()
        return queryset.filter(condition(stage, now=clock.now())) if stage and stage in LABELS else queryset


@dataclass(frozen=True)
class Tab:
    name: Any
    link: str
    is_open: bool
    count: int | None = None


def tabs(request: HttpRequest, *, now: datetime) -> list[Tab]:
    """One query; what has ended is not counted, because it only grows."""
    counted = [stage for stage in LABELS if stage != "ended"]
    found = AfterSale.objects.filter(ended_at=None).aggregate(
        **{stage: Count("pk", filter=condition(stage, now=now)) for stage in counted}
    )
    chosen = request.GET.get(STAGE)
    rows = [Tab(label, f"?{STAGE}={stage}", chosen == stage, found.get(stage)) for stage, label in LABELS.items()]
    return [Tab(_("All"), "?", chosen is None), *rows]
