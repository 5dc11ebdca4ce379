"""A bill beside our books: what differs is derived anew each time, and the kept differences follow it.

Lines are matched by number, whatever the day: a payment just before midnight, and a refund accepted on one day and
successful on another, may stand on a neighbour's bill. What is ours is due on the bill of the day in which it has
succeeded, or on the next when that was in its last minutes; only then is it missed. What people have paid back by hand
is due on none, and a difference where a bill has paid it too.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Sum
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_noop

from orders.payments.gateways.base import GatewayRefundState
from orders.payments.models import PaymentMethod, Refund
from orders.payments.services.refunded_elsewhere import in_doubt, no_more_doubt
from orders.reconciliation.locks import lock_reconciliation
from orders.reconciliation.models import BillLine, Difference, DifferenceState, Reconciliation, Subject
from shop.core.actors import Actor
from shop.core.alerts import clear_alert, raise_alert
from shop.core.clock import day_bounds
from shop.core.transactions import use_case

# How far our clock, or the time that a message did not tell, may be from the gateway's.
MIDNIGHT_GRACE = timedelta(minutes=10)
ACTOR = Actor.system("reconciliation")
DIFFERS_MESSAGE = gettext_noop("Reconciliation with {gateway}: open differences: {count}")

# Each statement answers kind, subject, number, bill_fen, book_fen, bill_state, book_state, gateway_id, payment, refund.
_PAYMENT_LINES = """
    SELECT CASE WHEN p.id IS NULL THEN 'missing_here' WHEN l.amount_fen <> p.amount_fen THEN 'amount' ELSE 'status' END,
        l.subject, l.number, l.amount_fen, p.amount_fen, l.raw_state, coalesce(p.status, ''), l.gateway_id,
        p.id, NULL::bigint
    FROM reconciliation_billline l LEFT JOIN payments_payment p ON p.number = l.number AND p.method = l.method
    WHERE l.reconciliation_id = %(id)s AND l.subject = 'payment'
        AND (p.id IS NULL OR l.amount_fen <> p.amount_fen OR p.status <> 'succeeded')
"""
# What was refunded in the gateway's own console stands under numbers of its own: ours once all of it went back.
_REFUNDED_ELSEWHERE = """EXISTS (
        SELECT 1 FROM payments_refund e JOIN payments_payment p ON p.id = e.payment_id
        WHERE e.reason = 'elsewhere' AND p.number = l.payment_number AND p.method = l.method AND e.amount_fen = (
            SELECT sum(b.amount_fen) FROM reconciliation_billline b
            WHERE b.subject = 'refund' AND b.payment_number = p.number AND b.method = p.method AND b.state = 'succeeded'
        )
    )"""
_REFUND_LINES = f"""
    SELECT CASE WHEN r.id IS NULL THEN 'missing_here' WHEN l.amount_fen <> r.amount_fen THEN 'amount' ELSE 'status' END,
        l.subject, l.number, l.amount_fen, r.amount_fen, l.raw_state, coalesce(r.status, ''), l.gateway_id,
        r.payment_id, r.id
    FROM reconciliation_billline l
    LEFT JOIN (
        SELECT r.*, p.number AS payment_number, p.method FROM payments_refund r
        JOIN payments_payment p ON p.id = r.payment_id
    ) r ON r.number = l.number AND r.payment_number = l.payment_number AND r.method = l.method
    WHERE l.reconciliation_id = %(id)s AND l.subject = 'refund' AND (
        r.id IS NULL AND NOT {_REFUNDED_ELSEWHERE} OR l.amount_fen <> r.amount_fen OR r.status = 'requested'
        OR (l.state = 'succeeded' AND (r.status <> 'succeeded' OR r.by_hand_reason <> ''))
        OR (l.state = 'abnormal' AND r.status = 'succeeded' AND r.by_hand_reason = '' AND r.succeeded_at < %(end)s)
    )
"""
_LINES_AGAIN = """
    SELECT 'duplicate', l.subject, l.number, l.amount_fen, NULL::bigint, l.raw_state, '', l.gateway_id,
        NULL::bigint, NULL::bigint
    FROM reconciliation_billline l WHERE l.reconciliation_id = %(id)s AND EXISTS (
        SELECT 1 FROM reconciliation_billline first
        JOIN reconciliation_reconciliation d ON d.id = first.reconciliation_id
        WHERE first.subject = l.subject AND first.number = l.number AND first.method = l.method
            AND (d.day, first.position) < (%(day)s, l.position)
    )
"""
_PAYMENTS_NOT_THERE = """
    SELECT 'missing_there', 'payment', p.number, NULL::bigint, p.amount_fen, '', p.status, p.transaction_id,
        p.id, NULL::bigint
    FROM payments_payment p
    WHERE p.method = %(method)s AND p.status = 'succeeded'
        AND p.succeeded_at >= %(start)s - %(grace)s AND p.succeeded_at < %(end)s - %(grace)s
        AND NOT EXISTS (
            SELECT 1 FROM reconciliation_billline l
            WHERE l.subject = 'payment' AND l.number = p.number AND l.method = p.method
        )
        AND EXISTS (
            SELECT 1 FROM reconciliation_reconciliation d WHERE d.method = p.method AND d.status = 'compared'
                AND d.day = (p.succeeded_at AT TIME ZONE 'Asia/Shanghai')::date
        )
"""
_REFUNDS_NOT_THERE = """
    SELECT 'missing_there', 'refund', r.number, NULL::bigint, r.amount_fen, '', r.status, r.gateway_refund_id,
        r.payment_id, r.id
    FROM payments_refund r JOIN payments_payment p ON p.id = r.payment_id
    WHERE p.method = %(method)s AND r.status = 'succeeded' AND r.by_hand_reason = ''
        AND r.succeeded_at >= %(start)s - %(grace)s AND r.succeeded_at < %(end)s - %(grace)s
        AND NOT EXISTS (
            SELECT 1 FROM reconciliation_billline l
            WHERE l.subject = 'refund' AND l.number = r.number AND l.method = p.method
        )
        -- The gateway counts it on the day on which it took it in, which may be any day since we asked.
        AND EXISTS (
            SELECT 1 FROM reconciliation_reconciliation d WHERE d.method = p.method
                AND d.day = (r.created_at AT TIME ZONE 'Asia/Shanghai')::date
        )
        AND NOT EXISTS (
            SELECT 1 FROM reconciliation_reconciliation d WHERE d.method = p.method AND d.status = 'waiting'
                AND d.day BETWEEN (r.created_at AT TIME ZONE 'Asia/Shanghai')::date AND %(day)s
        )
"""
_FOUND = f"""
    CREATE TEMPORARY TABLE reconciliation_found ON COMMIT DROP AS
    SELECT DISTINCT ON (kind, subject, number) * FROM (
        {_PAYMENT_LINES} UNION ALL {_REFUND_LINES} UNION ALL {_LINES_AGAIN}
        UNION ALL {_PAYMENTS_NOT_THERE} UNION ALL {_REFUNDS_NOT_THERE}
    ) AS found (kind, subject, number, bill_fen, book_fen, bill_state, book_state, gateway_id, payment_id, refund_id)
    ORDER BY kind, subject, number
"""
_FACTS = "bill_fen, book_fen, bill_state, book_state, gateway_id, payment_id, refund_id"
_NEW = f"""
    WITH opened AS (
        INSERT INTO reconciliation_difference
            (reconciliation_id, kind, subject, number, {_FACTS}, state, found_at)
        SELECT %(id)s, kind, subject, number, {_FACTS}, 'open', %(now)s FROM reconciliation_found
        ON CONFLICT (reconciliation_id, kind, subject, number) DO NOTHING RETURNING id
    )
    INSERT INTO reconciliation_differenceevent (difference_id, state, actor, reason, happened_at)
    SELECT id, 'open', %(actor)s, '', %(now)s FROM opened
"""
# What came back, and what a person has closed and now looks otherwise, is open again.
_KNOWN = f"""
    WITH known AS (
        SELECT d.id AS known_id, f.*, d.state <> 'open' AND (
            d.state = 'gone' OR (d.bill_fen, d.book_fen, d.bill_state, d.book_state)
                IS DISTINCT FROM (f.bill_fen, f.book_fen, f.bill_state, f.book_state)
        ) AS reopened
        FROM reconciliation_difference d JOIN reconciliation_found f USING (kind, subject, number)
        WHERE d.reconciliation_id = %(id)s
    ), followed AS (
        UPDATE reconciliation_difference d SET ({_FACTS}) = (
            known.bill_fen, known.book_fen, known.bill_state, known.book_state, known.gateway_id, known.payment_id,
            known.refund_id
        ), state = CASE WHEN reopened THEN 'open' ELSE d.state END,
            closed_at = CASE WHEN reopened THEN NULL ELSE d.closed_at END
        FROM known WHERE d.id = known_id
    )
    INSERT INTO reconciliation_differenceevent (difference_id, state, actor, reason, happened_at)
    SELECT known_id, 'open', %(actor)s, '', %(now)s FROM known WHERE reopened
"""
_GONE = """
    WITH gone AS (
        UPDATE reconciliation_difference d SET state = 'gone', closed_at = %(now)s
        WHERE d.reconciliation_id = %(id)s AND d.state = 'open' AND NOT EXISTS (
            SELECT 1 FROM reconciliation_found f WHERE (f.kind, f.subject, f.number) = (d.kind, d.subject, d.number)
        ) RETURNING id
    )
    INSERT INTO reconciliation_differenceevent (difference_id, state, actor, reason, happened_at)
    SELECT id, 'gone', %(actor)s, '', %(now)s FROM gone
"""
_BILL_SUMS = """
    SELECT count(*) FILTER (WHERE subject = 'payment'), coalesce(sum(amount_fen) FILTER (WHERE subject = 'payment'), 0),
        count(*) FILTER (WHERE subject = 'refund'), coalesce(sum(amount_fen) FILTER (WHERE subject = 'refund'), 0),
        coalesce(sum(fee_fen), 0)
    FROM reconciliation_billline WHERE reconciliation_id = %(id)s
"""
# Ours for this day: what stands on its bill, once, and what should.
_BOOK_SUMS = f"""
    SELECT count(*) FILTER (WHERE subject = 'payment'), coalesce(sum(fen) FILTER (WHERE subject = 'payment'), 0),
        count(*) FILTER (WHERE subject = 'refund'), coalesce(sum(fen) FILTER (WHERE subject = 'refund'), 0)
    FROM (
        SELECT 'payment' AS subject, p.amount_fen AS fen FROM payments_payment p
        WHERE p.method = %(method)s AND p.status = 'succeeded' AND p.number IN (
            SELECT number FROM reconciliation_billline WHERE reconciliation_id = %(id)s AND subject = 'payment')
        UNION ALL
        SELECT 'refund', r.amount_fen FROM payments_refund r JOIN payments_payment p ON p.id = r.payment_id
        WHERE p.method = %(method)s AND r.status <> 'requested' AND r.number IN (
            SELECT number FROM reconciliation_billline WHERE reconciliation_id = %(id)s AND subject = 'refund')
        UNION ALL
        SELECT 'refund', l.amount_fen FROM reconciliation_billline l
        WHERE l.reconciliation_id = %(id)s AND l.subject = 'refund' AND {_REFUNDED_ELSEWHERE}
        UNION ALL
        SELECT subject, book_fen FROM reconciliation_found WHERE kind = 'missing_there'
    ) ours
"""
_CARRIED = """
    SELECT count(*) FROM (
        SELECT 'payment' AS subject, number FROM payments_payment
        WHERE method = %(method)s AND status = 'succeeded'
            AND succeeded_at >= %(start)s AND succeeded_at < %(end)s
        UNION ALL
        SELECT 'refund', r.number FROM payments_refund r JOIN payments_payment p ON p.id = r.payment_id
        WHERE p.method = %(method)s AND r.by_hand_reason = ''
            AND r.created_at >= %(start)s AND r.created_at < %(end)s
    ) ours
    WHERE NOT EXISTS (
        SELECT 1 FROM reconciliation_billline l
        WHERE l.reconciliation_id = %(id)s AND l.subject = ours.subject AND l.number = ours.number
    ) AND NOT EXISTS (
        SELECT 1 FROM reconciliation_found f
        WHERE f.kind = 'missing_there' AND f.subject = ours.subject AND f.number = ours.number
    )
"""


@use_case
def compare(*, reconciliation_id: int, now: datetime) -> Reconciliation:
    """Hold the day's bill against our books as they are now; a day without its bill stays as it is."""
    found = lock_reconciliation(reconciliation_id=reconciliation_id)
    if found.status == Reconciliation.Status.COMPARED:
        compare_locked(found=found, now=now)
    return found


def compare_locked(*, found: Reconciliation, now: datetime) -> None:
    """Compare a locked reconciliation that has its bill; inside the caller's transaction."""
    start, end = day_bounds(found.day)
    about = {
        "id": found.pk,
        "method": found.method,
        "day": found.day,
        "start": start,
        "end": end,
        "grace": MIDNIGHT_GRACE,
        "actor": str(ACTOR),
        "now": now,
    }
    _run("DROP TABLE IF EXISTS pg_temp.reconciliation_found", about)
    for statement in (_FOUND, _NEW, _KNOWN, _GONE):
        _run(statement, about)
    _count(found, about)
    found.compared_at = now
    found.save()
    alert(method=found.method, now=now)
    for refund in in_doubt(method=found.method):
        _look_for(refund)


def _look_for(refund: Refund) -> None:
    payment = refund.payment
    lines = BillLine.objects.filter(subject=Subject.REFUND, method=payment.method, payment_number=payment.number)
    went_back = lines.filter(state=GatewayRefundState.SUCCEEDED).aggregate(fen=Sum("amount_fen", default=0))["fen"]
    if went_back == refund.amount_fen:
        no_more_doubt(refund)


def alert(*, method: str, now: datetime) -> None:
    """Finance is told as long as differences with a gateway are open."""
    cause = f"reconciliation.differences.{method}"
    opened = Difference.objects.filter(state=DifferenceState.OPEN, reconciliation__method=method).count()
    if not opened:
        clear_alert(cause=cause)
        return
    raise_alert(
        cause=cause,
        message=DIFFERS_MESSAGE,
        data={"gateway": gateway_name(method), "count": opened},
        link=f"{reverse('admin:reconciliation_difference_changelist')}?state__exact=open",
        permission="reconciliation.view_difference",
        now=now,
    )


def gateway_name(method: str) -> str:
    """As the shop's own language calls it: an alert is written once for all readers."""
    with translation.override(settings.LANGUAGE_CODE):
        return str(PaymentMethod(method).label)


def _count(found: Reconciliation, about: dict[str, Any]) -> None:
    [bill] = _rows(_BILL_SUMS, about)
    found.bill_payments, found.bill_paid_fen, found.bill_refunds, found.bill_refunded_fen, found.bill_fee_fen = bill
    [books] = _rows(_BOOK_SUMS, about)
    found.book_payments, found.book_paid_fen, found.book_refunds, found.book_refunded_fen = books
    [(found.carried,)] = _rows(_CARRIED, about)


def _run(statement: str, about: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, about)


def _rows(statement: str, about: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, about)
        return cursor.fetchall()
