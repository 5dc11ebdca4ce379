"""The funnel for the staff's own tools."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from analytics.funnel.models import Unit
from analytics.funnel.queries import FunnelQuestion, funnel_by, funnel_of
from analytics.funnel.serializers import FunnelOut
from analytics.traffic.filters import PeriodQuery, slice_of
from shop.core import clock
from shop.core.api.serializers import ErrorOut, validated_query
from shop.core.clock import business_day
from shop.staff.api import StaffAPIView, StaffRequest

REFUSALS: dict[int, Any] = {400: ErrorOut, 401: ErrorOut, 403: ErrorOut}
PARTS = ("day", "channel", "device", "subject")
MOST_PARTS = 400


class FunnelQuery(PeriodQuery):
    unit = serializers.ChoiceField(Unit.values, required=False, help_text="Of all that a visitor does, without.")
    subject = serializers.CharField(required=False, max_length=64, help_text="A product's id, or an activity.")
    by = serializers.ChoiceField(PARTS, required=False, help_text="The day of the exposure, without.")


class FunnelView(StaffAPIView):
    permission = "funnel.view_funnelfact"

    @extend_schema(
        operation_id="staff_analytics_funnel", parameters=[FunnelQuery], responses={200: FunnelOut, **REFUSALS}
    )
    def get(self, request: StaffRequest) -> Response:
        """From exposure to payment within seven days, in the order of time, by the day of the exposure."""
        given = validated_query(FunnelQuery, request)
        asked = slice_of(given, today=business_day(clock.now()))
        unit = Unit(given.get("unit", Unit.VISITOR))
        question = FunnelQuestion(asked.first, asked.last, unit, given.get("subject", ""), asked.channel, asked.device)
        parts = list(funnel_by(question, given.get("by", "day")).items())[:MOST_PARTS]
        whole = funnel_of(question)._asdict()
        return Response({**whole, "parts": [{"part": str(part), **steps._asdict()} for part, steps in parts]})
