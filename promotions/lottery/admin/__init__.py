"""Lotteries with their prizes and odds; draws, prizes won and chances to look at."""

from promotions.lottery.admin.draws import ChanceEntryAdmin, DrawAdmin, WinAdmin
from promotions.lottery.admin.lotteries import LotteryAdmin

__all__ = ["ChanceEntryAdmin", "DrawAdmin", "LotteryAdmin", "WinAdmin"]
