"""Drill R1: a crowd that wants more than there is.

400 buyers, 40 at a time, each order three scarce SKUs, half of them in the opposite order, against the running
processes over HTTP; there are 37 of each. Exactly 37 orders may succeed, the others are refused as sold out, nothing is
answered 5xx, and no deadlock is seen. That the drill can fail is shown by its control in `shop/catalog/tests`: the same
race with the guard off oversells.
"""

import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import httpx

from buyers import Buyer, Refused, buyer_phone
from harness import BenchError, Report, Shop, options, running_shop

BUYERS, AT_A_TIME, STOCK, SCARCE = 400, 40, 37, 3
REGION = "330106"
SOLD, SOLD_OUT = "sold", "out_of_stock"


def main() -> int:
    asked = options(__doc__).parse_args()
    buyers = 120 if asked.quick else BUYERS
    report = Report("oversell", asked.seed)
    with running_shop(asked.state_dir) as shop:
        report.note(f"the shop is ready; {buyers} buyers sign in")
        prefix = f"OV{int(time.time())}"
        skus = shop.call("bench.stocking", "load", prefix=prefix, products=SCARCE, skus_each=1, units=STOCK)
        deadlocks = deadlocks_so_far(shop)
        outcomes, seconds = rush(shop, skus, buyers)
        report.note(f"{buyers} orders in {seconds:.1f} s: {dict(outcomes)}")
        rows = shop.query("SELECT available, reserved FROM catalog_skustock WHERE sku_id = ANY(%s)", [skus])
        ((units,),) = shop.query(
            "SELECT coalesce(sum(quantity), 0)::int FROM checkout_orderline WHERE sku_id = ANY(%s)", [skus]
        )
        report.must("sold", outcomes[SOLD], STOCK)
        report.must("refused_as_sold_out", outcomes[SOLD_OUT], buyers - STOCK)
        report.must("units_on_order_lines", units, STOCK * SCARCE)
        report.must("available_and_reserved", sorted(rows), [(0, STOCK)] * SCARCE)
        report.must("deadlocks", deadlocks_so_far(shop) - deadlocks, 0)
        report.laws_hold(shop)
        report.figure("orders_answered_per_second", buyers / seconds)
    return report.finish()


def rush(shop: Shop, skus: list[int], buyers: int) -> tuple[Counter[str], float]:
    """Everybody signs in first; then all order at once. Returns how often each outcome occurred, and the seconds."""
    connections: SimpleQueue[httpx.Client] = SimpleQueue()
    clients = [httpx.Client(timeout=60) for _ in range(AT_A_TIME)]
    for each in clients:
        connections.put(each)
    first = int(time.time()) % 1_000_000 * 100

    def enter(number: int) -> Buyer:
        http = connections.get()
        try:
            buyer = Buyer(shop, http, buyer_phone(first + number))
            buyer.sign_in()
            buyer.live_in(REGION)
            return buyer
        finally:
            connections.put(http)

    def order(number: int, buyer: Buyer) -> str:
        buyer.http = connections.get()
        wanted = skus if number % 2 else skus[::-1]
        try:
            buyer.place({"items": [{"sku_id": sku_id, "quantity": 1} for sku_id in wanted]})
        except Refused as refusal:
            return refusal.code
        finally:
            connections.put(buyer.http)
        return SOLD

    with ThreadPoolExecutor(AT_A_TIME) as crowd:
        members = list(crowd.map(enter, range(buyers)))
        started = time.monotonic()
        outcomes = Counter(crowd.map(order, range(buyers), members))
        seconds = time.monotonic() - started
    for each in clients:
        each.close()
    return outcomes, seconds


def deadlocks_so_far(shop: Shop) -> int:
    ((count,),) = shop.query("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return int(count)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(str(error))
