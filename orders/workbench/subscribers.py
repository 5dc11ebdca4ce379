"""Long works, a slice at a time."""

from orders.workbench.facts import ExportGoesOn, WorkGoesOn
from orders.workbench.services import exporting, working
from shop.core.events import subscribe


@subscribe(WorkGoesOn, in_transaction=False)
def go_on(fact: WorkGoesOn) -> None:
    working.carry_on(work_id=fact.work_id)


@subscribe(ExportGoesOn, in_transaction=False)
def write_on(fact: ExportGoesOn) -> None:
    exporting.carry_on(export_id=fact.export_id)
