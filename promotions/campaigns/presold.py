"""What an activity agrees on with a buyer about goods that are not there yet."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class DepositTerms:
    """What is paid first for all units together, when the rest may be, and whether the deposit comes back where it is
    not: because its time passed, or because the member asked before.
    """

    fen: int
    balance_from: datetime
    balance_until: datetime
    back_if_missed: bool
    back_on_request: bool


@dataclass(frozen=True)
class Presold:
    """Goods that are ordered before they can be sent, which is from `ships_at` on."""

    ships_at: datetime
    deposit: DepositTerms | None = None
