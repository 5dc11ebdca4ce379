"""What one checkout costs, what placing an order costs beside plain SQL, and whether a long history makes it dearer.

A checkout is cart, quote, order, payment, the gateway's notification and everything that follows a payment, until the
parcel has its waybill. Milliseconds are processor time of all the shop's processes.
"""

import json
import sys
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count, cycle, islice
from random import Random

import httpx

import sqlfloor
from buyers import Buyer, buyer_phone
from crowd import message, send
from harness import BenchError, Cpu, Report, Shop, options, running_shop

CLIENTS = 8
REGION = "330106"
CHECKOUT_MS, FLOOR_SHARE, GROWTH = 45, 0.10, 1.2
HISTORY = {
    # Table, its column that must differ or point elsewhere, and what it becomes in the copies.
    "checkout_order": {"number": "'H' || first.id || '-' || g", "placed_at": "placed_at - g * interval '30 seconds'"},
    "checkout_orderline": {"order_id": "first.id + g - 1"},
    "checkout_orderevent": {"order_id": "first.id + g - 1"},
}


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--full", action="store_true", help="a history of a million orders")
    asked = parser.parse_args()
    checkouts, placed, history = (80, 150, 50_000) if asked.quick else (400, 600, 200_000)
    history = 1_000_000 if asked.full else history
    report = Report("checkout", asked.seed)
    with running_shop(asked.state_dir) as shop:
        report.note("the shop is ready; loading 1,000 products")
        prefix = f"CK{int(time.time())}"
        skus = shop.call("bench.stocking", "load", prefix=prefix, products=1000, skus_each=1, units=100_000)
        crowd = [Till(shop, number, skus, asked.seed) for number in range(CLIENTS)]
        run(crowd, 3 * CLIENTS, Till.check_out)
        measure_checkout(report, shop, crowd, checkouts)
        before = measure_placing(report, shop, crowd, placed, 3 if asked.quick else 10)
        report.laws_hold(shop)
        if asked.state_dir is None:
            measure_after_history(report, shop, crowd, placed, history, before)
        for till in crowd:
            till.http.close()
    return report.finish()


class Till:
    """One client with its own member and connection."""

    def __init__(self, shop: Shop, number: int, skus: Sequence[int], seed: int) -> None:
        self.http = httpx.Client(timeout=60)
        self.random = Random(seed * 1000 + number)
        self.skus = skus
        self.buyer = Buyer(shop, self.http, buyer_phone(int(time.time()) % 10_000_000 * 10 + number))
        self.buyer.sign_in()
        self.buyer.live_in(REGION)

    def check_out(self) -> None:
        self.buyer.fill_cart({self.random.choice(self.skus): 1})
        self.buyer.pay(self.buyer.order_cart().number)

    def order(self) -> bytes:
        """The request that places an order, as it goes over the wire."""
        body = json.dumps({"items": [{"sku_id": self.random.choice(self.skus), "quantity": 1}]}).encode()
        said = {"Authorization": f"Bearer {self.buyer.token}", "Idempotency_Key": uuid.uuid4().hex}
        return message(self.buyer.shop.base_url, "POST", "/api/v1/orders", body=body, **said)


def run(crowd: Sequence[Till], times: int, act: Callable[[Till], None]) -> float:
    """Let the clients act `times` times in all; returns the seconds."""
    numbers, lock = count(), threading.Lock()

    def work(till: Till) -> None:
        while True:
            with lock:
                if next(numbers) >= times:
                    return
            act(till)

    started = time.monotonic()
    with ThreadPoolExecutor(len(crowd)) as threads:
        list(threads.map(work, crowd))
    return time.monotonic() - started


def place(shop: Shop, crowd: Sequence[Till], times: int) -> float:
    """Let the clients place `times` orders in all, from a generator that costs little itself; returns the seconds."""
    orders = [till.order() for till in islice(cycle(crowd), times)]
    answers = send(shop.base_url, iter(orders), clients=len(crowd), requests=times)
    if answers.statuses != {201: times}:
        raise BenchError(f"{dict(answers.statuses)} {dict(answers.codes)} instead of {times} orders")
    return answers.seconds


def measure_checkout(report: Report, shop: Shop, crowd: Sequence[Till], checkouts: int) -> None:
    wait_for_parcels(shop)
    with Cpu(shop) as cpu:
        seconds = run(crowd, checkouts, Till.check_out)
        report.note(f"{checkouts} checkouts paid in {seconds:.1f} s")
        seconds += wait_for_parcels(shop)
    report.note(f"a checkout, CPU ms: {cpu.by_role(checkouts)}")
    report.figure("checkout_cpu_ms", cpu.each(checkouts), target=CHECKOUT_MS, better="lower")
    # Published figures of peers on the same work, on another machine: django-oscar 11.9, Vendure 3.2 a second.
    report.figure("checkouts_per_second", checkouts / seconds)


def wait_for_parcels(shop: Shop, *, within: float = 120) -> float:
    """Until every parcel has its waybill and every paid order its parcel, but for those that wait for their team."""
    started = time.monotonic()
    while True:
        shop.settle()
        ((waiting,),) = shop.query(
            "SELECT (SELECT count(*) FROM checkout_order WHERE status = 'paid' AND number NOT IN ("
            " SELECT order_number FROM group_buy_seat JOIN group_buy_team team ON team.id = team_id"
            " WHERE team.status = 'open'))"
            " + (SELECT count(*) FROM shipments_shipment WHERE status = 'planned')"
        )
        if not waiting:
            return time.monotonic() - started
        if time.monotonic() - started > within:
            raise BenchError(f"{waiting} orders or parcels are still waiting")
        time.sleep(0.05)


def measure_placing(report: Report, shop: Shop, crowd: Sequence[Till], placed: int, floor_seconds: int) -> float:
    place(shop, crowd, 3 * CLIENTS)
    with Cpu(shop) as cpu:
        seconds = place(shop, crowd, placed)
    floor = sqlfloor.orders_per_second(shop, clients=CLIENTS, seconds=floor_seconds)
    report.note(f"placing an order, CPU ms: {cpu.by_role(placed)}")
    report.figure("place_cpu_ms", cpu.each(placed), better="lower")
    report.figure("orders_placed_per_second", placed / seconds, reference=floor, target=FLOOR_SHARE)
    return cpu.each(placed)


def measure_after_history(
    report: Report, shop: Shop, crowd: Sequence[Till], placed: int, history: int, before: float
) -> None:
    """Only in a shop of its own, because the copied orders have no payments and so break the law."""
    report.note(f"writing a history of {history:,} orders")
    write_history(shop, history)
    place(shop, crowd, 3 * CLIENTS)
    with Cpu(shop) as cpu:
        place(shop, crowd, placed)
    report.note(f"placing after {history:,} orders, CPU ms: {cpu.by_role(placed)}")
    name = f"place_cpu_ms_after_{history}_orders"
    report.figure(name, cpu.each(placed), reference=before, target=GROWTH, better="lower")


def write_history(shop: Shop, orders: int) -> None:
    """Copy a paid order, its lines and its events, straight in the tables; so after the laws were checked."""
    ((template, first),) = shop.query(
        "SELECT (SELECT id FROM checkout_order WHERE status NOT IN ('pending_payment', 'paid') ORDER BY id LIMIT 1),"
        " (SELECT max(id) + 1 FROM checkout_order)"
    )
    for table, changed in HISTORY.items():
        columns = [
            name
            for (name,) in shop.query(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'"
                " AND column_name <> 'id' ORDER BY ordinal_position",
                [table],
            )
        ]
        own = "id" if table == "checkout_order" else "order_id"
        values = ", ".join(changed.get(name, name) for name in columns)
        shop.query(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values}"
            f" FROM {table}, (SELECT %s::bigint AS id) AS first(first_id), generate_series(1, %s) AS g"
            f" WHERE {table}.{own} = %s".replace("first.id", "first.first_id"),
            [first, orders, template],
        )
    shop.query("VACUUM ANALYZE")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(str(error))
