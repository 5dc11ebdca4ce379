"""What becomes true about physical stock."""

from datetime import datetime

from shop.core.events import Fact


class StockReceived(Fact, frozen=True):
    """More units are free in a warehouse than before: orders that wait for stock may try again."""

    warehouse_id: int
    sku_ids: list[int]
    at: datetime
