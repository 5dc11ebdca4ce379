"""The allocation engine on given instances, held against a lower bound and against the nearest warehouse.

Without `--instance` the three of `instances/` are solved; `--instance FILE` (several times, if need be) takes others
of their format. Each is planned twice: as the shop plans, and in exact mode, where a solver improves on that for
`--exact-seconds`. What is measured is the whole of planning, reading the file aside; rates are by processor time. A
checker that shares no code with the engine proves every plan feasible and adds up its cost. `--quick` leaves out the
exact mode.
"""

import sys
import time
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

from harness import PROJECT, Report, options, table
from instances import as_batch, audit, read
from logistics.allocation.optimiser import Plan, optimise
from logistics.allocation.optimiser.exact import choose_together

LARGE = 5_000
# Orders a second and the greatest mean gap, of small instances and of large ones.
SMALL_RATE, LARGE_RATE, EXACT_LARGE_RATE = 500, 800, 350
GAP, EXACT_GAP, EXACT_LARGE_GAP = 2.0, 1.0, 1.5
HEADERS = (
    "instance",
    "mode",
    "yuan",
    "gap %",
    "held",
    "nearest held",
    "nearest gap %",
    "split %",
    "orders/s CPU",
    "wall",
)


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--instance", type=Path, action="append", metavar="FILE")
    parser.add_argument("--exact-seconds", type=float, default=10.0)
    asked = parser.parse_args()
    files = asked.instance or sorted((PROJECT / "bench" / "instances").glob("*.json.gz"))
    report, rows = Report("allocation", asked.seed), []
    for file in files:
        data = read(file)
        report.note(f"{data['name']}: {len(data['orders']):,} orders, {len(data['stock'])} warehouses")
        rows += [_solve(report, data, 0.0)]
        if not asked.quick:
            rows += [_solve(report, data, asked.exact_seconds)]
    print()
    table([HEADERS, *(row["shown"] for row in rows)])
    for large in (False, True):
        for exact in (False, True):
            _targets(report, [row for row in rows if (row["large"], row["exact"]) == (large, exact)], large, exact)
    return report.finish()


def _solve(report: Report, data: dict[str, Any], exact_seconds: float) -> dict[str, Any]:
    batch, distance = as_batch(data)
    wall, cpu = time.perf_counter(), time.process_time()
    exact = partial(choose_together, seconds=exact_seconds) if exact_seconds else None
    plan = optimise(batch, distance, exact=exact)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return _checked(report, data, plan, bool(exact_seconds), batch.orders / cpu, batch.orders / wall)


def _checked(
    report: Report, data: dict[str, Any], plan: Plan, exact: bool, rate: float, wall_rate: float
) -> dict[str, Any]:
    found, reference = audit(data, plan.site.tolist()), data["reference"]
    name = f"{data['name']}{'_exact' if exact else ''}"
    for fault in found.faults[:10]:
        report.note(f"{name}: {fault}")
    report.must(f"{name}_faults", len(found.faults), 0)
    report.must(f"{name}_cost_recomputed", abs(found.yuan - plan.total / 100) < 0.01, True)
    bound, orders = reference["lower_bound_yuan"], len(data["orders"])
    gap = (found.yuan / bound - 1) * 100
    report.figure(f"{name}_held", found.held, target=reference["nearest_held_lines"], better="lower")
    shown = [data["name"], "exact" if exact else "plan", f"{found.yuan:,.2f}", f"{gap:.2f}", str(found.held)]
    shown += [str(reference["nearest_held_lines"]), f"{(reference['nearest_yuan'] / bound - 1) * 100:.2f}"]
    shown += [f"{found.split / orders * 100:.1f}", f"{rate:,.0f}", f"{wall_rate:,.0f}"]
    return {"gap": gap, "rate": rate, "large": orders >= LARGE, "exact": exact, "shown": shown}


def _targets(report: Report, rows: list[dict[str, Any]], large: bool, exact: bool) -> None:
    if not rows:
        return
    gap = (EXACT_LARGE_GAP if large else EXACT_GAP) if exact else GAP
    rate = (EXACT_LARGE_RATE if exact else LARGE_RATE) if large else None if exact else SMALL_RATE
    name = f"{'large' if large else 'small'}{'_exact' if exact else ''}"
    report.figure(f"{name}_mean_gap_percent", mean(row["gap"] for row in rows), target=gap, better="lower")
    report.figure(f"{name}_orders_per_cpu_second", mean(row["rate"] for row in rows), target=rate)


if __name__ == "__main__":
    sys.exit(main())
