"""The unpaid of many orders are cancelled as one bulk work, because each may have to be closed at its gateway first."""

from datetime import datetime

from django.db.models import QuerySet

from orders.checkout.models import Order, OrderStatus
from orders.workbench.errors import NothingToCancel, TooManyOrders
from orders.workbench.models import BulkWork, WorkStatus
from orders.workbench.services.writing_down import MOST, write_down
from shop.core.actors import Actor
from shop.core.transactions import use_case


@use_case
def choose_to_cancel(*, orders: QuerySet[Order], actor: Actor, now: datetime) -> BulkWork:
    """Write down those of `orders` that are not cancelled yet; none is before `working.start_work`.

    Those that cannot be cancelled are refused one by one, with the reason. Raises NothingToCancel, TooManyOrders.
    """
    work = BulkWork.objects.create(
        kind=BulkWork.Kind.CANCEL, status=WorkStatus.CHECKED, asked_by=str(actor)[:80], asked_at=now
    )
    chosen = Order.objects.filter(pk__in=orders.order_by().values("pk")).exclude(status=OrderStatus.CANCELLED)
    work.total = write_down(work, chosen, order_number="number")
    if not work.total:
        raise NothingToCancel
    if work.total > MOST:
        raise TooManyOrders(most=MOST)
    work.save(update_fields=["total"])
    return work
