"""Who sells and to whom, what they have earned by it, and where that money is."""

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

__all__ = [
    "Binding",
    "Bucket",
    "Commission",
    "CommissionAccount",
    "CommissionEntry",
    "Distributor",
    "DistributorGrade",
    "EntryKind",
    "FormerPhone",
    "ProductRate",
    "Sale",
    "Sign",
    "Stage",
    "Standing",
    "Touch",
    "Visit",
]
