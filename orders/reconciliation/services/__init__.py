"""The only code that changes reconciliations: fetching bills, comparing them with our books, deciding differences.

The gateway is only ever called between transactions.
"""

from orders.reconciliation.services.comparing import compare
from orders.reconciliation.services.deciding import close_difference, reopen_difference
from orders.reconciliation.services.running import ask_about, reconcile, reconcile_due

__all__ = ["ask_about", "close_difference", "compare", "reconcile", "reconcile_due", "reopen_difference"]
