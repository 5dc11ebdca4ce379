"""What follows from facts."""

from analytics.outreach.facts import PlanWentLive, RunGoesOn
from analytics.outreach.services import carry_on, start_due
from shop.core import clock
from shop.core.events import subscribe


@subscribe(PlanWentLive, in_transaction=False)
def begin_at_once(fact: PlanWentLive) -> None:
    start_due(now=clock.now())


@subscribe(RunGoesOn, in_transaction=False)
def go_on_with_run(fact: RunGoesOn) -> None:
    carry_on(run_id=fact.run_id)
