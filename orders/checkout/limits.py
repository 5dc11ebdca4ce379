"""What members have bought before, where a product is limited per member."""

from collections.abc import Sequence

from django.db.models import Sum

from orders.cart.validity import Wanted
from orders.checkout.models import OrderLine, OrderStatus
from promotions.checkout.services import was_owed


def bought_before(*, member_id: int, lines: Sequence[Wanted]) -> dict[int, int]:
    """The member's units by product id in orders that stand, of those products that are limited per member.

    What was owed to them, such as a prize, they have not bought.
    """
    limited = {line.sku.product_id for line in lines if line.sku.limit_per_member is not None}
    if not limited:
        return {}
    standing = OrderLine.objects.filter(order__member_id=member_id, product_id__in=limited).exclude(
        order__status__in=[OrderStatus.CANCELLED, OrderStatus.REFUNDED]
    )
    bought = standing.exclude(was_owed("order__number"))
    return dict(bought.order_by().values_list("product_id").annotate(units=Sum("quantity")))
