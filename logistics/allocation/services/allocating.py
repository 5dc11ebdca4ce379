"""A request takes its units from warehouses, all of them or none, or waits for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from logistics.allocation.engine import NetworkSnapshot, Site
from logistics.allocation.models import FulfilmentLine, FulfilmentRequest
from logistics.allocation.preferences import GATHER_MINUTES
from logistics.allocation.services.choosing import Choice, choose
from logistics.allocation.services.reading import lines_of
from logistics.allocation.services.rows import (
    FulfilmentItem,
    Status,
    insert_request,
    line_of,
    mark_cancelled,
    save_lines,
    write_allocations,
)
from logistics.network.errors import StockTaken
from logistics.network.queries import WarehouseState
from logistics.network.services import allocate_stock
from shop.catalog.services.holds import hold_more
from shop.catalog.services.stock import consume_reservation, reserve_stock
from shop.core.prepared import Prepared
from shop.core.transactions import use_case

_ALLOCATED = Prepared(
    "request_allocated",
    "UPDATE allocation_fulfilmentrequest SET status = 'allocated', retry_at = NULL, obstacle = '{}' WHERE id = %s",
)
RETRY_EVERY = timedelta(minutes=10)
PLANS_PER_TRY = 4

log = structlog.get_logger(__name__)


@use_case
def request_fulfilment(
    *,
    order_number: str,
    recipient: Mapping[str, Any],
    lines: Sequence[FulfilmentItem],
    now: datetime,
    not_before: datetime | None = None,
    priority: int = 0,
) -> FulfilmentRequest:
    """Ask for a paid order to be shipped and try to allocate it at once; when stock lacks it waits and is retried.

    What is not to go before an instant waits for that, its stock reserved; where the merchant lets orders gather, each
    waits for the round that plans them together. Where goods lack a higher `priority` is served first. Idempotent by
    order number: a second request, or one for a cancelled order, changes nothing.
    """
    if gathering := GATHER_MINUTES.value():
        not_before = max(not_before or now, now + timedelta(minutes=gathering))
    asked: dict[str, Any] = {"recipient": dict(recipient), "status": Status.WAITING, "priority": priority}
    request_id = insert_request(order_number=order_number, now=now, lines=lines, **asked)
    if request_id is None:
        return _request_expected(order_number, asked, lines, now, not_before)
    request = FulfilmentRequest(pk=request_id, order_number=order_number, created_at=now, **asked)
    _allocate_in_time(request, [line_of(request, line) for line in lines], now, not_before)
    return request


def send_goods(
    *, reference: str, recipient: Mapping[str, Any], lines: Sequence[FulfilmentItem], now: datetime
) -> FulfilmentRequest:
    """Send goods that no order holds, such as those of an exchange: reserve them for `reference`, a number that no
    order has, and ask for them to be shipped; inside the caller's transaction.

    Idempotent by reference. Raises OutOfStock.
    """
    request_id = insert_request(reference, dict(recipient), Status.WAITING, now, lines=lines)
    request = FulfilmentRequest.objects.get(order_number=reference)
    if request_id is None:
        return request
    reserve_stock(reference=reference, items={line.sku_id: line.quantity for line in lines}, expires_at=None)
    _try_to_allocate(request, [line_of(request, line) for line in lines], now)
    return request


@use_case
def retry_fulfilment(*, request_id: int, now: datetime) -> bool:
    """Try a waiting request again; returns whether it is allocated now. One that another worker holds is left alone."""
    request = (
        FulfilmentRequest.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .filter(pk=request_id, status=Status.WAITING)
        .first()
    )
    return request is not None and try_again(request, now)


def try_again(request: FulfilmentRequest, now: datetime) -> bool:
    """Allocate what a locked request still waits for; inside the caller's transaction. What is owed to it is held
    first: nothing is sent while units lack."""
    if request.unheld:
        owed = {int(sku_id): units for sku_id, units in request.unheld.items()}
        held = hold_more(reference=request.order_number, items=owed)
        still = {str(sku_id): units - held.get(sku_id, 0) for sku_id, units in owed.items()}
        request.unheld = {sku_id: units for sku_id, units in still.items() if units} or None
        request.save(update_fields=["unheld"])
    if request.unheld:
        request.obstacle = {"rule": "owed", "short": request.unheld, "candidates": []}
        request.retry_at = now + RETRY_EVERY
        request.save(update_fields=["obstacle", "retry_at"])
        return False
    return _try_to_allocate(request, lines_of([request])[request.pk], now)


def network_of(states: Sequence[WarehouseState]) -> NetworkSnapshot:
    return NetworkSnapshot(
        tuple(
            Site(
                warehouse_id=state.warehouse_id,
                code=state.code,
                name=state.name,
                longitude=state.longitude,
                latitude=state.latitude,
                priority=state.priority,
                is_active=state.is_active,
                free=state.free,
            )
            for state in states
        )
    )


def _request_expected(
    order_number: str,
    asked: Mapping[str, Any],
    lines: Sequence[FulfilmentItem],
    now: datetime,
    not_before: datetime | None,
) -> FulfilmentRequest:
    """A request for which a reduction came first asks for what is left; any other stays as it is."""
    request = FulfilmentRequest.objects.select_for_update(no_key=True).get(order_number=order_number)
    if request.status != Status.EXPECTED:
        return request
    withdrawn = dict(request.lines.values_list("sku_id", "withdrawn"))
    rows = [line_of(request, line, withdrawn=withdrawn.get(line.sku_id, 0)) for line in lines]
    save_lines(rows)
    for name, value in asked.items():
        setattr(request, name, value)
    request.save(update_fields=list(asked))
    wanted = [row for row in rows if row.quantity]
    if wanted:
        _allocate_in_time(request, wanted, now, not_before)
    else:
        mark_cancelled(request, now)
    return request


def _allocate_in_time(
    request: FulfilmentRequest, lines: Sequence[FulfilmentLine], now: datetime, not_before: datetime | None
) -> None:
    if not_before is None or not_before <= now:
        _try_to_allocate(request, lines, now)
        return
    request.not_before = request.retry_at = not_before
    request.save(update_fields=["not_before", "retry_at"])


def _try_to_allocate(request: FulfilmentRequest, lines: Sequence[FulfilmentLine], now: datetime) -> bool:
    for _attempt in range(PLANS_PER_TRY):
        choice = choose(request, lines, now)
        if not choice.parcels:
            break
        try:
            with transaction.atomic():
                _commit(request, lines, choice, now)
        except StockTaken:
            # Another order was faster: the savepoint has given everything back, the next plan sees what is left.
            log.info("allocation_lost_race", order=request.order_number)
            continue
        return True
    request.obstacle, request.retry_at = choice.record, now + RETRY_EVERY
    request.save(update_fields=["obstacle", "retry_at"])
    return False


def _commit(request: FulfilmentRequest, lines: Sequence[FulfilmentLine], choice: Choice, now: datetime) -> None:
    """Take the planned units, in a savepoint of the caller. Raises StockTaken when one of them is gone."""
    wanted = {line.sku_id: line.quantity for line in lines}
    consume_reservation(reference=request.order_number, items=wanted)
    for warehouse_id in sorted(choice.parcels):
        allocate_stock(warehouse_id=warehouse_id, items=choice.parcels[warehouse_id])
    decisions = dict.fromkeys(choice.parcels, choice.record)
    write_allocations(request, lines, choice.parcels, decisions, now, inputs=choice.inputs)
    _ALLOCATED.run([request.pk])
    request.status, request.retry_at, request.obstacle = Status.ALLOCATED, None, {}
