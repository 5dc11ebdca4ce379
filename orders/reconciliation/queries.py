"""Reads of reconciliations: the light of a day, months of settlement, differences as rows of a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from orders.checkout.models import Deposit, DepositStatus
from orders.payments.gateways.words import in_words
from orders.reconciliation.models import Difference, DifferenceState, Reconciliation
from shop.core.clock import SHANGHAI
from shop.core.formulas import harmless
from shop.core.money import plain_yuan

OPEN = Q(differences__state=DifferenceState.OPEN)


class Light:
    """What finance sees first: grey while the bill is awaited, red while a difference is open, green otherwise."""

    WAITING, DIFFERS, BALANCED = "waiting", "differs", "balanced"


def light_of(day: Reconciliation, *, open_differences: int) -> str:
    if day.status == Reconciliation.Status.WAITING:
        return Light.WAITING
    return Light.DIFFERS if open_differences else Light.BALANCED


def with_open_differences(days: QuerySet[Reconciliation]) -> QuerySet[Reconciliation]:
    """Each row knows its `open_differences`."""
    return days.annotate(open_differences=Count("differences", filter=OPEN))


@dataclass(frozen=True)
class Settlement:
    """A gateway's month by its bills: what came in, went back, was kept as fee, and is left, in fen."""

    month: date
    method: str
    days: int
    paid_fen: int
    refunded_fen: int
    fee_fen: int
    open_differences: int

    @property
    def net_fen(self) -> int:
        return self.paid_fen - self.refunded_fen - self.fee_fen


def settlements(*, months: int) -> list[Settlement]:
    """The latest months that have a bill, the newest first; two queries."""
    compared = Reconciliation.objects.filter(status=Reconciliation.Status.COMPARED).order_by()
    by_month = compared.annotate(month=TruncMonth("day")).values("month", "method")
    opened = Difference.objects.filter(state=DifferenceState.OPEN).order_by()
    counts = opened.annotate(month=TruncMonth("reconciliation__day")).values_list("month", "reconciliation__method")
    open_in = {(month, method): count for month, method, count in counts.annotate(count=Count("pk"))}
    found = [
        Settlement(
            month=row["month"],
            method=row["method"],
            days=row["days"],
            paid_fen=row["paid"],
            refunded_fen=row["refunded"],
            fee_fen=row["fee"],
            open_differences=open_in.get((row["month"], row["method"]), 0),
        )
        for row in by_month.annotate(
            days=Count("pk"), paid=Sum("bill_paid_fen"), refunded=Sum("bill_refunded_fen"), fee=Sum("bill_fee_fen")
        ).order_by("-month", "method")
    ]
    newest = sorted({each.month for each in found}, reverse=True)[:months]
    return [each for each in found if each.month in newest]


@dataclass(frozen=True)
class KeptDeposits:
    """Of one Shanghai month."""

    month: datetime
    orders: int
    kept_fen: int


def kept_deposits(*, months: int) -> list[KeptDeposits]:
    """The latest months in which the shop has kept a deposit, the newest first."""
    kept = Deposit.objects.filter(status=DepositStatus.KEPT).order_by()
    by_month = kept.values(month=TruncMonth("ended_at", tzinfo=SHANGHAI))
    rows = by_month.annotate(orders=Count("pk"), kept=Sum("order__deposit_fen")).order_by("-month")
    return [KeptDeposits(row["month"], row["orders"], row["kept"]) for row in rows[:months]]


def difference_rows(differences: QuerySet[Difference], *, headings: list[str]) -> Iterator[list[str]]:
    """The differences as rows of a file that no spreadsheet takes for formulas; `headings` is the first."""
    yield headings
    rows = differences.select_related("reconciliation", "payment__order").prefetch_related("events")
    for each in rows.iterator(chunk_size=500):
        reason = next((event.reason for event in reversed(each.events.all()) if event.reason), "")
        cells = [
            each.reconciliation.day.isoformat(),
            each.reconciliation.get_method_display(),
            each.get_kind_display(),
            each.get_subject_display(),
            each.number,
            each.payment.order.number if each.payment else "",
            "" if each.bill_fen is None else plain_yuan(each.bill_fen),
            "" if each.book_fen is None else plain_yuan(each.book_fen),
            in_words(each.bill_state),
            each.get_book_state_display(),
            each.gateway_id,
            each.get_state_display(),
            reason,
            f"{each.found_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
        ]
        yield [harmless(str(cell)) for cell in cells]
