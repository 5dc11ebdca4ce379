"""A paid order on its way to the member. Its status follows the parcels; the last step is the member's or time's."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, QuerySet

from logistics.shipments.models import Shipment, ShipmentStatus
from orders.checkout.errors import FetchedInStore, OrderNotReceivable
from orders.checkout.facts import OrderCompleted
from orders.checkout.locks import lock_order, lock_unlocked_order
from orders.checkout.models import Order, OrderStatus
from orders.checkout.preferences import COMPLETE_AFTER_DAYS, COMPLETE_SHIPPED_DAYS
from shop.core.actors import Actor
from shop.core.outbox import publish
from shop.core.transactions import use_case

# The road of a paid order. An order may skip "partly shipped"; nothing ever goes back.
ROAD: Sequence[OrderStatus] = (
    OrderStatus.PAID,
    OrderStatus.ALLOCATED,
    OrderStatus.PARTLY_SHIPPED,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
    OrderStatus.COMPLETED,
)
RECEIVABLE = (OrderStatus.SHIPPED, OrderStatus.DELIVERED)
_IN_TROUBLE = (ShipmentStatus.EXCEPTION, ShipmentStatus.RETURNED)


def advance(*, order: Order, target: OrderStatus, actor: Actor, now: datetime) -> bool:
    """Take the locked order along the road to `target`; inside the caller's transaction.

    Reports may come late, twice or in any order: an order that is there already, further on, or off the road
    (cancelled, refunded) stays where it is. Returns whether it moved.
    """
    if order.status not in ROAD or ROAD.index(OrderStatus(order.status)) >= ROAD.index(target):
        return False
    here = ROAD.index(OrderStatus(order.status)) + 1
    for status in ROAD[here : ROAD.index(target) + 1]:
        if status != OrderStatus.PARTLY_SHIPPED or status == target:
            _move(order, status, actor=actor, now=now)
    return True


def _move(order: Order, status: OrderStatus, *, actor: Actor, now: datetime) -> None:
    if status == OrderStatus.DELIVERED:
        # What held it on its way does not lengthen the days after delivery.
        order.held_for = timedelta()
        order.move_to(status, actor=actor, now=now, also=("held_for",))
    else:
        order.move_to(status, actor=actor, now=now)


@use_case
def receive_order(*, number: str, member_id: int, now: datetime) -> Order:
    """The member confirms to have the goods; again, it stays so.

    Raises OrderNotFound, OrderNotReceivable, or FetchedInStore where the staff of a store hands them over.
    """
    order = lock_order(number=number, member_id=member_id)
    if order.status == OrderStatus.COMPLETED:
        return order
    if order.pickup_store_id is not None:
        raise FetchedInStore
    if order.status not in RECEIVABLE:
        raise OrderNotReceivable
    complete(order=order, actor=Actor.member(member_id), now=now)
    return order


def complete_delivered(*, now: datetime, limit: int = 500) -> int:
    """Complete the orders that were delivered long enough ago, each in its own transaction; returns how many.

    The time while it was held does not count. Those to be fetched are not: their goods still lie in the store.
    """
    delivered = Order.objects.filter(status=OrderStatus.DELIVERED)
    return _complete_since("delivered_at", delivered, days=COMPLETE_AFTER_DAYS.value(), now=now, limit=limit)


def complete_shipped(*, now: datetime, limit: int = 500) -> int:
    """Complete the orders that were shipped long ago and of which no courier says more: a mistyped number, a carrier
    that does not report. Returns how many; one with a parcel in trouble waits for staff.
    """
    in_trouble = Shipment.objects.filter(order_number=OuterRef("number"), status__in=_IN_TROUBLE)
    shipped = Order.objects.filter(~Exists(in_trouble), status=OrderStatus.SHIPPED)
    return _complete_since("shipped_at", shipped, days=COMPLETE_SHIPPED_DAYS.value(), now=now, limit=limit)


def _complete_since(stamp: str, orders: QuerySet[Order], *, days: int, now: datetime, limit: int) -> int:
    long_ago = now - timedelta(days=days)
    due = orders.filter(held_since=None, pickup_store=None, **{f"{stamp}__lte": long_ago - F("held_for")})
    rows = due.order_by(stamp).values_list("number", "status")[:limit]
    return sum(_complete_if(number=number, status=status, now=now) for number, status in rows)


@use_case
def _complete_if(*, number: str, status: str, now: datetime) -> bool:
    order = lock_unlocked_order(number=number)
    if order is None or order.status != status or order.held_since is not None:
        return False
    complete(order=order, actor=Actor.system("orders.complete_delivered"), now=now)
    return True


def hold_completion(*, order: Order, now: datetime) -> None:
    """Stop the locked order's clock, inside the caller's transaction; held already, it stays so."""
    if order.held_since is None:
        order.held_since = now
        order.save(update_fields=["held_since"])


def resume_completion(*, order: Order, now: datetime) -> None:
    """Let the locked order's clock go on, inside the caller's transaction: from shipping, anew from delivery."""
    if order.held_since is None:
        return
    began = order.delivered_at or order.shipped_at
    if began is not None:
        order.held_for += max(now - max(order.held_since, began), timedelta())
    order.held_since = None
    order.save(update_fields=["held_since", "held_for"])


def complete(*, order: Order, actor: Actor, now: datetime) -> None:
    """The member has the goods of the locked order; inside the caller's transaction. Raises IllegalTransition."""
    order.move_to(OrderStatus.COMPLETED, actor=actor, now=now)
    publish(OrderCompleted(number=order.number, member_id=order.member_id, at=now))
