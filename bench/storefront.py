"""Product list and detail with live price and stock: from the cache and without it, beside an address that does nothing
and beside plain SQL for the same rows.

1,000 products with two SKUs each, 16 clients. Milliseconds are processor time of all the shop's processes for one
request. Without cache means that the catalogue's version changes before every single request.
"""

import random
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

import redis

import sqlfloor
from crowd import Answers, ask
from harness import BenchError, Cpu, Report, Shop, options, percentile, running_shop

PRODUCTS, CLIENTS, ROUNDS = 1000, 16, 3
CACHED_MS, UNCACHED_MS, CONSTANT_SHARE = 2.0, 8.0, 0.5
CONSTANT = "/api/v1/ping"
ORDERINGS = ("price", "-price", "-sales", "-created", "-rating")
VERSION = "lantern:catalog:version:everything"
# Peers on the same work, as published in their own runs on another machine: list, detail.
PEERS = "django-oscar 115 / 62, Vendure (search) 84 / 44, Medusa 16 / 17, Saleor 5.5 / 7.9 requests a second"
STATISTICS_LAG = 1.1
SQL_SECONDS = 3

LIST_SQL = r"""
\set offset random(0, 900)
SELECT p.id, p.name, p.subtitle, p.min_price_fen, p.sales, p.rating_bp, c.name, b.name,
    (SELECT thumbnail FROM catalog_productimage i WHERE i.product_id = p.id ORDER BY position, id LIMIT 1),
    (SELECT json_agg(json_build_array(k.id, k.price_fen, s.available)) FROM catalog_sku k
        JOIN catalog_skustock s ON s.sku_id = k.id WHERE k.product_id = p.id AND k.is_active)
FROM (SELECT * FROM catalog_product WHERE on_shelf AND id >= :first + :offset ORDER BY id LIMIT 20) p
JOIN catalog_category c ON c.id = p.category_id LEFT JOIN catalog_brand b ON b.id = p.brand_id;
"""
DETAIL_SQL = r"""
\set number random(0, 999)
SELECT p.*, c.name, b.name,
    (SELECT json_agg(i.image ORDER BY position, id) FROM catalog_productimage i WHERE i.product_id = p.id),
    (SELECT json_agg(json_build_array(k.id, k.code, k.options, k.price_fen, k.market_price_fen, s.available))
        FROM catalog_sku k JOIN catalog_skustock s ON s.sku_id = k.id WHERE k.product_id = p.id AND k.is_active)
FROM catalog_product p JOIN catalog_category c ON c.id = p.category_id LEFT JOIN catalog_brand b ON b.id = p.brand_id
WHERE p.id = :first + :number;
"""


@dataclass(frozen=True)
class Measured:
    per_second: float
    cpu_ms: float
    transactions: float


def main() -> int:
    asked = options(__doc__).parse_args()
    requests = 600 if asked.quick else 4000
    report = Report("storefront", asked.seed)
    with running_shop(asked.state_dir) as shop:
        report.note(f"the shop is ready; loading {PRODUCTS} products")
        prefix = f"SF{int(time.time())}"
        skus = shop.call("bench.stocking", "load", prefix=prefix, products=PRODUCTS, skus_each=2, units=1000)
        products = [
            pk for (pk,) in shop.query("SELECT DISTINCT product_id FROM catalog_sku WHERE id = ANY(%s)", [skus])
        ]
        shop.settle()
        shop.query("VACUUM ANALYZE")
        Storefront(shop, report, sorted(products), asked.seed, requests).measure()
        report.note(f"peers, elsewhere: {PEERS}")
    return report.finish()


class Storefront:
    def __init__(self, shop: Shop, report: Report, products: list[int], seed: int, requests: int) -> None:
        self.shop, self.report, self.products = shop, report, products
        self.requests = requests
        self.random = random.Random(seed)
        self.cache = redis.Redis.from_url(shop.env["CACHE_URL"])

    def measure(self) -> None:
        lists, details = self.lists(), self.details()
        for name, paths, sql in (("list", lists, LIST_SQL), ("detail", details, DETAIL_SQL)):
            self.warm_up()
            ratios, cached = self.beside_constant(name, paths)
            cold = self.run(f"{name} uncached", paths, self.requests // 4, self.forget)
            raw = sqlfloor.transactions_per_second(
                self.shop, sql.replace(":first", str(self.products[0])), clients=CLIENTS, seconds=SQL_SECONDS
            )
            figure = self.report.figure
            figure(f"{name}_cpu_ms", cached.cpu_ms, target=CACHED_MS, better="lower")
            figure(f"{name}_uncached_cpu_ms", cold.cpu_ms, target=UNCACHED_MS, better="lower")
            figure(f"{name}_per_second", cached.per_second)
            figure(f"{name}_per_second_to_constant", median(ratios), target=CONSTANT_SHARE)
            figure(f"{name}_uncached_per_second_to_sql", cold.per_second, reference=raw)
            figure(f"{name}_sql_transactions", cached.transactions, target=0.1, better="lower")
            figure(f"{name}_uncached_sql_transactions", cold.transactions, better="lower")

    def beside_constant(self, name: str, paths: Iterator[str]) -> tuple[list[float], Measured]:
        """Throughput as a share of the constant's, round by round back to back, because the machine's mood changes."""
        ratios, measured = [], []
        for _ in range(ROUNDS):
            constant = self.run("constant", self.constants(), self.requests)
            measured.append(self.run(name, paths, self.requests))
            ratios.append(measured[-1].per_second / constant.per_second)
        return ratios, sorted(measured, key=lambda each: each.cpu_ms)[ROUNDS // 2]

    def warm_up(self) -> None:
        """Ask for every page and every product once."""
        paths = [*self.list_paths(), *(f"/api/v1/products/{each}" for each in self.products)]
        self.ask(iter(paths), len(paths))

    def run(
        self, name: str, paths: Iterator[str], requests: int, before_each: Callable[[], object] | None = None
    ) -> Measured:
        """Transactions count every statement, and one more where a connection is checked."""
        before = self.transactions()
        with Cpu(self.shop) as cpu:
            answers = self.ask(paths, requests, before_each)
        late = percentile(answers.latencies, 0.99) * 1000
        self.report.note(
            f"{name}: {answers.per_second:,.0f}/s, 99 % in {late:.0f} ms, "
            f"{answers.bytes / requests:,.0f} bytes, CPU ms: {cpu.by_role(requests)}"
        )
        return Measured(answers.per_second, cpu.each(requests), (self.transactions() - before) / requests)

    def ask(self, paths: Iterator[str], requests: int, before_each: Callable[[], object] | None = None) -> Answers:
        answers = ask(self.shop.base_url, paths, clients=CLIENTS, requests=requests, before_each=before_each)
        if set(answers.statuses) != {200}:
            raise BenchError(f"not every answer was 200: {dict(answers.statuses)}")
        return answers

    def transactions(self) -> int:
        # Every backend tells its counts at most once a second.
        time.sleep(STATISTICS_LAG)
        ((count,),) = self.shop.query("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        return int(count)

    def forget(self) -> None:
        self.cache.set(VERSION, uuid.uuid4().bytes)

    def constants(self) -> Iterator[str]:
        while True:
            yield CONSTANT

    def lists(self) -> Iterator[str]:
        pages = self.list_paths()
        while True:
            yield self.random.choice(pages)

    def details(self) -> Iterator[str]:
        while True:
            yield f"/api/v1/products/{self.random.choice(self.products)}"

    def list_paths(self) -> list[str]:
        categories = [
            pk for (pk,) in self.shop.query("SELECT id FROM catalog_category WHERE name LIKE '测试%' ORDER BY id")
        ]
        return [f"/api/v1/products?category={each}&ordering={by}" for each in categories for by in ORDERINGS]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(str(error))
