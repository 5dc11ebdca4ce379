"""Money is an integer number of fen; percentages are integer basis points."""

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _

_AMOUNT = re.compile(r"[¥￥]? ?([0-9]{1,10}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.([0-9]*))?(?: ?元)?")


def spread(total_fen: int, weights: Sequence[int]) -> list[int]:
    """Split `total_fen` over `weights` by largest remainder; ties go to the earlier line.

    Sums exactly to `total_fen`. Weights are non-negative; when all are zero the lines share equally.
    Raises ValueError when there is nothing to split over but something to split.
    """
    if not weights:
        if total_fen:
            raise ValueError("nothing to spread over")
        return []
    if min(weights) < 0:
        raise ValueError("weights must not be negative")
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    amount = abs(total_fen)
    shares = [amount * weight // whole for weight in weights]
    left = amount - sum(shares)
    if left:
        remainders = [amount * weight % whole for weight in weights]
        # Sorting is stable, and stays so backwards.
        for i in sorted(range(len(weights)), key=remainders.__getitem__, reverse=True)[:left]:
            shares[i] += 1
    return shares if total_fen >= 0 else [-share for share in shares]


def yuan(fen: int) -> str:
    """`123456` → `¥1,234.56`, for people."""
    sign = "-" if fen < 0 else ""
    return f"{sign}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def parse_yuan(text: str) -> int:
    """`12.5`, `¥1,234.56` or `12 元` → fen. Raises ValueError with a message for people."""
    text = text.strip()
    if re.match(r"[-−–]", text.lstrip("¥￥ ")):
        raise ValueError(_("An amount must not be negative."))
    found = _AMOUNT.fullmatch(text)
    if not found:
        raise ValueError(_("“%(text)s” is not an amount in yuan such as 12.50.") % {"text": text[:40]})
    whole, cents = found[1].replace(",", ""), (found[2] or "").rstrip("0")
    if len(cents) > 2:
        raise ValueError(_("An amount has at most two decimals."))
    return int(whole) * 100 + int(cents.ljust(2, "0"))


def plain_yuan(fen: int) -> str:
    """`123456` → `1234.56`, for forms and files; `parse_yuan` reads it back."""
    return f"{fen // 100}.{fen % 100:02d}"
