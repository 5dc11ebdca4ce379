"""What of an order's line the member has once exchanges have changed it, and so which SKU it is that comes back."""

from django.db.models import Q

from orders.after_sales.models import AfterSaleLine, Kind, Status


def came_back(line: AfterSaleLine) -> list[int]:
    """The SKU of each unit of `line` that came back: what was sent in exchange comes back before what was bought.

    Reads what came back of the same line of the order before; the after-sale of `line` has been received.
    """
    at = line.after_sale.received_at
    assert at is not None
    held = [line.order_line.sku_id] * line.order_line.quantity
    before = AfterSaleLine.objects.filter(order_line=line.order_line_id).filter(
        Q(after_sale__received_at__lt=at) | Q(after_sale__received_at=at, pk__lt=line.pk)
    )
    for earlier in before.select_related("after_sale").order_by("after_sale__received_at", "pk"):
        back = _take(held, earlier.units_received)
        done = earlier.after_sale
        exchanged = (done.kind, done.status) == (Kind.EXCHANGE, Status.COMPLETED)
        if exchanged and done.ended_at is not None and done.ended_at <= at:
            held += [earlier.replacement_sku_id or sku_id for sku_id in back]
    return _take(held, line.units_received)


def _take(held: list[int], units: int) -> list[int]:
    taken = held[len(held) - units :]
    del held[len(held) - units :]
    return taken
