"""Who sells and to whom, what they have earned by it, and where that money is."""

from promotions.distribution.models.boards import AwardCorrection, Leaderboard, Measure, Period, RankAward, RankReward
from promotions.distribution.models.ledger import Bucket, CommissionAccount, CommissionEntry, EntryKind
from promotions.distribution.models.people import (
    Binding,
    Distributor,
    DistributorGrade,
    FormerPhone,
    ProductRate,
    Standing,
    Touch,
    Visit,
)
from promotions.distribution.models.sales import Commission, Sale, Sign, Stage
from promotions.distribution.models.withdrawals import PayMethod, Withdrawal, WithdrawalStatus

__all__ = [
    "AwardCorrection",
    "Binding",
    "Bucket",
    "Commission",
    "CommissionAccount",
    "CommissionEntry",
    "Distributor",
    "DistributorGrade",
    "EntryKind",
    "FormerPhone",
    "Leaderboard",
    "Measure",
    "PayMethod",
    "Period",
    "ProductRate",
    "RankAward",
    "RankReward",
    "Sale",
    "Sign",
    "Stage",
    "Standing",
    "Touch",
    "Visit",
    "Withdrawal",
    "WithdrawalStatus",
]
