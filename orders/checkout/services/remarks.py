"""What staff write down about an order for each other, with a flag by which they find it; every version is kept."""

from datetime import datetime

from orders.checkout.locks import lock_order
from orders.checkout.models import Order, OrderRemark
from shop.core.actors import Actor


def write_staff_remark(*, number: str, remark: str, flag: str, actor: Actor, now: datetime) -> Order:
    """Inside the caller's transaction; what is there already is not written again. Raises OrderNotFound."""
    order = lock_order(number=number)
    if (order.staff_remark, order.flag) == (remark, flag):
        return order
    order.staff_remark, order.flag = remark, flag
    order.save(update_fields=["staff_remark", "flag"])
    OrderRemark.objects.create(order=order, text=remark, flag=flag, actor=str(actor)[:80], written_at=now)
    return order
