"""Locks of this room. An order is locked before anything that hangs on it: payments, promotions, points, stock."""

from members.identity.locks import lock_member
from orders.checkout.errors import OrderNotFound
from orders.checkout.models import Order
from shop.core.prepared import Prepared, columns

# Written out, because each step of an order begins with it.
_LOCK = Prepared(
    "lock_order",
    f"""
SELECT {columns(Order)} FROM checkout_order
WHERE number = %s AND member_id = coalesce(%s::bigint, member_id) FOR NO KEY UPDATE
""",
)
_LOCK_BY_KEY = Prepared(
    "lock_order_by_key", f"SELECT {columns(Order)} FROM checkout_order WHERE id = %s FOR NO KEY UPDATE"
)


def lock_order(*, number: str, member_id: int | None = None) -> Order:
    """Lock and return the order; with `member_id`, another member's order does not exist. Raises OrderNotFound."""
    order = lock_if_order(number=number, member_id=member_id)
    if order is None:
        raise OrderNotFound
    return order


def lock_if_order(*, number: str, member_id: int | None = None) -> Order | None:
    """The same where goods also travel under numbers that are no order's."""
    return _LOCK.first(Order, [number, member_id])


def lock_order_by_key(*, order_id: int) -> Order:
    """For who holds a row that points at it."""
    order = _LOCK_BY_KEY.first(Order, [order_id])
    if order is None:
        raise OrderNotFound
    return order


def lock_unlocked_order(*, number: str) -> Order | None:
    """The same for jobs: None when the order is gone or somebody else is working on it."""
    return Order.objects.filter(number=number).select_for_update(no_key=True, of=("self",), skip_locked=True).first()


def lock_buyer(*, member_id: int) -> None:
    """One order of this member at a time, where what they bought before decides what they may buy now."""
    lock_member(member_id=member_id)
