"""Locks of this room. An order is locked before anything that hangs on it: payments, promotions, points, stock."""

from members.identity.models import Member
from orders.checkout.errors import OrderNotFound
from orders.checkout.models import Order

# Written out, because each step of an order begins with it.
_LOCK = """
SELECT * FROM checkout_order WHERE number = %s AND member_id = coalesce(%s, member_id) FOR NO KEY UPDATE
"""


def lock_order(*, number: str, member_id: int | None = None) -> Order:
    """Lock and return the order; with `member_id`, another member's order does not exist. Raises OrderNotFound."""
    order = next(iter(Order.objects.raw(_LOCK, [number, member_id])), None)
    if order is None:
        raise OrderNotFound
    return order


def lock_unlocked_order(*, number: str) -> Order | None:
    """The same for jobs: None when the order is gone or somebody else is working on it."""
    return Order.objects.filter(number=number).select_for_update(no_key=True, of=("self",), skip_locked=True).first()


def lock_buyer(*, member_id: int) -> None:
    """One order of this member at a time, where what they bought before decides what they may buy now."""
    Member.objects.select_for_update(no_key=True, of=("self",)).only("pk").get(pk=member_id)
