"""Screens of allocation."""

from logistics.allocation.admin.policies import AllocationPolicyAdmin, PlanningRoundAdmin
from logistics.allocation.admin.requests import AllocationAdmin, FulfilmentRequestAdmin

__all__ = ["AllocationAdmin", "AllocationPolicyAdmin", "FulfilmentRequestAdmin", "PlanningRoundAdmin"]
