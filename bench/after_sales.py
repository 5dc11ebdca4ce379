"""Random orders that come back in random parts: in the end exactly what was paid is back, and on no way there more.

Orders are placed and paid by the shop's own services with offers, gifts, coupons, points and freight, half of them are
shipped, and parts of them come back in several rounds, the last of which brings what is left. The worker sends the
refunds to the sandbox, which tells the web server of each. What every order has given back is counted from the
refunds, the ledger of points and the lines of after-sales, without a line of the code that computed it; the books are
held against the gateway's bill line by line.
"""

import sys
import time
from typing import Any

from harness import BenchError, Report, Shop, options, running_shop

ORDERS, QUICK_ORDERS = 1_000, 40
ROUNDS = 4
AT_ONCE = 250
# Of each order what was paid and what is back: in money, points and what coupons took off.
SUMS = """
    SELECT o.number, o.paid_fen, o.points_used, coalesce(o.coupon_fen, 0),
        coalesce(r.fen, 0), coalesce(p.points, 0), coalesce(l.coupon_fen, 0)
    FROM (
        SELECT number, id, paid_fen, points_used, (
            SELECT -sum((a ->> 'amount_fen')::bigint) FROM checkout_orderline line, jsonb_array_elements(adjustments) a
            WHERE line.order_id = checkout_order.id AND a ->> 'kind' = 'coupon'
        ) AS coupon_fen
        FROM checkout_order WHERE number = ANY(%(numbers)s)
    ) o
    LEFT JOIN LATERAL (
        SELECT sum(refund.amount_fen) AS fen FROM payments_refund refund
        JOIN payments_payment payment ON payment.id = refund.payment_id
        WHERE payment.order_id = o.id AND refund.status = 'succeeded'
    ) r ON true
    LEFT JOIN LATERAL (
        SELECT sum(back.points) AS points FROM ledger_pointtransaction back
        JOIN ledger_pointtransaction spent ON spent.id = back.reverses_id
        WHERE spent.reference = 'checkout:' || o.number || ':paid' AND back.kind = 'reverse'
    ) p ON true
    LEFT JOIN LATERAL (
        SELECT sum(line.coupon_fen) AS coupon_fen FROM after_sales_aftersaleline line
        JOIN after_sales_aftersale sale ON sale.id = line.after_sale_id
        WHERE sale.order_id = o.id AND sale.refunding_at IS NOT NULL
    ) l ON true
    ORDER BY o.number
"""
WAITING = """
    SELECT (SELECT count(*) FROM after_sales_aftersale WHERE status = 'refunding')
        + (SELECT count(*) FROM payments_refund WHERE status <> 'succeeded')
"""


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--orders", type=int, help=f"instead of {ORDERS:,}")
    asked = parser.parse_args()
    orders = asked.orders or (QUICK_ORDERS if asked.quick else ORDERS)
    report = Report("after_sales", asked.seed)
    with running_shop(asked.state_dir) as shop:
        report.note(f"the shop is ready; {orders:,} orders")
        stage = shop.call("bench.refunding", "prepare", seed=asked.seed, orders=orders)
        numbers = buy(shop, report, stage, orders, asked.seed)
        for turn in range(ROUNDS):
            bring_back(shop, report, numbers, turn=turn, seed=asked.seed)
        prove(shop, report, numbers)
        report.must("lines_of_bills_that_differ", shop.call("bench.refunding", "differences"), [])
        finance = shop.call("bench.refunding", "reconciled")
        report.must("days_are_compared", finance["compared"], True)
        report.must("open_differences", finance["open"], [])
        report.must("bills_fen", finance["bill_fen"], finance["book_fen"])
        report.laws_hold(shop)
    return report.finish()


def buy(shop: Shop, report: Report, stage: Any, orders: int, seed: int) -> list[str]:
    numbers: list[str] = []
    while len(numbers) < orders:
        count = min(AT_ONCE, orders - len(numbers))
        numbers += shop.call("bench.refunding", "buy", stage=stage, count=count, seed=seed * 1_000_003 + len(numbers))
        report.note(f"{len(numbers):,} orders are paid")
    shop.settle(within=orders + 120)
    # Every second one leaves; the others come back unsent.
    for start in range(0, orders, 2 * AT_ONCE):
        shop.call("bench.refunding", "send", numbers=numbers[start : start + 2 * AT_ONCE : 2])
        shop.settle(within=orders + 120)
    return numbers


def bring_back(shop: Shop, report: Report, numbers: list[str], *, turn: int, seed: int) -> None:
    asked = 0
    for start in range(0, len(numbers), AT_ONCE):
        part = numbers[start : start + AT_ONCE]
        last = turn == ROUNDS - 1
        asked += shop.call("bench.refunding", "bring_back", numbers=part, first=start, rest=last, seed=seed * 97 + turn)
        wait_for_money(shop)
    over = [row[0] for row in sums(shop, numbers) if row[4] > row[1] or row[5] > row[2] or row[6] > row[3]]
    report.note(f"round {turn + 1}: {asked:,} after-sales are done")
    report.must(f"orders_that_gave_more_after_round_{turn + 1}", len(over), 0)


def wait_for_money(shop: Shop, *, within: float = 600) -> None:
    started = time.monotonic()
    while True:
        shop.settle(within=within)
        ((waiting,),) = shop.query(WAITING)
        if not waiting:
            shop.settle(within=within)
            return
        if time.monotonic() - started > within:
            raise BenchError(f"{waiting} refunds are still waiting")
        time.sleep(0.2)


def sums(shop: Shop, numbers: list[str]) -> list[tuple[Any, ...]]:
    return shop.query(SUMS, {"numbers": numbers})


def prove(shop: Shop, report: Report, numbers: list[str]) -> None:
    rows = sums(shop, numbers)
    report.must("orders", len(rows), len(numbers))
    for place, name in enumerate(("fen", "points", "coupon_fen"), start=1):
        report.must(
            f"{name}_given_back", int(sum(row[place + 3] for row in rows)), int(sum(row[place] for row in rows))
        )
        wrong = [row[0] for row in rows if row[place] != row[place + 3]]
        report.must(f"orders_with_other_{name}", wrong[:5], [])
    ((refunds, after_sales),) = shop.query(
        "SELECT (SELECT count(*) FROM payments_refund WHERE reference <> ''),"
        " (SELECT count(*) FROM after_sales_aftersale)"
    )
    report.figure("after_sales", after_sales)
    report.figure("refunds", refunds)
    ((deducted,),) = shop.query(
        "SELECT count(*) FROM after_sales_aftersale WHERE jsonb_array_length(assessment -> 'deductions') > 0"
    )
    report.figure("after_sales_with_deductions", deducted)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        sys.exit(str(error))
