"""Screens of outreach: plans from draft to result, runs with what became of everybody."""

from analytics.outreach.admin.plans import PlanAdmin
from analytics.outreach.admin.runs import RunAdmin

__all__ = ["PlanAdmin", "RunAdmin"]
