"""Paid orders that wait to be planned, and their commits; runs inside Django (`Shop.call`)."""

import random
import time
from datetime import timedelta

from django.db import connection, transaction

from logistics.allocation.deciding import decide
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
    requests = list(FulfilmentRequest.objects.filter(order_number__startswith=prefix, status=STATUS.WAITING))
    lines, now = lines_of(requests), clock.now()
    asked = [(request, lines[request.pk]) for request in requests]
    outcome = decide(read_inputs(asked=asked, terms=live_terms(), now=now))
    decisions = [each for each in outcome.decisions if each.parcels]
    started, committed = time.perf_counter(), 0
    for start in range(0, len(decisions), MICRO_BATCH):
        committed += len(commit_decisions(decisions=decisions[start : start + MICRO_BATCH], now=now))
    return {"orders": committed, "seconds": time.perf_counter() - started}


# The same rows as `commit_decisions` writes, all from the first warehouse: it knows in advance that nothing is short.
BY_HAND = """
WITH request AS (
    SELECT id, order_number FROM allocation_fulfilmentrequest
    WHERE order_number LIKE %(prefix)s AND status = 'waiting' ORDER BY id LIMIT %(size)s FOR NO KEY UPDATE
), line AS (
    SELECT request.id AS request_id, request.order_number, l.sku_id, l.quantity, l.weight_g
    FROM request JOIN allocation_fulfilmentline l ON l.request_id = request.id
), gone AS (
    DELETE FROM catalog_stockreservation r USING line
    WHERE r.reference = line.order_number AND r.sku_id = line.sku_id RETURNING r.sku_id, r.quantity
), sold AS (
    UPDATE catalog_skustock s SET reserved = reserved - g.units
    FROM (SELECT sku_id, sum(quantity) AS units FROM gone GROUP BY 1) g WHERE s.sku_id = g.sku_id
), taken AS (
    UPDATE network_warehousestock s SET allocated = allocated + g.units
    FROM (SELECT sku_id, sum(quantity) AS units FROM line GROUP BY 1) g
    WHERE s.sku_id = g.sku_id AND s.warehouse_id = %(warehouse)s
), made AS (
    INSERT INTO allocation_allocation
        (request_id, number, warehouse_id, status, decision, weight_g, volume_cm3, created_at)
    SELECT id, 'H' || order_number, %(warehouse)s, 'open', %(decision)s::jsonb, 500, 1000, now() FROM request
    RETURNING id, request_id, number
), packed AS (
    INSERT INTO allocation_allocationline (allocation_id, sku_id, quantity)
    SELECT made.id, line.sku_id, line.quantity FROM made JOIN line USING (request_id)
), told AS (
    INSERT INTO core_outboxentry
        (event_id, fact, subscriber, payload, status, attempts, due_at, last_error, created_at)
    SELECT gen_random_uuid(), 'OrderAllocated', subscriber, jsonb_build_object('order_number', request_id,
        'allocation_numbers', jsonb_build_array(number), 'at', now()), 'done', 0, now(), '', now()
    FROM made CROSS JOIN unnest(%(subscribers)s::text[]) AS subscriber
)
UPDATE allocation_fulfilmentrequest r SET status = 'allocated', retry_at = NULL, obstacle = '{}'
FROM request WHERE r.id = request.id
"""


def by_hand(*, prefix: str) -> dict[str, float]:
    """What waits, allocated by one plain statement a batch; returns orders and seconds."""
    last = "SELECT decision FROM allocation_allocation ORDER BY id DESC LIMIT 1"
    warehouse = Warehouse.objects.order_by("priority", "pk")[0].pk
    with connection.cursor() as cursor:
        cursor.execute(last.replace("decision", "decision::text"))
        (decision,) = cursor.fetchone()
        cursor.execute("SELECT array_agg(DISTINCT subscriber) FROM core_outboxentry WHERE fact = 'OrderAllocated'")
        (subscribers,) = cursor.fetchone()
    given = {"prefix": f"{prefix}%", "size": MICRO_BATCH, "warehouse": warehouse, "decision": decision}
    started, orders = time.perf_counter(), 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(BY_HAND, {**given, "subscribers": subscribers})
            written = cursor.rowcount
        if not written:
            return {"orders": orders, "seconds": time.perf_counter() - started}
        orders += written


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
