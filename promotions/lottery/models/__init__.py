"""Lotteries: prizes and their published odds, chances as a ledger, draws that can be audited, and what was won.

Always: what was published stays as it is while it is published, and for good once it has begun; a draw names the
odds, the number drawn and the prize under that number; a chance is in the ledger or does not exist, and a balance is
the sum of its entries; of a prize no more is given than there is, than its day has, and than the budget reaches for.
"""

from promotions.lottery.models.chances import ChanceAccount, ChanceEntry, Source
from promotions.lottery.models.draws import Draw, Fallback, PrizeCode, Win
from promotions.lottery.models.lotteries import Lottery, Moment, OddsVersion, Prize
from promotions.lottery.models.statuses import PUT_BACK, TRANSITIONS, WinStatus
from promotions.lottery.models.triggers import RULES

__all__ = [
    "PUT_BACK",
    "TRANSITIONS",
    "ChanceAccount",
    "ChanceEntry",
    "Draw",
    "Fallback",
    "Lottery",
    "Moment",
    "OddsVersion",
    "RULES",
    "Prize",
    "PrizeCode",
    "Source",
    "Win",
    "WinStatus",
]
