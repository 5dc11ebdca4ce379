"""Screens of allocation."""

from logistics.allocation.admin.allocations import AllocationAdmin
from logistics.allocation.admin.policies import AllocationPolicyAdmin, PlanningRoundAdmin
from logistics.allocation.admin.requests import FulfilmentRequestAdmin

__all__ = ["AllocationAdmin", "AllocationPolicyAdmin", "FulfilmentRequestAdmin", "PlanningRoundAdmin"]
