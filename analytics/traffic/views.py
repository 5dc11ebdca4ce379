"""What the screens show, for the staff's own tools."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from analytics.events.names import ALL_NAMES, CLICK
from analytics.traffic.filters import PeriodQuery, slice_of
from analytics.traffic.presenting import overview, traffic
from analytics.traffic.queries import Slice, heat_of
from analytics.traffic.serializers import HeatOut, OverviewOut, TrafficOut
from shop.core import clock
from shop.core.api.serializers import ErrorOut, validated_query
from shop.core.clock import business_day
from shop.staff.api import StaffAPIView, StaffRequest

REFUSALS: dict[int, Any] = {400: ErrorOut, 401: ErrorOut, 403: ErrorOut}


class HeatQuery(PeriodQuery):
    name = serializers.ChoiceField(sorted(ALL_NAMES), required=False)


class OverviewView(StaffAPIView):
    permission = "traffic.view_sessionday"

    @extend_schema(
        operation_id="staff_analytics_overview", parameters=[PeriodQuery], responses={200: OverviewOut, **REFUSALS}
    )
    def get(self, request: StaffRequest) -> Response:
        """Visitors and sessions of a period, whole and by day."""
        return Response(overview(asked_of(request)))


class TrafficView(StaffAPIView):
    permission = "traffic.view_sessionday"

    @extend_schema(
        operation_id="staff_analytics_traffic", parameters=[PeriodQuery], responses={200: TrafficOut, **REFUSALS}
    )
    def get(self, request: StaffRequest) -> Response:
        """Pages, fronts, devices, activities, and what load times do to the bounce rate."""
        return Response(traffic(asked_of(request)))


class HeatView(StaffAPIView):
    permission = "traffic.view_heathour"

    @extend_schema(operation_id="staff_analytics_heatmap", parameters=[HeatQuery], responses={200: HeatOut, **REFUSALS})
    def get(self, request: StaffRequest) -> Response:
        """How often something (`name`, clicks without) was done with each product in each hour of the day."""
        given = validated_query(HeatQuery, request)
        asked, name = slice_of(given, today=business_day(clock.now())), given.get("name", CLICK)
        found = heat_of(first=asked.first, last=asked.last, name=name)
        return Response({"name": name, "items": [{"product_id": pk, "hours": hours} for pk, hours in found]})


def asked_of(request: StaffRequest) -> Slice:
    return slice_of(validated_query(PeriodQuery, request), today=business_day(clock.now()))
