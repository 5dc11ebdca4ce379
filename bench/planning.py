"""Ten thousand paid orders become planned parcels through Celery: four workers beside the shop's own, one is killed.

The orders wait with their units held; of each SKU there is just enough in three warehouses. Four workers are given the
job that plans what is due, again and again, and deliver what it publishes; in the midst one is killed by SIGKILL and
another takes its place. What the killed one had claimed is due again when its lease ends. No cell is oversold, every
order is allocated once and every parcel of every order is planned. Then, alone: commits of a plan, a hundred
orders a transaction, beside the same rows written by one plain SQL statement a hundred.
"""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from harness import PROJECT, BenchError, Report, Shop, options, running_shop

ORDERS, QUICK_ORDERS, SKUS, WAREHOUSES, WORKERS = 10_000, 1_000, 400, 3, 4
PATIENCE_SECONDS, EACH_SECONDS = 3_000, 2
MEASURED, QUICK_MEASURED, ROUNDS = 1_000, 500, 3
# Of the rate of plain SQL.
LEAST_RATIO = 0.5
WAITING = "SELECT count(*) FROM allocation_fulfilmentrequest WHERE order_number LIKE %s AND status = 'waiting'"
TWICE = """
SELECT count(*) FROM (
    SELECT request_id, sku_id FROM allocation_allocationline line JOIN allocation_allocation a ON a.id = allocation_id
    JOIN allocation_fulfilmentrequest r ON r.id = request_id WHERE order_number LIKE %s AND a.status = 'open'
    GROUP BY request_id, sku_id HAVING sum(line.quantity) <> (
        SELECT quantity FROM allocation_fulfilmentline f WHERE f.request_id = a.request_id AND f.sku_id = line.sku_id)
) wrong
"""
UNPLANNED = """
SELECT count(*) FROM allocation_allocation a JOIN allocation_fulfilmentrequest r ON r.id = request_id
LEFT JOIN shipments_shipment s ON s.allocation_id = a.id
WHERE r.order_number LIKE %s AND a.status = 'open' AND s.id IS NULL
"""
OVERSOLD = "SELECT count(*) FROM network_warehousestock WHERE allocated > on_hand"


def main() -> int:
    asked = options(__doc__).parse_args()
    orders, measured = (QUICK_ORDERS, QUICK_MEASURED) if asked.quick else (ORDERS, MEASURED)
    report = Report("planning", asked.seed)
    with running_shop(asked.state_dir) as shop:
        prefix = f"PL{int(time.time())}"
        # So much more than 2⅔ units an order that no SKU is short by chance.
        demand = orders * 8 / 3 / SKUS
        units = math.ceil((demand + 5 * math.sqrt(1.5 * demand)) / WAREHOUSES)
        skus = shop.call("bench.stocking", "load", prefix=prefix, products=SKUS, skus_each=1, units=units)
        shop.call("bench.fulfilling", "spread", sku_ids=skus, units=units, reference=prefix, first=False)
        report.note(f"{orders:,} paid orders begin to wait")
        shop.call("bench.fulfilling", "wait", prefix=prefix, orders=orders, sku_ids=skus, seed=asked.seed)
        drill(shop, report, prefix, orders)
        with shop.paused("worker"), shop.paused("beat"):
            rates(shop, report, prefix, skus, measured, asked.seed)
    return report.finish()


def drill(shop: Shop, report: Report, prefix: str, orders: int) -> None:
    def waiting() -> int:
        return int(shop.query(WAITING, [f"{prefix}%"])[0][0])

    shop.call("bench.fulfilling", "make_due", prefix=prefix)
    workers = [_worker(shop, number) for number in range(WORKERS)]
    try:
        started = time.monotonic()
        shop.call("bench.fulfilling", "send_job", times=WORKERS * 2)
        _until(lambda: waiting() <= orders * 3 // 4, each=0.02)
        victim = workers.pop()
        report.must("killed_while_planning", victim.poll() is None and waiting() > 0, True)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        report.note(f"a worker was killed after {time.monotonic() - started:.1f} s, {waiting():,} orders still wait")
        workers.append(_worker(shop, WORKERS))
        _until(lambda: _planned(shop, waiting), each=EACH_SECONDS)
        seconds = time.monotonic() - started
        report.note(f"all have a warehouse after {seconds:.1f} s, the lease of what was lost with it included")
        shop.settle(within=PATIENCE_SECONDS)
        report.note(f"all parcels are planned after {time.monotonic() - started:.1f} s")
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait()
    report.must("orders_lost", waiting(), 0)
    report.must("orders_allocated_otherwise_than_once", shop.query(TWICE, [f"{prefix}%"])[0][0], 0)
    report.must("parcels_not_planned", shop.query(UNPLANNED, [f"{prefix}%"])[0][0], 0)
    report.must("cells_oversold", shop.query(OVERSOLD)[0][0], 0)
    report.laws_hold(shop)
    report.figure("orders_with_planned_parcels_per_second", orders / (time.monotonic() - started))


def _worker(shop: Shop, number: int) -> "subprocess.Popen[bytes]":
    queues = ["-Q", "celery,planning", "--pool", "solo", "-n", f"planner{number}@%h", "--loglevel", "ERROR"]
    return subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "shop", "worker", *queues],
        cwd=PROJECT,
        env={**os.environ, **shop.env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _planned(shop: Shop, waiting: Callable[[], int]) -> bool:
    """Whether no order waits any more; as long as one does the job is sent, as by the minute."""
    if not waiting():
        return True
    shop.call("bench.fulfilling", "send_job", times=1)
    return False


def _until(true: Callable[[], bool], *, each: float) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise BenchError("the orders were not planned in time")
        time.sleep(each)


def rates(shop: Shop, report: Report, prefix: str, skus: list[int], orders: int, seed: int) -> None:
    ours: list[float] = []
    plain: list[float] = []
    plenty = orders * 9 * ROUNDS // SKUS + 99
    shop.call("bench.fulfilling", "spread", sku_ids=skus, units=plenty, reference=f"{prefix}-more", first=True)
    for number in range(ROUNDS):
        for function, found in (("commits", ours), ("by_hand", plain)):
            mark = f"{prefix}{function[0]}{number}-"
            shop.call("bench.fulfilling", "wait", prefix=mark, orders=orders, sku_ids=skus, seed=seed + number)
            done = shop.call("bench.fulfilling", function, prefix=mark)
            report.must(f"{function}_{number}", done["orders"], orders)
            found.append(done["orders"] / done["seconds"])
        report.note(f"round {number + 1}: {ours[-1]:,.0f} orders/s committed, {plain[-1]:,.0f} by plain SQL")
    report.figure("commits_per_second", max(ours), reference=max(plain), target=LEAST_RATIO)


if __name__ == "__main__":
    sys.exit(main())
