"""A bill is kept whole: its file as the gateway gave it, and its lines, a batch at a time."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from orders.payments.gateways.bills import Bill, BillKind
from orders.payments.gateways.bills import BillLine as ReadLine
from orders.reconciliation.locks import lock_reconciliation
from orders.reconciliation.models import BillLine, BillPiece, Reconciliation, Subject
from orders.reconciliation.services.comparing import compare_locked
from shop.core.transactions import use_case

LINES_AT_ONCE = 1000
SUBJECTS = {BillKind.PAYMENT: Subject.PAYMENT, BillKind.REFUND: Subject.REFUND}


@use_case
def keep_bill(*, reconciliation_id: int, bill: Bill, now: datetime) -> Reconciliation:
    """Put the bill in the place of what was kept of the day before, and compare. Raises BillUnreadable."""
    kept = lock_reconciliation(reconciliation_id=reconciliation_id)
    BillLine.objects.filter(reconciliation=kept).delete()
    BillPiece.objects.filter(reconciliation=kept).delete()
    rows = (_row(kept, position, line) for position, line in enumerate(bill.lines(), 1))
    while batch := list(islice(rows, LINES_AT_ONCE)):
        BillLine.objects.bulk_create(batch)
    for position, piece in enumerate(bill.pieces(), 1):
        BillPiece.objects.create(reconciliation=kept, position=position, content=piece)
    kept.status, kept.bill_suffix, kept.fetched_at, kept.compared_at = kept.Status.COMPARED, bill.suffix, now, now
    kept.tried_at, kept.try_at, kept.failure = now, None, ""
    kept.save(update_fields=["status", "bill_suffix", "fetched_at", "compared_at", "tried_at", "try_at", "failure"])
    compare_locked(found=kept, now=now)
    return kept


def kept_file(*, reconciliation_id: int) -> Iterator[bytes]:
    """The file as the gateway gave it, piece by piece."""
    pieces = BillPiece.objects.filter(reconciliation_id=reconciliation_id).order_by("position")
    for content in pieces.values_list("content", flat=True).iterator(chunk_size=1):
        yield bytes(content)


def _row(kept: Reconciliation, position: int, line: ReadLine) -> BillLine:
    refund = line.kind == BillKind.REFUND
    return BillLine(
        reconciliation=kept,
        position=position,
        method=kept.method,
        subject=SUBJECTS[line.kind],
        number=(line.refund_number if refund else line.number)[:64],
        payment_number=line.number[:64],
        amount_fen=line.amount_fen,
        fee_fen=line.fee_fen,
        # Alipay gives refunds no number of their own.
        gateway_id=(line.refund_id or line.transaction_id)[:64],
        state=line.state,
        raw_state=line.raw_state[:32],
        at=line.at,
    )
