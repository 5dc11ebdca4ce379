"""What of an order's line the member has once exchanges have changed it, and so which SKU it is that comes back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from orders.after_sales.models import AfterSaleLine, Kind, Status


def came_back(line: AfterSaleLine) -> list[int]:
    """The SKU of each unit of `line` that came back: what was sent in exchange comes back before what was bought.

    Reads what came back of the same line of the order before; the after-sale of `line` has been received.
    """
    at = line.after_sale.received_at
    assert at is not None
    return _take(_held(line, _received_of([line])[line.order_line_id], at), line.units_received)


def coming_back(lines: Sequence[AfterSaleLine], *, now: datetime) -> dict[int, list[int]]:
    """By id of these lines, the SKU of each unit that the member has and sends back, or that came back; one query."""
    received = _received_of(lines)
    found = {}
    for line in lines:
        at = line.after_sale.received_at
        units = line.units_to_send if at is None else line.units_received
        found[line.pk] = _take(_held(line, received[line.order_line_id], at or now), units)
    return found


def _received_of(lines: Iterable[AfterSaleLine]) -> defaultdict[int, list[AfterSaleLine]]:
    """What has come back of the same lines of their orders, the first first."""
    received = AfterSaleLine.objects.filter(
        order_line__in=[line.order_line_id for line in lines], after_sale__received_at__isnull=False
    )
    by_line: defaultdict[int, list[AfterSaleLine]] = defaultdict(list)
    for each in received.select_related("after_sale").order_by("after_sale__received_at", "pk"):
        by_line[each.order_line_id].append(each)
    return by_line


def _held(line: AfterSaleLine, received: Iterable[AfterSaleLine], at: datetime) -> list[int]:
    """The SKU of each unit that the member has when `line` is received; what is to come back first stands last."""
    held = [line.order_line.sku_id] * line.order_line.quantity
    for earlier in received:
        done = earlier.after_sale
        if done.received_at is None or (done.received_at, earlier.pk) >= (at, line.pk):
            break
        back = _take(held, earlier.units_received)
        exchanged = (done.kind, done.status) == (Kind.EXCHANGE, Status.COMPLETED)
        if exchanged and done.ended_at is not None and done.ended_at <= at:
            held += [earlier.replacement_sku_id or sku_id for sku_id in back]
    return held


def _take(held: list[int], units: int) -> list[int]:
    taken = held[len(held) - units :]
    del held[len(held) - units :]
    return taken
