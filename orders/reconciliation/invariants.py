"""Laws of reconciliation."""

from django.db import connection
from django.db.models import Exists, F, OuterRef

from orders.reconciliation.models import DifferenceEvent

SHOWN = 20
# Counted from the rows themselves, not from the sums that a comparison has kept.
_UNLIKE = """
    SELECT day.method, day.day, on_bill.paid, in_books.paid, on_bill.refunded, in_books.refunded
    FROM reconciliation_reconciliation day
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount_fen) FILTER (WHERE subject = 'payment'), 0) AS paid,
            coalesce(sum(amount_fen) FILTER (WHERE subject = 'refund'), 0) AS refunded
        FROM reconciliation_billline WHERE reconciliation_id = day.id
    ) on_bill
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(payment.amount_fen) FILTER (WHERE line.subject = 'payment'), 0) AS paid,
            coalesce(sum(coalesce(refund.amount_fen, elsewhere.fen)) FILTER (WHERE line.subject = 'refund'), 0)
                AS refunded
        FROM (
            SELECT subject, number, min(payment_number) AS payment_number, min(amount_fen) AS fen
            FROM reconciliation_billline WHERE reconciliation_id = day.id GROUP BY subject, number
        ) line
        LEFT JOIN payments_payment payment ON line.subject = 'payment' AND payment.number = line.number
            AND payment.method = day.method AND payment.status = 'succeeded'
        LEFT JOIN payments_refund refund ON line.subject = 'refund' AND refund.number = line.number
            AND refund.status <> 'requested'
        -- Refunded in the gateway's own console, under numbers of its own that sum up to the refund in the books.
        LEFT JOIN LATERAL (
            SELECT line.fen FROM payments_refund whole JOIN payments_payment p ON p.id = whole.payment_id
            WHERE line.subject = 'refund' AND refund.id IS NULL AND whole.reason = 'elsewhere'
                AND p.number = line.payment_number AND p.method = day.method AND whole.amount_fen = (
                    SELECT sum(b.amount_fen) FROM reconciliation_billline b
                    WHERE b.subject = 'refund' AND b.payment_number = p.number AND b.state = 'succeeded'
                )
        ) elsewhere ON true
    ) in_books
    WHERE day.status = 'compared'
        AND NOT EXISTS (
            SELECT 1 FROM reconciliation_difference d WHERE d.reconciliation_id = day.id AND d.state <> 'gone'
        )
        AND (
            (on_bill.paid, on_bill.refunded) <> (in_books.paid, in_books.refunded)
            OR (on_bill.paid, on_bill.refunded) <> (day.bill_paid_fen, day.bill_refunded_fen)
            OR (on_bill.paid, on_bill.refunded) <> (day.book_paid_fen, day.book_refunded_fen)
        )
    ORDER BY day.day LIMIT %s
"""


def days_without_differences_equal_their_bills() -> list[str]:
    """The books of a reconciled day that has no difference equal the gateway's bill to the fen."""
    with connection.cursor() as cursor:
        cursor.execute(_UNLIKE, [SHOWN])
        rows = cursor.fetchall()
    return [
        f"{method} {day}: paid {paid} on the bill, {booked} in the books;"
        f" refunded {refunded} on the bill, {booked_back} in the books"
        for method, day, paid, booked, refunded, booked_back in rows
    ]


def differences_end_at_their_state() -> list[str]:
    """A difference's last event is its state."""
    later = DifferenceEvent.objects.filter(difference=OuterRef("difference"), pk__gt=OuterRef("pk"))
    last = DifferenceEvent.objects.annotate(superseded=Exists(later)).filter(superseded=False)
    wrong = last.exclude(state=F("difference__state")).select_related("difference")
    return [f"difference {each.difference_id}: history ends at {each.state}" for each in wrong[:SHOWN]]


LAWS = (days_without_differences_equal_their_bills, differences_end_at_their_state)
