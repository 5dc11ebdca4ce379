"""What a line is worth: rates, and shares of an order that add up to the fen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from promotions.distribution.models.people import DistributorGrade, ProductRate

WHOLE_BP = 10_000


@dataclass(frozen=True)
class Rates:
    """In basis points, by the level at which somebody earns."""

    first: int
    second: int

    def at(self, level: int) -> int:
        return self.first if level == 1 else self.second


def shares(left_fen: Sequence[int], rates_bp: Sequence[int]) -> list[int]:
    """What each line is worth of what is still paid for it.

    They telescope: together they are what all lines are worth, rounded down once, however many lines there are and
    in whatever order parts of them went back; a line that is not paid for any more is worth nothing.
    """
    found, before, whole = [], 0, 0
    for left, rate in zip(left_fen, rates_bp, strict=True):
        whole += left * rate
        found.append(whole // WHOLE_BP - before)
        before = whole // WHOLE_BP
    return found


def rates_of(*, grade: DistributorGrade, product_ids: Iterable[int]) -> Mapping[int, Rates]:
    """By product: a rate for this grade, else one for all grades, else the grade's own. One query."""
    wanted = set(product_ids)
    found = dict.fromkeys(wanted, Rates(grade.rate_bp, grade.second_rate_bp))
    rows = ProductRate.objects.filter(product_id__in=wanted).order_by("pk")
    # Those of one grade come last and win.
    for row in sorted(rows, key=lambda row: row.grade_id is not None):
        if row.grade_id in (None, grade.pk):
            found[row.product_id] = Rates(row.rate_bp, row.second_rate_bp)
    return found
