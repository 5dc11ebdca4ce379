from typing import Any

from rest_framework import serializers

from analytics.reports.models import Report
from analytics.reports.presenting import GROUPS, Unit
from analytics.traffic.serializers import CampaignTrafficOut, LoadTimeOut


class PeriodFiguresOut(serializers.Serializer[Any]):
    """Null where a figure has no meaning under the filter."""

    def get_fields(self) -> dict[str, Any]:
        return {
            measure.key: serializers.IntegerField(
                allow_null=True, help_text="Basis points." if measure.unit is Unit.BP else ""
            )
            for group in GROUPS
            for measure in group.measures
        }


class PeriodDayOut(serializers.Serializer[Any]):
    day = serializers.DateField()
    sessions = serializers.IntegerField()
    bounce_bp = serializers.IntegerField(allow_null=True)
    paid = serializers.IntegerField()
    paid_fen = serializers.IntegerField()


class PeriodProductOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    units = serializers.IntegerField()
    net_fen = serializers.IntegerField()


class PeriodPartOut(serializers.Serializer[Any]):
    sessions = serializers.IntegerField()
    bounce_bp = serializers.IntegerField(allow_null=True)
    orders = serializers.IntegerField()
    paid_orders = serializers.IntegerField()


class PeriodFrontOut(PeriodPartOut):
    channel = serializers.CharField()


class PeriodDeviceOut(PeriodPartOut):
    device = serializers.CharField()


class PeriodPageOut(serializers.Serializer[Any]):
    page = serializers.CharField()
    views = serializers.IntegerField()
    entries = serializers.IntegerField()
    bounce_bp = serializers.IntegerField(allow_null=True)


class PeriodSummaryOut(serializers.Serializer[Any]):
    """What a period has come to, beside the period before."""

    first = serializers.DateField()
    last = serializers.DateField()
    before_first = serializers.DateField()
    before_last = serializers.DateField()
    figures = PeriodFiguresOut()
    before = PeriodFiguresOut()
    days = PeriodDayOut(many=True, help_text="Two weeks at least, up to the last day.")
    products = PeriodProductOut(many=True)
    fronts = PeriodFrontOut(many=True)
    devices = PeriodDeviceOut(many=True)
    pages = PeriodPageOut(many=True)
    activities = CampaignTrafficOut(many=True)
    load_times = LoadTimeOut(many=True)


class ReportOut(serializers.ModelSerializer[Report]):
    class Meta:
        model = Report
        fields = ["id", "kind", "first", "last", "made_at"]


class ReportsOut(serializers.Serializer[Any]):
    items = ReportOut(many=True)
    next_cursor = serializers.CharField(allow_null=True)


class WholeReportOut(ReportOut):
    content = PeriodSummaryOut()

    class Meta(ReportOut.Meta):
        fields = [*ReportOut.Meta.fields, "content"]
