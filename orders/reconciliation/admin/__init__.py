"""Screens of reconciliation for finance."""

from orders.reconciliation.admin.days import ReconciliationAdmin
from orders.reconciliation.admin.differences import DifferenceAdmin

__all__ = ["DifferenceAdmin", "ReconciliationAdmin"]
