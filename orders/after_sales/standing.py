"""How an order's lines stand: what was shipped of them, what after-sales hold, and what is left to ask for.

In three queries, whatever the order holds.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum

from logistics.shipments.models import ShipmentLine
from orders.after_sales.engine import Assessment, Policy, assess
from orders.after_sales.models import ENDED, AfterSale, AfterSaleLine, Kind, Status
from orders.after_sales.snapshots import snapshot_of
from orders.checkout.models import Order, OrderLine


@dataclass(frozen=True)
class Standing:
    """One line. Of its `claimed` units `unshipped` ones had not left when they were asked for; `back` are those that
    are refunded, or will be if what is open is agreed.
    """

    line: OrderLine
    shipped: int
    claimed: int = 0
    unshipped: int = 0
    back: int = 0

    @property
    def left(self) -> int:
        return self.line.quantity - self.claimed

    @property
    def withdrawable(self) -> int:
        """Units that can still be taken out of fulfilment."""
        return min(max(self.line.quantity - self.shipped - self.unshipped, 0), self.left)

    @property
    def returnable(self) -> int:
        """Units that the member has."""
        return min(max(self.shipped - (self.claimed - self.unshipped), 0), self.left)


def standings(order: Order) -> list[Standing]:
    """By position."""
    lines = list(order.lines.order_by("position"))
    held = _held(order)
    return [
        Standing(line, shipped, line.units_claimed, held.unshipped[line.pk], line.units_returned + held.open[line.pk])
        for line, shipped in zip(lines, spread_shipped(lines, units_shipped(order.number)), strict=True)
    ]


def units_shipped(order_number: str) -> dict[int, int]:
    """By SKU id, what has left a warehouse for the order."""
    lines = ShipmentLine.objects.filter(shipment__order_number=order_number, shipment__shipped_at__isnull=False)
    return dict(lines.values_list("sku_id").annotate(units=Sum("quantity")).order_by())


def spread_shipped(lines: Sequence[OrderLine], shipped: Mapping[int, int]) -> list[int]:
    """By line: goods that were bought are shipped before gifts of the same SKU."""
    left, found = Counter(shipped), dict[int, int]()
    for line in sorted(lines, key=lambda each: (each.is_gift, each.position)):
        found[line.pk] = min(left[line.sku_id], line.quantity)
        left[line.sku_id] -= found[line.pk]
    return [found[line.pk] for line in lines]


def assess_now(
    *,
    order: Order,
    lines: Iterable[Standing],
    asked: Mapping[int, int],
    policy: Policy,
    sellers_fault: bool,
    now: datetime,
    estimate: bool = False,
) -> Assessment:
    """What goes back for these units, by position of the line.

    With `estimate` what other after-sales ask for counts as if it were back; without, only what is refunded counts.
    """
    known, shipped = list(lines), Counter[int]()
    for each in known:
        shipped[each.line.sku_id] += each.shipped
    snapshot = snapshot_of(
        order=order,
        lines=[each.line for each in known],
        units_back={each.line.position: each.back if estimate else each.line.units_returned for each in known},
        units_shipped=shipped,
        freight_back_fen=order.refunded_freight_fen,
        deducted=deducted(order),
        now=now,
    )
    return assess(snapshot, asked, policy, sellers_fault=sellers_fault)


def deducted(order: Order) -> Counter[str]:
    """What refunds of this order have deducted on balance, by cause."""
    sums: Counter[str] = Counter()
    refunded = AfterSale.objects.filter(order=order, refunding_at__isnull=False)
    for assessment in refunded.values_list("assessment", flat=True):
        for each in assessment.get("deductions", ()):
            sums[each["key"]] += each["amount_fen"]
    return sums


@dataclass(frozen=True)
class _Held:
    unshipped: Counter[int]
    open: Counter[int]


def _held(order: Order) -> _Held:
    """By line: units that had not left, of all after-sales that stand, and units of open refunds."""
    gone = [status for status in ENDED if status != Status.COMPLETED]
    rows = AfterSaleLine.objects.filter(after_sale__order=order).exclude(after_sale__status__in=gone)
    held = _Held(Counter(), Counter())
    for line_id, quantity, unshipped, kind, refunding_at in rows.values_list(
        "order_line_id", "quantity", "units_unshipped", "after_sale__kind", "after_sale__refunding_at"
    ):
        held.unshipped[line_id] += unshipped
        if kind != Kind.EXCHANGE and refunding_at is None:
            held.open[line_id] += quantity
    return held
