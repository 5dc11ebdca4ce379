"""Orders of distributors, their ranking, and a random life of them; runs inside Django (`Shop.call`)."""

import time
from datetime import date, timedelta
from statistics import median
from typing import Any

from django.db import connection

from members.identity.models import Member
from members.identity.tests.factories import MemberFactory
from promotions.distribution.models import Distributor, DistributorGrade, Leaderboard, Sale, Withdrawal
from promotions.distribution.ranking import leaderboard_of, ranks
from promotions.distribution.services.joining import appoint
from promotions.distribution.tests.making import NOW, STAFF, laws, prefer, product
from promotions.distribution.tests.random_life import RandomLife
from shop.catalog.models import Product
from shop.core import clock
from shop.core.clock import business_day

LINES, SELLERS, DAYS, TIMES = 2, 2_000, 30, 7
_SALES = """
INSERT INTO distribution_sale
    (order_number, buyer_id, distributor_id, stage, review, signs, reviewed_by, reason, payer_digest,
     paid_fen, left_fen, points, sold_on, sold_at)
SELECT 'BENCH' || g, %(buyer)s, sellers.ids[1 + floor(power(random(), 2) * %(sellers)s)::int], 'frozen',
    CASE WHEN g %% 50 = 0 THEN 'held' ELSE 'clear' END, '[]', '', '', '', paid,
    CASE WHEN g %% 20 = 0 THEN 0 ELSE paid END,
    paid / 100, %(first_day)s::date + (g %% %(days)s), %(first_day)s::date + (g %% %(days)s) * interval '1 day'
FROM (SELECT g, 100 + (random() * 50000)::int AS paid FROM generate_series(1, %(sales)s) g) made,
    (SELECT array_agg(id) AS ids FROM distribution_distributor) sellers
"""
_COMMISSIONS = """
INSERT INTO distribution_commission
    (sale_id, position, product_id, quantity, distributor_id, level, rate_bp,
     paid_fen, left_fen, earned_fen, amount_fen)
SELECT sale.id, line, %(product)s, 1, sale.distributor_id, 1, 500, sale.paid_fen / %(lines)s, sale.left_fen / %(lines)s,
    sale.paid_fen / %(lines)s / 20, sale.left_fen / %(lines)s / 20
FROM distribution_sale sale, generate_series(0, %(lines)s - 1) AS line WHERE sale.order_number LIKE 'BENCH%%'
"""
_BY_HAND = """
SELECT distributor_id, {measure} AS value FROM distribution_sale
WHERE review = 'clear' AND left_fen > 0 AND sold_on >= %s AND sold_on < %s
GROUP BY distributor_id ORDER BY value DESC, distributor_id LIMIT 50
"""
_MEASURES = {"sales": "sum(left_fen)", "orders": "count(*)", "points": "sum(points)"}


def live(*, events: int, seed: int) -> dict[str, Any]:
    """So many steps of a forest of members, compared with the reference a hundred times on the way."""
    prefer(second_level=True, sales_per_day=1_000_000, paid_as="points", smallest_withdrawal_fen=100)
    members, products = MemberFactory.create_batch(200), [product() for _ in range(10)]
    # After today: what the shop's own jobs settle and release by the clock is none of this life's.
    life = RandomLife(members=members, products=products, seed=seed, begins=clock.now() + timedelta(days=1))
    differences, started = 0, time.monotonic()
    for number in range(events):
        life.step()
        if number % max(events // 100, 1) == 0:
            differences += len(life.differences())
    took = time.monotonic() - started
    return {
        "differences": differences + len(life.differences()),
        "broken": len(laws()),
        "orders": len(life.sales),
        "withdrawals": Withdrawal.objects.count(),
        "taken": life.taken,
        "per_second": events / took,
    }


def load(*, commissions: int, seed: int) -> int:
    """Distributors of whom a few sell most, over a month of orders."""
    grade, first_day = DistributorGrade.objects.earliest("pk"), first_of_month()
    # Apart from the members of a random life, who were made by another process.
    MemberFactory.reset_sequence(1_000_000)
    for member in MemberFactory.create_batch(SELLERS):
        appoint(member_id=member.pk, grade_id=grade.pk, actor=STAFF, now=NOW)
    values = {
        "buyer": Member.objects.earliest("pk").pk,
        "product": Product.objects.earliest("pk").pk,
        "first_day": first_day,
        "sales": commissions // LINES,
        "sellers": Distributor.objects.count(),
        "days": DAYS,
        "lines": LINES,
    }
    with connection.cursor() as cursor:
        # A load of this size takes longer than any statement of the shop may.
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT setseed(%s)", [(seed % 1000) / 1000])
        for statement in (_SALES, _COMMISSIONS):
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE distribution_sale")
    return Sale.objects.count()


def rank(*, measure: str) -> dict[str, Any]:
    """Milliseconds of the leaderboard as the API has it, and of the statement by hand, in turns."""
    first_day = first_of_month()
    board = Leaderboard(name="bench", measure=measure, period="month", least=1, rewarded_until=first_day)
    seller = Distributor.objects.latest("pk")
    end_day = (first_day + timedelta(days=31)).replace(day=1)
    statement = _BY_HAND.format(measure=_MEASURES[measure])
    ours, by_hand = [], []
    for _ in range(TIMES):
        started = time.perf_counter()
        leaderboard_of(board=board, seller=seller, now=NOW)
        ours.append(time.perf_counter() - started)
        started = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(statement, [first_day, end_day])
            expected = cursor.fetchall()
        by_hand.append(time.perf_counter() - started)
    found = [(each.distributor_id, each.value) for each in ranks(measure=measure, first_day=first_day, end_day=end_day)]
    same = found == [(pk, int(value)) for pk, value in expected]
    return {"ours": median(ours) * 1000, "sql": median(by_hand) * 1000, "same": same}


def first_of_month() -> date:
    return business_day(NOW).replace(day=1)
