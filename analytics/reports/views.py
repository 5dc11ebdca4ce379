"""The overview and the reports for the staff's own tools."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from analytics.reports.figures import content_of
from analytics.reports.models import Report
from analytics.reports.serializers import PeriodSummaryOut, ReportOut, ReportsOut, WholeReportOut
from analytics.traffic.filters import PeriodQuery, slice_of
from shop.core import clock
from shop.core.api.pagination import PageQuery, page
from shop.core.api.serializers import ErrorOut, validated_query
from shop.core.clock import business_day
from shop.core.errors import NotFound
from shop.staff.api import StaffAPIView, StaffRequest

REFUSALS: dict[int, Any] = {400: ErrorOut, 401: ErrorOut, 403: ErrorOut}
PERMISSION = "reports.view_report"


class SummaryView(StaffAPIView):
    permission = PERMISSION

    @extend_schema(
        operation_id="staff_analytics_summary", parameters=[PeriodQuery], responses={200: PeriodSummaryOut, **REFUSALS}
    )
    def get(self, request: StaffRequest) -> Response:
        """Sales, traffic, funnel and points of a period, beside the period before it."""
        asked = slice_of(validated_query(PeriodQuery, request), today=business_day(clock.now()))
        return Response(content_of(asked))


class ReportsView(StaffAPIView):
    permission = PERMISSION

    @extend_schema(
        operation_id="staff_analytics_reports", parameters=[PageQuery], responses={200: ReportsOut, **REFUSALS}
    )
    def get(self, request: StaffRequest) -> Response:
        """The reports that were made, the latest first, without what is in them."""
        rows = Report.objects.defer("content")
        return Response(page(rows, request, ordering=["-id"], present=lambda report: ReportOut(report).data))


class ReportView(StaffAPIView):
    permission = PERMISSION

    @extend_schema(
        operation_id="staff_analytics_report",
        responses={200: WholeReportOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut},
    )
    def get(self, request: StaffRequest, report_id: int) -> Response:
        report = Report.objects.filter(pk=report_id).first()
        if report is None:
            raise NotFound
        return Response(WholeReportOut(report).data)
