"""Paid orders that wait to be planned, and their commits; runs inside Django (`Shop.call`)."""

import json
import random
import time
from datetime import timedelta

from django.db import connection, transaction

from logistics.allocation.deciding import Decision, decide
from logistics.allocation.facts import OrderAllocated
from logistics.allocation.models import FulfilmentRequest
from logistics.allocation.policies import live_terms
from logistics.allocation.services import FulfilmentItem, request_fulfilment
from logistics.allocation.services.committing import commit_decisions
from logistics.allocation.services.planning import MICRO_BATCH
from logistics.allocation.services.reading import lines_of, read_inputs
from logistics.network.models import Warehouse
from logistics.network.services import receive_stock
from shop.catalog.services.stock import reserve_stock
from shop.celery import app
from shop.core import clock
from shop.core.actors import Actor
from shop.core.events import subscriptions
from shop.core.transactions import unit_of_work
from shop.regions.queries import children, region

FAR_AWAY = timedelta(days=1)
STATUS = FulfilmentRequest.Status


def spread(*, sku_ids: list[int], units: int, reference: str, first: bool) -> None:
    """The same units into all warehouses, the first of them only if so wished."""
    for warehouse in Warehouse.objects.order_by("priority", "pk")[0 if first else 1 :]:
        receive_stock(
            warehouse_id=warehouse.pk,
            items=dict.fromkeys(sku_ids, units),
            reference=f"{reference}-{warehouse.code}",
            actor=Actor.system("bench"),
            now=clock.now(),
        )


def wait(*, prefix: str, orders: int, sku_ids: list[int], seed: int) -> int:
    """Orders of one to four lines, paid, their units held, all over the country; none of them is due."""
    dice, now = random.Random(seed), clock.now()
    places = [_recipient(place.code) for province in children(None) for place in children(province.code)[:1]]
    for number in range(orders):
        skus = dice.sample(sku_ids, dice.choice((1, 1, 2, 4)))
        lines = [FulfilmentItem(sku_id, dice.choice((1, 1, 2)), dice.randrange(100, 3000), 1000) for sku_id in skus]
        reference = f"{prefix}{number:06d}"
        with unit_of_work():
            reserve_stock(reference=reference, items={ln.sku_id: ln.quantity for ln in lines}, expires_at=None)
            request_fulfilment(
                order_number=reference,
                recipient=dice.choice(places),
                lines=lines,
                now=now,
                not_before=now + FAR_AWAY,
            )
    return orders


def make_due(*, prefix: str) -> int:
    return FulfilmentRequest.objects.filter(order_number__startswith=prefix).update(retry_at=clock.now())


def send_job(*, times: int) -> int:
    """Have the job that plans what is due run so many times, by whoever listens."""
    for _time in range(times):
        app.send_task("allocation.retry_waiting", queue="planning")
    return times


def commits(*, prefix: str) -> dict[str, float]:
    """Commit a plan of all that wait; returns orders and the seconds of the commits alone."""
    now = clock.now()
    _orders, decisions = _plan(prefix)
    started, committed = time.perf_counter(), 0
    for start in range(0, len(decisions), MICRO_BATCH):
        committed += len(commit_decisions(decisions=decisions[start : start + MICRO_BATCH], now=now))
    return {"orders": committed, "seconds": time.perf_counter() - started}


# The same rows as `commit_decisions` writes, without a lock or a look at what has changed since the plan was made.
BY_HAND = """
WITH parcel AS (
    SELECT * FROM unnest(%(requests)s::bigint[], %(orders)s::text[], %(numbers)s::text[], %(warehouses)s::bigint[],
        %(decisions)s::text[]) AS p(request_id, order_number, number, warehouse_id, decision)
), packed AS (
    SELECT * FROM unnest(%(packed_in)s::text[], %(skus)s::bigint[], %(quantities)s::int[])
        AS l(number, sku_id, quantity)
), weighed AS (
    SELECT number, sum(packed.quantity * weight_g) AS weight_g, sum(packed.quantity * volume_cm3) AS volume_cm3
    FROM packed JOIN parcel USING (number) JOIN allocation_fulfilmentline line USING (request_id, sku_id) GROUP BY 1
), gone AS (
    DELETE FROM catalog_stockreservation r USING parcel JOIN packed USING (number)
    WHERE r.reference = order_number AND r.sku_id = packed.sku_id RETURNING r.sku_id, r.quantity
), sold AS (
    UPDATE catalog_skustock s SET reserved = reserved - g.units
    FROM (SELECT sku_id, sum(quantity) AS units FROM gone GROUP BY 1) g WHERE s.sku_id = g.sku_id
), taken AS (
    UPDATE network_warehousestock s SET allocated = allocated + g.units
    FROM (
        SELECT warehouse_id, sku_id, sum(quantity) AS units FROM packed JOIN parcel USING (number) GROUP BY 1, 2
    ) g WHERE s.sku_id = g.sku_id AND s.warehouse_id = g.warehouse_id
), made AS (
    INSERT INTO allocation_allocation
        (request_id, number, warehouse_id, status, decision, weight_g, volume_cm3, created_at)
    SELECT request_id, number, warehouse_id, 'open', decision::jsonb, weight_g, volume_cm3, now()
    FROM parcel JOIN weighed USING (number)
    RETURNING id, number
), lines AS (
    INSERT INTO allocation_allocationline (allocation_id, sku_id, quantity)
    SELECT made.id, sku_id, quantity FROM made JOIN packed USING (number)
), told AS (
    INSERT INTO core_outboxentry
        (event_id, fact, subscriber, payload, status, attempts, due_at, last_error, created_at)
    SELECT fact.id, 'OrderAllocated', subscriber, payload, 'pending', 0, now() + interval '15 seconds', '', now()
    FROM (
        SELECT gen_random_uuid() AS id, jsonb_build_object('order_number', order_number, 'allocation_numbers',
            jsonb_agg(number), 'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) AS payload
        FROM parcel GROUP BY order_number
    ) fact CROSS JOIN unnest(%(subscribers)s::text[]) AS subscriber
)
UPDATE allocation_fulfilmentrequest SET status = 'allocated', retry_at = NULL, obstacle = '{}'
WHERE id = ANY(%(requests)s)
"""


def by_hand(*, prefix: str) -> dict[str, float]:
    """The rows of such a plan by one plain statement a batch, written out beforehand; returns orders and seconds."""
    orders, decisions = _plan(prefix)
    batches = [
        _written_out(orders, decisions[start : start + MICRO_BATCH]) for start in range(0, len(decisions), MICRO_BATCH)
    ]
    started, written = time.perf_counter(), 0
    for batch in batches:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(BY_HAND, batch)
            written += cursor.rowcount
    return {"orders": written, "seconds": time.perf_counter() - started}


def _plan(prefix: str) -> tuple[dict[int, str], list[Decision]]:
    """The order numbers of all that wait, and a plan of those that can be sent."""
    requests = list(FulfilmentRequest.objects.filter(order_number__startswith=prefix, status=STATUS.WAITING))
    lines = lines_of(requests)
    asked = [(request, lines[request.pk]) for request in requests]
    outcome = decide(read_inputs(asked=asked, terms=live_terms(), now=clock.now()))
    numbers = {request.pk: request.order_number for request in requests}
    return numbers, [each for each in outcome.decisions if each.parcels]


def _written_out(orders: dict[int, str], decisions: list[Decision]) -> dict[str, list[object]]:
    rows: dict[str, list[object]] = {
        name: [] for name in ("requests", "orders", "numbers", "warehouses", "decisions", "packed_in", "skus")
    }
    rows |= {"quantities": [], "subscribers": [each.name for each in subscriptions(OrderAllocated)]}
    for each in decisions:
        for warehouse_id, items in each.parcels.items():
            number = f"H{orders[each.request_id]}-{warehouse_id}"
            rows["requests"].append(each.request_id)
            rows["orders"].append(orders[each.request_id])
            rows["numbers"].append(number)
            rows["warehouses"].append(warehouse_id)
            rows["decisions"].append(json.dumps(each.record))
            for sku_id, units in items.items():
                rows["packed_in"].append(number)
                rows["skus"].append(sku_id)
                rows["quantities"].append(units)
    return rows


def _recipient(region_code: str) -> dict[str, object]:
    place = region(region_code)
    assert place is not None
    return {
        "name": "Bench",
        "phone": "13800000000",
        "region_code": place.code,
        "region_path": place.path_name,
        "province_code": place.province_code,
        "detail": "1",
        "longitude": place.longitude,
        "latitude": place.latitude,
    }
