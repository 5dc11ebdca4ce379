"""What members have bought before, where a product is limited per member."""

from collections.abc import Sequence

from django.db.models import Sum

from orders.cart.validity import Wanted
from orders.checkout.models import OrderLine, OrderStatus


def bought_before(*, member_id: int, lines: Sequence[Wanted]) -> dict[int, int]:
    """The member's units by product id in orders that stand, of those products that are limited per member."""
    limited = {line.sku.product_id for line in lines if line.sku.limit_per_member is not None}
    if not limited:
        return {}
    standing = OrderLine.objects.filter(order__member_id=member_id, product_id__in=limited).exclude(
        order__status__in=[OrderStatus.CANCELLED, OrderStatus.REFUNDED]
    )
    return dict(standing.order_by().values_list("product_id").annotate(units=Sum("quantity")))
