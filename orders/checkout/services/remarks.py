"""What staff write down about an order for each other; the admin's audit trail keeps who and when."""

from orders.checkout.locks import lock_order
from orders.checkout.models import Order


def write_staff_remark(*, number: str, remark: str) -> Order:
    """Inside the caller's transaction. Raises OrderNotFound."""
    order = lock_order(number=number)
    order.staff_remark = remark
    order.save(update_fields=["staff_remark"])
    return order
