"""Locks of this room: an after-sale stands and falls with its order, whose lock makes them wait for each other."""

from orders.after_sales.errors import AfterSaleNotFound
from orders.after_sales.models import AfterSale
from orders.checkout.locks import lock_order
from orders.checkout.models import Order


def lock_after_sale(*, number: str, member_id: int | None = None) -> tuple[Order, AfterSale]:
    """Lock the order of an after-sale and return both; with `member_id`, another member's does not exist.

    Raises AfterSaleNotFound.
    """
    known = AfterSale.objects.filter(number=number).values_list("order__number", "member_id").first()
    if known is None or member_id not in (None, known[1]):
        raise AfterSaleNotFound
    order = lock_order(number=known[0])
    return order, AfterSale.objects.select_for_update(no_key=True, of=("self",)).get(number=number)
