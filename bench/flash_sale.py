"""A flash sale: a crowd of 5,000 buyers for 100 units, with Redis and with Redis gone midway; what it costs to say no.

All over HTTP against the running processes. Exactly 100 orders may come of each crowd, everybody else is told that all
is sold, and nothing is answered 5xx. Refusals are held against the constant endpoint of an order: `me/ping` is a
member's view of the same stack, with the same middleware and authentication, that answers a fixed body; it is sent the
same headers and as many bytes of JSON by POST. It looks the session up, where the gate trusts the token's signature and
asks Redis. Beside it, without a target, stands `GET /api/v1/ping`, which reads neither token nor body and asks nobody.
Accepted orders are held against plain SQL on one hot row. All in the same run.
"""

import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from random import Random
from statistics import median

import orjson

import sqlfloor
from crowd import Answers, message, send
from harness import BenchError, Cpu, Report, Shop, options, running_shop

UNITS, LATE, CLIENTS, TILLS, ROUNDS = 100, 500, 100, 8, 3
GONE_AFTER = 50
REFUSED_SHARE, ACCEPTED_SHARE = 0.6, 0.25


def main() -> int:
    asked = options(__doc__).parse_args()
    buyers, refusals, orders = (1000, 1500, 200) if asked.quick else (5000, 4000, 1000)
    report = Report("flash_sale", asked.seed)
    with running_shop(asked.state_dir) as shop:
        report.note(f"the shop is ready; {buyers} buyers gather")
        prefix = f"FS{int(time.time())}"
        skus = shop.call("bench.stocking", "load", prefix=prefix, products=4, skus_each=1, units=100_000)
        tokens = shop.call("bench.rushing", "gather", buyers=buyers + LATE, prefix=prefix[-7:])
        Random(asked.seed).shuffle(tokens)
        shop.settle()
        rush = Rush(shop, report, tokens[LATE:], tokens[:LATE])
        item = rush.crowd("crowd", skus[0])
        rush.say_no(item, skus[0], refusals)
        rush.sell(skus[1], orders, 3 if asked.quick else 10)
        rush.crowd("crowd_without_redis", skus[2], loses_redis=True)
        shop.settle()
        report.laws_hold(shop)
    return report.finish()


class Rush:
    """`late` are members who come when all is sold."""

    def __init__(self, shop: Shop, report: Report, tokens: list[str], late: list[str]) -> None:
        self.shop, self.report, self.tokens, self.late = shop, report, tokens, late

    def crowd(self, name: str, sku_id: int, *, loses_redis: bool = False) -> int:
        """Everybody tries once, all at the same time; returns the item's id."""
        item = self.open_sale(sku_id, UNITS, 1)
        count = len(self.tokens)
        with ExitStack() as stack:
            sent = iter(range(count))

            def before_each() -> None:
                if next(sent) == GONE_AFTER and loses_redis:
                    stack.enter_context(self.shop.paused("valkey"))

            answers = self.send(self.orders(item, sku_id, self.tokens), CLIENTS, count, before_each)
        per_second = answers.per_second
        self.report.note(f"{name}: {count} tries in {answers.seconds:.1f} s, {dict(answers.statuses)}, {answers.codes}")
        ((orders, left),) = self.shop.query(
            "SELECT (SELECT count(*) FROM flash_sale_flashsaleuse WHERE item_id = item.id AND released_at IS NULL),"
            ' "left" FROM flash_sale_flashsaleitem item WHERE id = %s',
            [item],
        )
        self.report.must(f"{name}_orders", (orders, left), (UNITS, 0))
        self.report.must(f"{name}_accepted", answers.statuses[201], UNITS)
        self.report.must(f"{name}_sold_out", answers.codes["flash_sale_sold_out"], count - UNITS)
        self.report.figure(f"{name}_tries_per_second", per_second)
        return item

    def say_no(self, item: int, sku_id: int, requests: int) -> None:
        """Refusals beside an address that does nothing, in turns."""
        shares, public, costs = [], [], []
        for _ in range(ROUNDS):
            nothing = self.send(self.constant(item, sku_id), CLIENTS, requests)
            with Cpu(self.shop) as cpu:
                refused = self.send(self.orders(item, sku_id, cycle(self.late)), CLIENTS, requests)
            ping = self.send(cycle([message(self.shop.base_url, "GET", "/api/v1/ping")]), CLIENTS, requests)
            if refused.codes["flash_sale_sold_out"] != requests or nothing.statuses[200] != requests:
                raise BenchError(f"answered {refused.codes} and {nothing.statuses}")
            shares.append((refused.per_second, nothing.per_second))
            public.append((refused.per_second, ping.per_second))
            costs.append(cpu.each(requests))
            self.report.note(f"a refusal, CPU ms: {cpu.by_role(requests)}")
        value, reference = _middle(shares)
        self.report.figure("refused_to_constant_endpoint", value, reference=reference, target=REFUSED_SHARE)
        value, reference = _middle(public)
        self.report.figure("refused_to_public_ping", value, reference=reference)
        self.report.figure("refusal_cpu_ms", median(costs), better="lower")

    def sell(self, sku_id: int, orders: int, floor_seconds: int) -> None:
        """Orders of one item that has enough for everybody."""
        item = self.open_sale(sku_id, 10 * orders, None)
        self.send(self.orders(item, sku_id, cycle(self.tokens)), TILLS, 5 * TILLS)
        with Cpu(self.shop) as cpu:
            sold = self.send(self.orders(item, sku_id, cycle(self.tokens)), TILLS, orders)
        plain = self.send(self.orders(None, sku_id, cycle(self.tokens)), TILLS, orders)
        if sold.statuses[201] != orders:
            raise BenchError(f"answered {sold.codes}")
        floor = sqlfloor.orders_per_second(self.shop, clients=TILLS, seconds=floor_seconds, rows=1)
        self.report.note(f"an order, CPU ms: {cpu.by_role(orders)}")
        self.report.figure("accepted_per_second", sold.per_second, reference=floor, target=ACCEPTED_SHARE)
        self.report.figure("accepted_to_plain_orders", sold.per_second, reference=plain.per_second)
        self.report.figure("accepted_cpu_ms", cpu.each(orders), better="lower")

    def open_sale(self, sku_id: int, units: int, limit: int | None) -> int:
        return int(self.shop.call("bench.rushing", "open_sale", sku_id=sku_id, units=units, limit=limit))

    def send(self, messages: Iterator[bytes], clients: int, requests: int, before_each: object = None) -> Answers:
        answers = send(self.shop.base_url, messages, clients=clients, requests=requests, before_each=before_each)
        broken = [status for status in answers.statuses if status >= 500]
        if broken:
            raise BenchError(f"answered {dict(answers.statuses)}: {answers.codes}")
        return answers

    def orders(self, item: int | None, sku_id: int, tokens: Iterator[str] | list[str]) -> Iterator[bytes]:
        return self.posts("/api/v1/orders", orjson.dumps(self.wish(item, sku_id)), tokens)

    def constant(self, item: int, sku_id: int) -> Iterator[bytes]:
        """What an order sends, to a view that does nothing: it takes an object without fields, here a wide one."""
        size = len(orjson.dumps(self.wish(item, sku_id)))
        return self.posts("/api/v1/me/ping", b"{%s}" % (b" " * (size - 2)), cycle(self.late))

    def posts(self, path: str, body: bytes, tokens: Iterator[str] | list[str]) -> Iterator[bytes]:
        for token in tokens:
            said = {"Authorization": f"Bearer {token}", "Idempotency_Key": uuid.uuid4().hex}
            yield message(self.shop.base_url, "POST", path, body=body, **said)

    @staticmethod
    def wish(item: int | None, sku_id: int) -> dict[str, object]:
        activity = None if item is None else {"kind": "flash_sale", "id": item}
        return {"items": [{"sku_id": sku_id, "quantity": 1}], "activity": activity}


def _middle(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """The pair whose ratio lies in the middle."""
    return sorted(pairs, key=lambda pair: pair[0] / pair[1])[len(pairs) // 2]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(str(error))
