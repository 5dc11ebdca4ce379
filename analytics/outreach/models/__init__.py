"""Plans that reach out to members, their runs, and what became of each member."""

from analytics.outreach.models.plans import TRANSITIONS, EndReason, Every, Page, Plan, PlanStatus, Recipe, Whom
from analytics.outreach.models.runs import Arm, Contact, ContactStatus, Run, RunStatus

__all__ = [
    "TRANSITIONS",
    "Arm",
    "Contact",
    "ContactStatus",
    "EndReason",
    "Every",
    "Page",
    "Plan",
    "PlanStatus",
    "Recipe",
    "Run",
    "RunStatus",
    "Whom",
]
