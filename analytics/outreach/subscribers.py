"""What follows from facts."""

from analytics.outreach.facts import PlanWentLive, RunGoesOn
from analytics.outreach.services import carry_on, start_due
from shop.core import clock
from shop.core.events import subscribe
from shop.settings.queues import LONG_QUEUE


@subscribe(PlanWentLive, in_transaction=False, queue=LONG_QUEUE)
def begin_at_once(fact: PlanWentLive) -> None:
    start_due(now=clock.now())


@subscribe(RunGoesOn, in_transaction=False, queue=LONG_QUEUE)
def go_on_with_run(fact: RunGoesOn) -> None:
    carry_on(run_id=fact.run_id)
