"""Scheduled work of the order desk."""

from datetime import datetime

from orders.workbench.services.exporting import sweep_exports
from shop.core.jobs import Effect, job


@job("workbench.sweep_exports", at=(4, 20))
def sweep_old_exports(now: datetime) -> Effect:
    return {"forgotten": sweep_exports(now=now)}
