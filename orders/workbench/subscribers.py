"""Long works, a slice at a time, and what orders leave behind at this desk."""

from orders.checkout.facts import OrderCancelled
from orders.workbench.facts import ExportGoesOn, WorkGoesOn
from orders.workbench.services import exporting, pricing, working
from shop.core.events import subscribe
from shop.settings.queues import LONG_QUEUE


@subscribe(WorkGoesOn, in_transaction=False, queue=LONG_QUEUE)
def go_on(fact: WorkGoesOn) -> None:
    working.carry_on(work_id=fact.work_id)


@subscribe(ExportGoesOn, in_transaction=False, queue=LONG_QUEUE)
def write_on(fact: ExportGoesOn) -> None:
    exporting.carry_on(export_id=fact.export_id)


@subscribe(OrderCancelled)
def nothing_to_reprice(fact: OrderCancelled) -> None:
    pricing.drop_price_change(order_number=fact.number, now=fact.at)
