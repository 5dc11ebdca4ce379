"""What the staff's tools read of plans and what came of them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from analytics.outreach import serializers
from analytics.outreach.lift import Part
from analytics.outreach.models import Plan
from analytics.outreach.results import result_of
from shop.core import clock
from shop.core.api.serializers import ErrorOut
from shop.core.errors import NotFound
from shop.staff.api import StaffAPIView, StaffRequest

REFUSALS = {401: ErrorOut, 403: ErrorOut}
PERMISSION = "outreach.view_plan"
LATEST = 200
_FIELDS: tuple[str, ...] = tuple(serializers.PlanOut().get_fields())


class PlansView(StaffAPIView):
    permission = PERMISSION

    @extend_schema(operation_id="analytics_outreach", responses={200: serializers.PlansOut, **REFUSALS})
    def get(self, request: StaffRequest) -> Response:
        """The latest plans."""
        return Response({"items": list(Plan.objects.order_by("-pk").values(*_FIELDS)[:LATEST])})


class PlanResultView(StaffAPIView):
    permission = PERMISSION

    @extend_schema(
        operation_id="analytics_outreach_result",
        responses={200: serializers.PlanResultOut, 404: ErrorOut, **REFUSALS},
    )
    def get(self, request: StaffRequest, plan_id: int) -> Response:
        """What came of a plan so far, beside its control group."""
        plan = Plan.objects.filter(pk=plan_id).first()
        if plan is None:
            raise NotFound
        found = result_of(plan, now=clock.now())
        return Response(
            {
                "plan": {name: getattr(plan, name) for name in _FIELDS},
                **vars(found.seen),
                "treated": _part(found.treated),
                "control": _part(found.control),
                "verdict": found.verdict,
                "share_difference": vars(found.bought) if found.bought else None,
                "mean_difference_fen": vars(found.paid) if found.paid else None,
                "cost_fen": found.cost.total_fen,
                "open_windows": found.open_windows,
            }
        )


def _part(part: Part) -> dict[str, Any]:
    return {name: getattr(part, name) for name in serializers.PartOut().get_fields()}
