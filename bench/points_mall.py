"""What the list of the points mall costs a member among 2,000 rewards, beside an address that only knows who asks.

Processor time of the web process and of Postgres for each request, in turns; the median of the rounds. The list is
asked for as fronts do: the first page, what the member has points enough for, one zone, and by points.
"""

import random
import sys
import time
from statistics import median

import httpx

from buyers import Buyer
from harness import BenchError, Cpu, Report, Shop, options, running_shop

REWARDS, PRODUCTS, POINTS = 2_000, 500, 5_000
ROUNDS, RATIO = 5, 4.0
PAGES = ("", "?affordable=true", "?kind=goods&limit=20", "?ordering=points&affordable=true")


def main() -> int:
    asked = options(__doc__).parse_args()
    report = Report("points_mall", asked.seed)
    with running_shop(asked.state_dir) as shop:
        measure(shop, report, requests=40 if asked.quick else 200)
        report.laws_hold(shop)
    return report.finish()


def measure(shop: Shop, report: Report, *, requests: int) -> None:
    skus = shop.call(
        "bench.stocking", "load", prefix=f"PM{int(time.time())}", products=PRODUCTS, skus_each=1, units=1000
    )
    phone = f"+86139{random.Random(time.time_ns()).randrange(10**8):08d}"
    with httpx.Client(timeout=60) as http:
        buyer = Buyer(shop, http, phone)
        buyer.sign_in()
        loaded = shop.call("bench.malling", "load", sku_ids=skus, rewards=REWARDS, phone=phone, points=POINTS)
        report.must("rewards", loaded, REWARDS)
        shop.settle()
        shop.query("VACUUM ANALYZE")
        first = buyer.ask("GET", "points/rewards")
        report.must("shown_on_a_page", len(first["items"]), 20)
        costs, ratios = [], []
        for _ in range(ROUNDS):
            with Cpu(shop) as constant:
                for _ in range(requests):
                    buyer.ask("POST", "me/ping", {})
            with Cpu(shop) as listing:
                for number in range(requests):
                    buyer.ask("GET", f"points/rewards{PAGES[number % len(PAGES)]}")
            costs.append(listing.each(requests))
            ratios.append(listing.each(requests) / constant.each(requests))
            report.note(f"constant: {constant.by_role(requests)}; list: {listing.by_role(requests)}")
    report.figure("list_cpu_ms", median(costs))
    report.figure("list_cpu_to_constant", median(ratios), target=RATIO, better="lower")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(str(error))
