"""What a quote costs with 1,000 live promotions and a cart of 30 lines, and the laws of pricing over random carts.

The engine alone, in processor time, with 10, 100 and 1,000 promotions: what a cart does not meet must not cost it. Then
the whole quote over HTTP beside an address that does nothing but know who asks. Then carts of all kinds: sums, floors,
order of input, unrelated promotions, and the best coupons against every set of them, none, and the same ones named;
crowds of offers likewise. Dense carts that hundreds of promotions meet take bounded processor time and cost no more
than what the search falls back on, nor than without coupons, and the same when their coupons are named.
"""

import random
import sys
import time
from statistics import median

import httpx

from buyers import Buyer
from harness import BenchError, Cpu, Report, Shop, options, running_shop

LINES, PROMOTIONS, COUPONS, PRODUCTS = 30, 1000, 10, 5000
ROUNDS = 5
# Ten times the promotions may cost at most half of ten times as much; the quote four times as much as an empty address.
GROWTH, HTTP_RATIO = 5.0, 4.0
# Processor time of the worst of the dense carts to that of a cart which ten promotions meet, of about a millisecond.
DENSE_RATIO = 400.0
REGION = "330106"
# Unit prices, offers and coupons that a dense cart of thirty lines meets.
DENSE = ((10, 10, 30), (30, 30, 100), (30, 200, 0), (30, 200, 100), (30, 30, 300))


def main() -> int:
    asked = options(__doc__).parse_args()
    carts, engine_rounds, requests, dense = (1000, 40, 40, 2) if asked.quick else (100_000, 300, 200, 20)
    report = Report("pricing", asked.seed)
    with running_shop(asked.state_dir) as shop:
        report.note("the shop is ready; pricing without it")
        simple_ms = _engine(shop, report, asked.seed, engine_rounds)
        _quotes(shop, report, asked.seed, requests)
        report.note(f"checking {carts:,} random carts")
        broken = shop.call("bench.campaigning", "laws", carts=carts, seed=asked.seed * 1_000_000)
        for law in broken[:10]:
            report.note(law)
        report.must("carts_checked", carts, carts)
        report.must("laws_broken", len(broken), 0)
        _dense(shop, report, asked.seed, dense, crowds=carts // 10, simple_ms=simple_ms)
        report.laws_hold(shop)
    return report.finish()


def _engine(shop: Shop, report: Report, seed: int, rounds: int) -> float:
    """What a cart of ten promotions costs."""
    costs = {
        count: shop.call("bench.campaigning", "engine_ms", promotions=count, lines=LINES, seed=seed, rounds=rounds)
        for count in (10, 100, 1000)
    }
    report.figure("engine_cpu_ms_10", costs[10])
    report.figure("engine_cpu_ms_100", costs[100], reference=costs[10], target=GROWTH, better="lower")
    report.figure("engine_cpu_ms_1000", costs[1000], reference=costs[100], target=GROWTH, better="lower")
    return costs[10]


def _dense(shop: Shop, report: Report, seed: int, rounds: int, *, crowds: int, simple_ms: float) -> None:
    report.note(f"checking {crowds:,} crowded carts, and {rounds} dense ones of each shape")
    broken = shop.call("bench.campaigning", "crowd_laws", carts=crowds, seed=seed * 1_000_000)
    report.must("crowds_checked", crowds, crowds)
    worst = 0.0
    for unit_prices, offers, coupons in DENSE:
        shape = {"unit_prices": unit_prices, "offers": offers, "coupons": coupons}
        costs, more = shop.call("bench.campaigning", "dense_ms", seed=seed, rounds=rounds, **shape)
        broken += more
        worst = max(worst, *costs)
        report.figure(f"dense_cpu_ms_{unit_prices}_{offers}_{coupons}", median(costs))
    for law in broken[:10]:
        report.note(law)
    report.must("laws_of_crowds_and_dense_carts_broken", len(broken), 0)
    report.figure("dense_cpu_ms_worst", worst, reference=simple_ms, target=DENSE_RATIO, better="lower")


def _quotes(shop: Shop, report: Report, seed: int, requests: int) -> None:
    report.note(f"loading {PRODUCTS:,} products and {PROMOTIONS:,} promotions")
    prefix = f"PR{int(time.time())}"
    skus = shop.call("bench.stocking", "load", prefix=prefix, products=PRODUCTS, skus_each=1, units=1000)
    live = shop.call("bench.campaigning", "publish", sku_ids=skus, promotions=PROMOTIONS, seed=seed)
    report.must("live_promotions_at_least", live >= PROMOTIONS, True)
    phone = f"+86139{random.Random(time.time_ns()).randrange(10**8):08d}"
    with httpx.Client(timeout=60) as http:
        buyer = Buyer(shop, http, phone)
        buyer.sign_in()
        buyer.live_in(REGION)
        shop.call("bench.campaigning", "equip", phone=phone, coupons=COUPONS)
        shop.settle()
        shop.query("VACUUM ANALYZE")
        chosen = random.Random(seed).sample(skus, LINES)
        body = {
            "items": [{"sku_id": sku, "quantity": place % 3 + 1} for place, sku in enumerate(chosen)],
            "coupon_ids": "best",
            "points_to_use": "max",
        }
        quoted = buyer.ask("POST", "checkout/quote", body)
        applied = {each["kind"] for each in quoted["applied"]}
        report.must("kinds_applied", sorted(applied), ["coupon", "spend_offer", "timed_discount"])
        ratios, costs = [], []
        for _ in range(ROUNDS):
            with Cpu(shop) as constant:
                for _ in range(requests):
                    buyer.ask("POST", "me/ping", {})
            with Cpu(shop) as quotes:
                for _ in range(requests):
                    buyer.ask("POST", "checkout/quote", body)
            costs.append(quotes.each(requests))
            ratios.append(quotes.each(requests) / constant.each(requests))
            report.note(f"constant: {constant.by_role(requests)}; quote: {quotes.by_role(requests)}")
    report.figure("quote_cpu_ms", median(costs))
    report.figure("quote_cpu_to_constant", median(ratios), target=HTTP_RATIO, better="lower")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(str(error))
