"""What this room tells itself."""

from datetime import datetime

from shop.core.events import Fact


class PlanWentLive(Fact):
    """A plan acts from now on; its first run may be due at once."""

    plan_id: int
    at: datetime


class RunGoesOn(Fact):
    """There is work left in a run."""

    run_id: int
    at: datetime
