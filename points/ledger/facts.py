"""What the ledger tells the rooms above."""

from datetime import datetime

from shop.core.events import Fact


class PointsChanged(Fact):
    """A transaction was booked. `kind` is one of `PointTransaction.Kind`, `points` as the member reads them."""

    member_id: int
    kind: str
    source: str
    points: int
    available: int
    reference: str
    at: datetime
    # Given by a rule of the merchant.
    by_rule: bool = False
