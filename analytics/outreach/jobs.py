"""What runs by the clock."""

from datetime import datetime, timedelta

from analytics.outreach.services import start_due, sweep
from shop.core.jobs import Effect, job


@job("outreach.run", every=timedelta(seconds=60))
def run_outreach(now: datetime) -> Effect:
    return {"started": start_due(now=now), "tried": sweep(now=now)}
