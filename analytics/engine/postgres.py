"""The engine that comes with the shop: answers from rollups."""

from collections.abc import Mapping

from django.db.models import Sum

from analytics.engine.interface import Bounces, Period
from analytics.funnel.queries import FunnelQuestion, Steps, funnel_of
from analytics.traffic.models import HeatHour, PageDay


class PostgresEngine:
    def funnel(self, period: Period) -> Steps:
        return funnel_of(FunnelQuestion(period.first, period.last))

    def bounces(self, period: Period) -> Mapping[str, Bounces]:
        rows = PageDay.objects.filter(day__range=(period.first, period.last))
        counted = rows.values("page").annotate(all=Sum("entries"), gone=Sum("bounces")).filter(all__gt=0)
        return {row["page"]: Bounces(row["all"], row["gone"]) for row in counted}

    def heat(self, period: Period, *, name: str) -> Mapping[tuple[int, int], int]:
        rows = HeatHour.objects.filter(name=name, day__range=(period.first, period.last))
        counted = rows.values("product_id", "hour").annotate(all=Sum("events"))
        return {(row["product_id"], row["hour"]): row["all"] for row in counted}
