"""Ten thousand paid orders become allocations: planned together by four processes at once, one of them killed.

The orders wait with their units held; of each SKU there is just enough in three warehouses. Four processes plan rounds
at the same time, as the job does; after a while one is killed by SIGKILL, and at the end one more takes up what it
left. No cell may be oversold, every order is allocated exactly once and every parcel of every order is planned. Then,
alone: commits of a plan, a hundred orders a transaction, beside the same rows written by one plain SQL statement a
hundred.
"""

import os
import signal
import subprocess
import sys
import time

from harness import PROJECT, Report, Shop, options, running_shop

ORDERS, QUICK_ORDERS, SKUS, PROCESSES = 10_000, 1_000, 400, 4
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
WHERE order_number LIKE %s AND a.status = 'open' AND s.id IS NULL
"""
OVERSOLD = "SELECT count(*) FROM network_warehousestock WHERE allocated > on_hand"


def main() -> int:
    asked = options(__doc__).parse_args()
    orders, measured = (QUICK_ORDERS, QUICK_MEASURED) if asked.quick else (ORDERS, MEASURED)
    report = Report("planning", asked.seed)
    with running_shop(asked.state_dir) as shop:
        prefix = f"PL{int(time.time())}"
        # 2.5 units an order on average, in three warehouses, with a little to spare.
        units = orders * 3 // SKUS // 3 + 4
        skus = shop.call("bench.stocking", "load", prefix=prefix, products=SKUS, skus_each=1, units=units)
        shop.call("bench.fulfilling", "spread", sku_ids=skus, units=units, reference=prefix, first=False)
        report.note(f"{orders:,} paid orders begin to wait")
        shop.call("bench.fulfilling", "wait", prefix=prefix, orders=orders, sku_ids=skus, seed=asked.seed)
        drill(shop, report, prefix, orders)
        with shop.paused("worker"):
            rates(shop, report, prefix, skus, measured, asked.seed)
    return report.finish()


def drill(shop: Shop, report: Report, prefix: str, orders: int) -> None:
    shop.call("bench.fulfilling", "make_due", prefix=prefix)
    code = f"from bench.fulfilling import plan; print(plan(prefix={prefix!r}))"
    planners = [
        subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
            cwd=PROJECT,
            env={**os.environ, **shop.env},
            stdout=subprocess.DEVNULL,
        )
        for _process in range(PROCESSES)
    ]
    started = time.monotonic()
    while shop.query(WAITING, [f"{prefix}%"])[0][0] > orders * 3 // 4 and any(p.poll() is None for p in planners):
        time.sleep(0.02)
    victim = next((planner for planner in planners if planner.poll() is None), planners[0])
    report.must("killed_while_planning", victim.poll() is None, True)
    victim.send_signal(signal.SIGKILL)
    codes = [planner.wait() for planner in planners if planner is not victim]
    seconds = time.monotonic() - started
    victim.wait()
    left = shop.query(WAITING, [f"{prefix}%"])[0][0]
    report.note(f"three of four done after {seconds:.1f} s; {left:,} orders were the killed one's")
    report.must("planners_failed", sum(map(bool, codes)), 0)
    shop.call("bench.fulfilling", "plan", prefix=prefix, after_a_kill=True)
    shop.settle(within=900)
    report.must("orders_lost", shop.query(WAITING, [f"{prefix}%"])[0][0], 0)
    report.must("orders_allocated_otherwise_than_once", shop.query(TWICE, [f"{prefix}%"])[0][0], 0)
    report.must("parcels_not_planned", shop.query(UNPLANNED, [f"{prefix}%"])[0][0], 0)
    report.must("cells_oversold", shop.query(OVERSOLD)[0][0], 0)
    report.laws_hold(shop)
    report.figure("orders_planned_and_committed_per_second", (orders - left) / seconds)


def rates(shop: Shop, report: Report, prefix: str, skus: list[int], orders: int, seed: int) -> None:
    ours, plain = [], []
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
