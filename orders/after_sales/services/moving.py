"""What every step of an after-sale has in common: it is written down, told, and has a time until the next.

Building blocks: the caller holds the order's row.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db.models import F

from orders.after_sales.errors import UnitsNotLeft
from orders.after_sales.facts import AfterSaleMoved
from orders.after_sales.models import OPEN, AfterSale, AfterSaleLine, Status
from orders.after_sales.preferences import ANSWER_DAYS, ARRIVE_DAYS, DECIDE_DAYS, RECEIVE_DAYS, SEND_BACK_DAYS
from orders.checkout.models import Order, OrderLine
from orders.checkout.services.progress import hold_completion, resume_completion
from promotions.checkout.returns import let_go_on
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.preferences import Preference

# How long each status may last; what then happens is in `orders.after_sales.services.deadlines`.
DAYS: Mapping[str, Preference[int]] = {
    Status.REQUESTED: ANSWER_DAYS,
    Status.AWAITING_GOODS: SEND_BACK_DAYS,
    Status.UNDER_WAY: RECEIVE_DAYS,
    Status.DISPUTED: DECIDE_DAYS,
    Status.RECEIVED: DECIDE_DAYS,
    Status.SECOND_APPROVAL: DECIDE_DAYS,
    Status.REPLACING: DECIDE_DAYS,
    Status.REPLACEMENT_SENT: ARRIVE_DAYS,
}


def due_at(status: str, now: datetime) -> datetime | None:
    days = DAYS.get(status)
    return now + timedelta(days=days.value()) if days else None


def move(after_sale: AfterSale, status: Status, *, actor: Actor, now: datetime, note: str = "") -> None:
    """Take it to `status` with what was changed on it, and tell. Raises IllegalTransition."""
    after_sale.due_at = due_at(status, now)
    after_sale.move_to(status, actor=actor, now=now, note=note)
    publish(AfterSaleMoved(number=after_sale.number, status=status, at=now))


def end(order: Order, after_sale: AfterSale, status: Status, *, actor: Actor, now: datetime, note: str = "") -> None:
    """Nothing more happens to it; units that were not refunded are free again, and the order's clock goes on."""
    move(after_sale, status, actor=actor, now=now, note=note)
    free(after_sale.lines.all())
    if status != Status.COMPLETED:
        units = units_of(after_sale.lines.all())
        let_go_on(order_number=order.number, units=units, since=after_sale.asked_at, now=now)
    if not AfterSale.objects.filter(order=order, status__in=OPEN).exists():
        resume_completion(order=order, now=now)


def claim(lines: Iterable[AfterSaleLine], *, order: Order, now: datetime) -> None:
    """Hold their units for an after-sale, and the order's completion with them. Raises UnitsNotLeft."""
    for line in lines:
        enough = OrderLine.objects.filter(
            pk=line.order_line_id, order=order, quantity__gte=F("units_claimed") + line.quantity
        )
        if not enough.update(units_claimed=F("units_claimed") + line.quantity):
            raise UnitsNotLeft
    hold_completion(order=order, now=now)


def units_of(lines: Iterable[AfterSaleLine]) -> int:
    """Of what was bought, not of gifts that go along."""
    return sum(line.quantity for line in lines if not line.order_line.is_gift)


def free(lines: Iterable[AfterSaleLine]) -> None:
    """What of them was not refunded can be asked for again."""
    for line in lines:
        if left := line.quantity - line.units_refunded:
            OrderLine.objects.filter(pk=line.order_line_id).update(units_claimed=F("units_claimed") - left)
