"""What the edge and jobs call; each name lives in the module of its verb."""

from points.accounts.services.linking import start_activity
from points.accounts.services.proving import prove_ledger
from points.accounts.services.reminding import remind_due

__all__ = ["prove_ledger", "remind_due", "start_activity"]
