"""Long works, a slice at a time."""

from orders.workbench.facts import WorkGoesOn
from orders.workbench.services.working import carry_on
from shop.core.events import subscribe


@subscribe(WorkGoesOn, in_transaction=False)
def go_on(fact: WorkGoesOn) -> None:
    carry_on(work_id=fact.work_id)
