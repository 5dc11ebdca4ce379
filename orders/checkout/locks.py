"""Locks of this room. An order is locked before anything that hangs on it: payments, promotions, points, stock."""

from members.identity.models import Member
from orders.checkout.errors import OrderNotFound
from orders.checkout.models import Order


def lock_order(*, number: str, member_id: int | None = None) -> Order:
    """Lock and return the order; with `member_id`, another member's order does not exist. Raises OrderNotFound."""
    orders = Order.objects.filter(number=number)
    if member_id is not None:
        orders = orders.filter(member_id=member_id)
    order = orders.select_for_update(no_key=True, of=("self",)).first()
    if order is None:
        raise OrderNotFound
    return order


def lock_unlocked_order(*, number: str) -> Order | None:
    """The same for jobs: None when the order is gone or somebody else is working on it."""
    return Order.objects.filter(number=number).select_for_update(no_key=True, of=("self",), skip_locked=True).first()


def lock_buyer(*, member_id: int) -> None:
    """One order of this member at a time, where what they bought before decides what they may buy now."""
    Member.objects.select_for_update(no_key=True, of=("self",)).only("pk").get(pk=member_id)
