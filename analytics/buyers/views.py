"""What the staff's tools read of buyers, points, rankings and campaigns."""

from datetime import date, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from analytics.buyers import queries, serializers
from shop.core import clock
from shop.core.api.serializers import ErrorOut, validated_query
from shop.staff.api import StaffAPIView, StaffRequest

REFUSALS = {400: ErrorOut, 401: ErrorOut, 403: ErrorOut}
PERMISSION = "buyers.view_buyerprofile"
DAYS = timedelta(days=29)
_POINTS = ("day", "earned", "by_hand", "used", "expired", "clawed_back", "voided", "closing")


class SegmentsView(StaffAPIView):
    permission = PERMISSION

    @extend_schema(
        operation_id="analytics_segments",
        parameters=[serializers.PeriodQuery],
        responses={200: serializers.SegmentsOut, **REFUSALS},
    )
    def get(self, request: StaffRequest) -> Response:
        """Members by stage at the end of the period, who moved in it, and R, F and M as of last night."""
        first, last = _period(validated_query(serializers.PeriodQuery, request))
        stages = queries.stages_at(last)
        scores = [{**row, "mean_fen": int(row["mean_fen"])} for row in queries.scored()]
        again = [{"window": row.window, "buyers": row.buyers, "again": row.again} for row in queries.repurchase(last)]
        return Response(
            {
                "stages": [{"stage": stage, "members": members} for stage, members in stages.items()],
                "moves": queries.moves(first=first, last=last),
                "scores": scores,
                "repurchase": again,
            }
        )


class PointsFlowView(StaffAPIView):
    permission = PERMISSION

    @extend_schema(
        operation_id="analytics_points_flow",
        parameters=[serializers.PeriodQuery],
        responses={200: serializers.PointsFlowOut, **REFUSALS},
    )
    def get(self, request: StaffRequest) -> Response:
        """What came and went in the points ledger, whole and by day; days on which nothing moved are left out."""
        first, last = _period(validated_query(serializers.PeriodQuery, request))
        flow = queries.points_flow(first=first, last=last)
        days: list[Any] = list(queries.points_by_day(first=first, last=last).values(*_POINTS))
        return Response({**vars(flow), "closing": flow.closing, "days": days})


class LeaderboardView(StaffAPIView):
    permission = PERMISSION

    @extend_schema(
        operation_id="analytics_leaderboard",
        parameters=[serializers.LeaderboardQuery],
        responses={200: serializers.RankingOut, **REFUSALS},
    )
    def get(self, request: StaffRequest) -> Response:
        """The best products and distributors of the period, or the best buyers of the past year."""
        asked = validated_query(serializers.LeaderboardQuery, request)
        first, last = _period(asked)
        if asked["of"] == "buyers":
            found = queries.best_buyers()
        elif asked["of"] == "distributors":
            found = queries.best_distributors(first=first, end=last + timedelta(days=1))
        else:
            found = queries.best_products(first=first, last=last)
        return Response({"items": [rank._asdict() for rank in found]})


class CohortsView(StaffAPIView):
    permission = PERMISSION

    @extend_schema(
        operation_id="analytics_cohorts",
        parameters=[serializers.PeriodQuery],
        responses={200: serializers.CohortsOut, **REFUSALS},
    )
    def get(self, request: StaffRequest) -> Response:
        """Buyers by the month of their first purchase, and how many of them bought in each month since."""
        asked = validated_query(serializers.PeriodQuery, request)
        found = queries.cohorts(first=asked.get("first"), last=asked.get("last"))
        return Response({"items": [vars(cohort) for cohort in found]})


class CampaignsView(StaffAPIView):
    permission = PERMISSION

    @extend_schema(
        operation_id="analytics_campaigns",
        parameters=[serializers.PeriodQuery],
        responses={200: serializers.CampaignsOut, **REFUSALS},
    )
    def get(self, request: StaffRequest) -> Response:
        """What campaigns have brought in all, as of last night; with a period those that began in it."""
        asked = validated_query(serializers.PeriodQuery, request)
        rows = queries.returns()
        if "first" in asked:
            rows = rows.filter(starts_at__gte=clock.day_bounds(asked["first"])[0])
        if "last" in asked:
            rows = rows.filter(starts_at__lt=clock.day_bounds(asked["last"])[1])
        fields = list(serializers.CampaignOut().fields)
        return Response({"items": list(rows.values(*fields)[:200])})


def _period(asked: dict[str, Any]) -> tuple[date, date]:
    """What was asked for; without an end up to the last day that is counted, without a beginning 30 days."""
    yesterday = clock.business_day(clock.now()) - timedelta(days=1)
    last = asked.get("last") or max(asked.get("first") or yesterday, yesterday)
    return asked.get("first") or last - DAYS, last
