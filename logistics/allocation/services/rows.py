"""Requests, lines and allocations as they are written; inside the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from zlib import compress

import orjson
from psycopg2.extras import Json

from logistics.allocation.facts import FulfilmentCancelled, OrderAllocated
from logistics.allocation.inputs import Inputs
from logistics.allocation.models import Allocation, AllocationLine, FulfilmentLine, FulfilmentRequest
from shop.core.numbers import new_number
from shop.core.outbox import publish
from shop.core.prepared import Prepared

Status = FulfilmentRequest.Status
# Fast rather than small: every order passes here.
COMPRESSION = 1
# Written out, because every order passes here.
_REQUEST = Prepared(
    "request_fulfilment",
    """
WITH request AS (
    INSERT INTO allocation_fulfilmentrequest (order_number, recipient, status, priority, created_at, obstacle)
    VALUES (%s, %s, %s, %s, %s, '{}') ON CONFLICT (order_number) DO NOTHING RETURNING id
), lines AS (
    INSERT INTO allocation_fulfilmentline (request_id, sku_id, quantity, withdrawn, weight_g, volume_cm3, value_fen)
    SELECT request.id, line.sku_id, line.quantity, 0, line.weight_g, line.volume_cm3, line.value_fen
    FROM request, unnest(%s::bigint[], %s::int[], %s::int[], %s::int[], %s::int[])
        AS line(sku_id, quantity, weight_g, volume_cm3, value_fen)
)
SELECT id FROM request
""",
)
_ALLOCATIONS = Prepared(
    "write_allocations",
    """
WITH made AS (
    INSERT INTO allocation_allocation
        (request_id, number, warehouse_id, status, decision, weight_g, volume_cm3, created_at)
    SELECT request_id, number, warehouse_id, 'open', decision::jsonb, weight_g, volume_cm3, %(now)s::timestamptz
    FROM unnest(%(requests)s::bigint[], %(numbers)s::text[], %(warehouses)s::bigint[], %(decisions)s::text[],
        %(weights)s::int[], %(volumes)s::int[])
        AS parcel(request_id, number, warehouse_id, decision, weight_g, volume_cm3)
    RETURNING id, number
), kept AS (
    INSERT INTO allocation_keptinputs (digest, inputs, kept_at)
    SELECT %(digest)s::text, %(inputs)s::bytea, %(now)s::timestamptz WHERE %(digest)s::text <> ''
    ON CONFLICT (digest) DO NOTHING
)
INSERT INTO allocation_allocationline (allocation_id, sku_id, quantity)
SELECT made.id, packed.sku_id, packed.quantity
FROM unnest(%(packed_in)s::text[], %(skus)s::bigint[], %(quantities)s::int[]) AS packed(number, sku_id, quantity)
JOIN made USING (number) ORDER BY made.id, packed.sku_id
""",
)
# An allocation with its units by SKU id.
Held = tuple[Allocation, dict[int, int]]


class Measured(Protocol):
    """Anything that knows a SKU and what one unit of it weighs and takes."""

    @property
    def sku_id(self) -> int: ...
    @property
    def weight_g(self) -> int: ...
    @property
    def volume_cm3(self) -> int: ...


class NewAllocation(NamedTuple):
    """An allocation as it is written: `decision` is its record as JSON."""

    request_id: int
    number: str
    warehouse_id: int
    decision: str
    weight_g: int
    volume_cm3: int
    items: Mapping[int, int]


@dataclass(frozen=True)
class FulfilmentItem:
    """Units of a SKU to be shipped; weight, volume and what it is worth are those of one unit."""

    sku_id: int
    quantity: int
    weight_g: int
    volume_cm3: int
    value_fen: int = 0


def insert_request(
    order_number: str,
    recipient: dict[str, Any],
    status: str,
    now: datetime,
    *,
    lines: Sequence[FulfilmentItem] = (),
    priority: int = 0,
) -> int | None:
    """The new row's id; None when the order has one already, whose lines stay as they are."""
    written = _REQUEST.row(
        [
            order_number,
            Json(recipient),
            str(status),
            priority,
            now,
            [line.sku_id for line in lines],
            [line.quantity for line in lines],
            [line.weight_g for line in lines],
            [line.volume_cm3 for line in lines],
            [line.value_fen for line in lines],
        ]
    )
    return written[0] if written else None


def lock_request(order_number: str, now: datetime) -> FulfilmentRequest:
    """The order's request, locked; one that is only expected where none was made yet."""
    insert_request(order_number, {}, Status.EXPECTED, now)
    return FulfilmentRequest.objects.select_for_update(no_key=True).get(order_number=order_number)


def line_of(request: FulfilmentRequest, item: FulfilmentItem, *, withdrawn: int = 0) -> FulfilmentLine:
    return FulfilmentLine(
        request=request,
        sku_id=item.sku_id,
        quantity=item.quantity - withdrawn,
        withdrawn=withdrawn,
        weight_g=item.weight_g,
        volume_cm3=item.volume_cm3,
        value_fen=item.value_fen,
    )


def save_lines(lines: Sequence[FulfilmentLine]) -> None:
    """Insert or replace."""
    FulfilmentLine.objects.bulk_create(
        lines,
        update_conflicts=True,
        unique_fields=["request", "sku"],
        update_fields=["quantity", "withdrawn", "weight_g", "volume_cm3", "value_fen"],
    )


def mark_cancelled(request: FulfilmentRequest, now: datetime) -> None:
    request.status, request.retry_at = Status.CANCELLED, None
    request.save(update_fields=["status", "retry_at"])
    publish(FulfilmentCancelled(order_number=request.order_number, at=now))


def write_allocations(
    request: FulfilmentRequest,
    lines: Sequence[FulfilmentLine],
    parcels: Mapping[int, Mapping[int, int]],
    decisions: Mapping[int, dict[str, Any]],
    now: datetime,
    *,
    inputs: Inputs | None = None,
) -> list[str]:
    """One allocation per warehouse id, of units that are allocated there already; returns their numbers. `inputs` are
    what they were decided by, where nothing else keeps it."""
    written = [
        allocation_of(request.pk, warehouse_id, items, as_json(decisions[warehouse_id]), lines, now)
        for warehouse_id, items in sorted(parcels.items())
    ]
    insert_allocations(written, now, inputs=inputs)
    numbers = [parcel.number for parcel in written]
    publish(OrderAllocated(order_number=request.order_number, allocation_numbers=numbers, at=now))
    return numbers


def allocation_of(
    request_id: int,
    warehouse_id: int,
    items: Mapping[int, int],
    decision: str,
    lines: Sequence[Measured],
    now: datetime,
) -> NewAllocation:
    weight_g = volume_cm3 = 0
    for line in lines:
        if units := items.get(line.sku_id):
            weight_g += line.weight_g * units
            volume_cm3 += line.volume_cm3 * units
    return NewAllocation(request_id, new_number("A", now), warehouse_id, decision, weight_g, volume_cm3, items)


def as_json(decision: Mapping[str, Any]) -> str:
    return orjson.dumps(decision, option=orjson.OPT_NON_STR_KEYS).decode()


def insert_allocations(parcels: Sequence[NewAllocation], now: datetime, *, inputs: Inputs | None = None) -> None:
    """Allocations with their lines, of any number of requests, in one statement."""
    columns = dict(zip(NewAllocation._fields, map(list, zip(*parcels, strict=True)), strict=True))
    packed = [(parcel.number, *line) for parcel in parcels for line in parcel.items.items()]
    _ALLOCATIONS.run(
        {
            "now": now,
            "digest": inputs.digest() if inputs else "",
            "inputs": compress(inputs.kept(), COMPRESSION) if inputs else b"",
            "requests": columns["request_id"],
            "numbers": columns["number"],
            "warehouses": columns["warehouse_id"],
            "decisions": columns["decision"],
            "weights": columns["weight_g"],
            "volumes": columns["volume_cm3"],
            "packed_in": [number for number, _sku_id, _quantity in packed],
            "skus": [sku_id for _number, sku_id, _quantity in packed],
            "quantities": [quantity for _number, _sku_id, quantity in packed],
        }
    )


def lock_open(request: FulfilmentRequest) -> list[Held]:
    """The open allocations of a locked request with their units, locked against being shipped."""
    opened = request.allocations.filter(status=Allocation.Status.OPEN).select_related("warehouse")
    allocations = list(opened.order_by("pk").select_for_update(no_key=True, of=("self",)))
    items: dict[int, dict[int, int]] = {allocation.pk: {} for allocation in allocations}
    for line in AllocationLine.objects.filter(allocation__in=allocations):
        items[line.allocation_id][line.sku_id] = line.quantity
    return [(allocation, items[allocation.pk]) for allocation in allocations]
